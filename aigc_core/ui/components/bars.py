"""Probabilities as horizontal bars that can be chosen: a candidate a row, each a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from aigc_core.figures import theme

HERE = Path(__file__)
PARTS = ("appearance.js", "bars.js")  # one module

_bars = st.components.v2.component(
    "glassbox_bars",
    html='<div class="bars" role="group"></div>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js="".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS),
)


@dataclass(frozen=True)
class Bar:
    """One row. A quiet one can be chosen, too, but steps back."""

    label: str  # ready to read: spaces made visible by the caller
    share: float  # 0…1 of the full width
    value: str  # as it is told: "34.2 %"
    quiet: bool = False
    mark: str = ""  # what became of it, told after its value: "↑2"
    names: tuple[str, ...] = ()  # what it stands for: rows that share these are lit together, in all lists of one group


def bars(
    rows: Sequence[Bar],
    words: dict[str, str],
    key: str,
    on_select: Callable[[int], None] | None = None,
    group: str = "",
    chosen: Sequence[str] = (),
) -> int | None:
    """Draws the bars; returns the index chosen in this run, or None. ``on_select(index)`` runs as a widget callback, before the script.

    The full width is a probability of 1. words: ``label``, read to those who cannot see the bars. In a ``group`` of lists the row under the
    pointer lights those that stand for the same in the others, and ``chosen`` names are lit where there is none.
    """

    def index(value: object) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(rows) else None

    def tell() -> None:
        chosen = index(st.session_state[key].selected)
        if chosen is not None and on_select:
            on_select(chosen)

    colours = {"light": theme.LIGHT.probability[2], "dark": theme.DARK.probability[3]}
    data = {"rows": [asdict(row) for row in rows], "words": dict(words), "colours": colours, "group": group, "chosen": list(chosen)}
    return index(_bars(key=key, data=data, on_selected_change=tell).selected)
