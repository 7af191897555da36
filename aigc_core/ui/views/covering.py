"""The curtain's state: how many words it covers from either end; kept in the link as ``left`` and ``right``."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from aigc_core.filling.blanks import Unit, units
from aigc_core.text import Words
from aigc_core.ui import gaps, share


def covered(text: str, found: Sequence[Unit]) -> tuple[int, int]:
    """The number of words under the curtain, from the left and from the right; a text that has other words there comes uncovered."""
    state = st.session_state
    if (before := state.setdefault("covered_text", text)) != text:
        state.update(covered_text=text, filling=None)
        ends = state["cover_left"], state["cover_right"]
        if under(before, *ends) != under(text, *ends):
            state.update(cover_left=0, cover_right=0)
    for name in ("left", "right"):
        asked = share.asked(name)
        state.setdefault(f"cover_{name}", int(asked) if asked and asked.isdecimal() and len(asked) < 6 else 0)
    left = min(state["cover_left"], len(found))
    right = min(state["cover_right"], len(found) - left)
    share.mirror("left", str(left), default="0")
    share.mirror("right", str(right), default="0")
    return left, right


def under(text: str, left: int, right: int) -> tuple[list[str], list[str]]:
    """The words that so wide a curtain covers."""
    found = [unit.text for unit in units(text)]
    return found[:left], found[max(0, len(found) - right) :]


def cover(left: int, right: int) -> None:
    """What drawing the curtain does."""
    st.session_state.update(cover_left=left, cover_right=right)


def blank_out(index: int) -> None:
    """What a click on a word does: a blank takes its place, the marks around it stay."""
    text = st.session_state["text"]
    found = units(text)
    if index < len(found) and found[index].blank is None:
        word, start = found[index].text, found[index].span.start
        letters = [place for place, character in enumerate(word) if character.isalnum()] or [0, len(word) - 1]
        st.session_state["text"] = text[: start + letters[0]] + "___" + text[start + letters[-1] + 1 :]


def buttons(words: Words, found: Sequence[Unit], now: tuple[int, int], changed: bool) -> None:
    """The usual places of the curtain by one click, and undo."""
    places = [index for index, unit in enumerate(found) if unit.blank is not None]
    right = len(found) - 1 - places[-1] if places else 0
    left = places[0] if places else 0
    for name, aim in (("cover_right", (0, right)), ("cover_left", (left, 0)), ("uncover", (0, 0))):
        idle = "no_side" if name != "uncover" and aim == (0, 0) else "already_so" if now == aim else None
        st.button(words(name), key=f"{name}_button", on_click=cover, args=aim, disabled=idle is not None, help=idle and words(idle))
    st.button(words("undo"), key="undo_button", icon=":material/undo:", on_click=gaps.undo, disabled=not changed)


def told(words: Words, found: Sequence[Unit], now: tuple[int, int]) -> bool:
    """Says which blanks lie under the curtain; False where there is none left to fill."""
    left, right = now
    numbers = [unit.blank for unit in found if unit.blank is not None]
    seen = [unit.blank for unit in found[left : len(found) - right] if unit.blank is not None]
    if not found:
        st.info(words("error.text_empty"), icon=":material/info:")
    elif not numbers:
        st.info(words("no_blank"), icon=":material/info:")
    elif not seen:
        st.info(words("all_covered"), icon=":material/info:")
    elif hidden := [str(number + 1) for number in numbers if number not in seen]:
        st.caption(words("blank_covered", numbers=", ".join(hidden)))
    return bool(seen)
