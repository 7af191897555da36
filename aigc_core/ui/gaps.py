"""What a person does to the text of the masked-words page: mask a word, accept a candidate, undo."""

from __future__ import annotations

import streamlit as st

from aigc_core import masked
from aigc_core.figures.labels import visible
from aigc_core.figures.theme import OUTPUT, theme
from aigc_core.text import Words
from aigc_core.traces import MaskedText
from aigc_core.ui import controls
from aigc_core.ui.components.token_strip import Piece

MOST_UNDO = 100


def change(text: str) -> None:
    """Puts another text into the box and remembers the one before."""
    st.session_state["undo"] = [*st.session_state.get("undo", []), st.session_state["text"]][-MOST_UNDO:]
    st.session_state["text"] = text


def undo() -> None:
    if past := st.session_state.get("undo"):
        st.session_state["text"] = past.pop()


def pieces(read: MaskedText, words: Words) -> list[tuple[Piece, int]]:
    """The text word by word, each with the index that masks it: −1 for masks and for tokens that the tokenizer added."""
    look = theme(controls.is_dark())
    gaps = {gap.position for gap in read.gaps}
    shown: list[tuple[Piece, int]] = []
    for place, token in enumerate(read.tokens):
        word = read.words[place]
        if place in gaps:
            shown.append((Piece(masked.MASK, OUTPUT, words("gap_detail", number=len([gap for gap in gaps if gap <= place]))), -1))
        elif word < 0 or token.special and not read.unknown[place]:
            shown.append((Piece(visible(token.text)), -1))
        elif place == 0 or read.words[place - 1] != word:
            together = [index for index, found in enumerate(read.words) if found == word]
            text = read.text[read.spans[place].start : read.spans[together[-1]].end]
            if any(read.unknown[index] for index in together):
                shown.append((Piece(visible(text) + " [UNK]", "#E69F0066", words("unknown_detail")), word))
            else:
                detail = " ".join(visible(read.tokens[index].text) for index in together)
                shown.append((Piece(visible(text), look.grid, words("word_detail", pieces=detail)), word))
    return shown
