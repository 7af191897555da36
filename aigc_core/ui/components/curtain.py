"""A sentence with blanks under a curtain: drawn by hand from either end, word by word; what it covers is taken from the models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from aigc_core.figures.theme import OUTPUT
from aigc_core.filling.blanks import Unit

HERE = Path(__file__)

_curtain = st.components.v2.component(
    "glassbox_curtain",
    html='<div class="curtain" role="group"></div><div class="told" aria-live="polite"></div>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def curtain(
    text: str,
    units: Sequence[Unit],
    covered: tuple[int, int],
    words: dict[str, str],
    key: str,
    on_cover: Callable[[int, int], None],
    on_blank: Callable[[int], None],
) -> None:
    """Draws the units of ``text`` with ``covered`` = (from the left, from the right) of them under the curtain.

    ``on_cover(left, right)`` runs after the curtain was let go, ``on_blank(index)`` after a word was clicked; both before the script.
    words: ``label``, ``left``, ``right`` (names of the handles), ``value`` ("{{count}} words covered"), ``blank`` (title of a word).
    """

    heard = f"{key}_heard"  # the number of the last drawing that came here

    def cover() -> None:
        value = st.session_state[key].covered
        if isinstance(value, list) and len(value) == 3 and all(type(each) is int and each >= 0 for each in value):
            *ends, st.session_state[heard] = value
            if max(ends) <= len(units):
                on_cover(*ends)

    def blank() -> None:
        value = st.session_state[key].chosen
        if type(value) is int and 0 <= value < len(units) and units[value].blank is None:
            on_blank(value)

    ends = [each.span.end for each in units]
    spaced = [index > 0 and ends[index - 1] < each.span.start for index, each in enumerate(units)]
    drawn = [[each.text, each.blank, space] for each, space in zip(units, spaced)]
    known = st.session_state.get(heard, 0)
    data = {"units": drawn, "covered": list(covered), "heard": known, "words": dict(words), "colour": OUTPUT}
    _curtain(key=key, data=data, on_covered_change=cover, on_chosen_change=blank)
