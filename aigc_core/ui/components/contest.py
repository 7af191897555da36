"""All candidates of one step of a beam search, a row each, with the line below which none was taken; a row chooses its node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from aigc_core.analysis.beams import Contest
from aigc_core.analysis.tree import Pruned
from aigc_core.figures.labels import visible
from aigc_core.traces import BeamCandidate
from aigc_core.ui.components.beam_tree import COLOURS

HERE = Path(__file__)
TAIL = 3  # tokens of the way that are written before the candidate's own
ROW, HEAD, MOST = 29, 40, 14  # pixels; rows that are seen at once

_contest = st.components.v2.component(
    "glassbox_contest",
    html='<div class="contest" tabindex="-1"><table><thead></thead><tbody></tbody></table></div>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def contest(found: Contest, selected: int, words: dict[str, str], key: str, on_select: Callable[[int], None]) -> None:
    """Draws the table; ``on_select(node_id)`` runs as a widget callback, before the script.

    words: ``label``; the columns' ``rank``, ``token``, ``tail``, ``log_prob``, ``cumulative``, ``score``, ``fate``; the fates ``kept``,
    ``finished``, ``pruned``; ``line``, said at the line; the templates ``behind`` ({nats}) and ``late``.
    """

    def tell() -> None:
        chosen = st.session_state[key].selected
        if isinstance(chosen, int) and not isinstance(chosen, bool) and chosen >= 0:
            on_select(chosen)

    def why(reason: Pruned | None) -> str:
        if reason is None:
            return ""
        return words["late"] if reason.ends_late else words["behind"].format(nats=f"{reason.behind:.2f}")

    rows = [
        dict(
            id=each.candidate.id,
            cells=[str(each.candidate.rank + 1), visible(each.candidate.token.text), tail(each.path), *numbers(each.candidate)],
            fate=each.candidate.fate,
            why=why(each.reason),
        )
        for each in found.competitors
    ]
    height = HEAD + ROW * min(len(rows), MOST) + 14
    data = {"rows": rows, "taken": found.taken, "selected": selected, "words": dict(words), "colours": COLOURS}
    _contest(key=key, data=data, on_selected_change=tell, height=height)


def tail(path: Sequence[BeamCandidate]) -> str:
    """The last tokens before the candidate's own."""
    before = "".join(visible(each.token.text) for each in path[:-1][-TAIL:])
    return f"…{before}" if len(path) - 1 > TAIL else before


def numbers(candidate: BeamCandidate) -> list[str]:
    return [f"{value:.4f}".replace("-", "−") for value in (candidate.log_prob, candidate.cumulative_log_prob, candidate.score)]
