"""The way from logits to a token: a row for each candidate, a column for each setting, the cut and the draw; a row can be picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from aigc_core.analysis.columns import FILTERS, Columns
from aigc_core.figures import theme

HERE = Path(__file__)
PARTS = ("appearance.js", "stage_table.js")  # one module
COLUMNS = ("logit", "penalty", "temperature", *FILTERS, "probability", "sum")

_table = st.components.v2.component(
    "glassbox_stage_table",
    html='<div class="frame"><table><thead></thead><tbody></tbody></table></div>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js="".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS),
)


def stage_table(
    columns: Columns,
    labels: Sequence[str],
    on: Sequence[str],
    taken: int | None,
    draw: tuple[int, float],
    words: dict[str, str],
    key: str,
    on_pick: Callable[[int], None],
) -> None:
    """Draws the table. labels: each row's token, ready to read; on: which of ``COLUMNS`` are; taken: the id that stands in the text;
    draw: the id into whose stretch of the running sum a number falls, and that number. ``on_pick(token_id)`` runs as a widget callback.

    words: ``label``, ``token``, ``off``, ``draw``, ``taken``, ``occurred``, ``rest`` ({count}, {share}) and for each column its name and,
    with ``_help``, what it shows.
    """

    def tell() -> None:
        picked = st.session_state[key].picked
        if isinstance(picked, int) and not isinstance(picked, bool) and picked in columns.ids:
            on_pick(picked)

    ids = columns.ids.tolist()
    rest = max(0.0, 1 - float(columns.probabilities.astype(np.float64).sum()))
    scale = theme.LIGHT.probability, theme.DARK.probability
    data = {
        "rows": [[*each, *numbers] for *each, numbers in zip(ids, columns.ranks.tolist(), labels, rows_of(columns))],
        "occurred": [token for token, seen in zip(ids, columns.occurred) if seen],
        "left": dict(columns.left),
        "remaining": columns.remaining,
        "on": list(on),
        "taken": taken,
        "draw": draw,
        "rest": [columns.vocabulary - len(ids), rest],
        "words": dict(words),
        "columns": list(COLUMNS),
        "colours": {"light": [scale[0][2], scale[0][5]], "dark": [scale[1][3], scale[1][5]]},
    }
    _table(key=key, data=data, on_picked_change=tell)


def rows_of(columns: Columns) -> list[list[float | None]]:
    """Each row's numbers as COLUMNS has them, then the model's own probability; None under a filter that is off."""
    off = [None] * len(columns.ids)
    decides = [columns.decides[name].tolist() if name in columns.decides else off for name in FILTERS]
    numbers = [columns.logits, columns.penalized, columns.tempered]
    end = [columns.probabilities, columns.sums, columns.own]
    return [list(row) for row in zip(*(each.tolist() for each in numbers), *decides, *(each.tolist() for each in end))]
