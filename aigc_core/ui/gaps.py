"""What a person does to a text with gaps: hide a word, accept a candidate, undo; and the text as the masked-words page shows it."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from aigc_core import masked
from aigc_core.figures.labels import SUBSCRIPT, visible
from aigc_core.figures.theme import OUTPUT, theme
from aigc_core.text import Words
from aigc_core.traces import MaskedText, Span
from aigc_core.ui import cache, controls, plain
from aigc_core.ui.components.token_strip import Piece

MOST_UNDO = 100


def remember(text: str) -> bool:
    """Keeps each text of this page for ``undo``, whether it was typed or clicked; True where there is an earlier one."""
    past = earlier()
    if past[-1:] != [text]:
        past.append(text)
        del past[:-MOST_UNDO]
    return len(past) > 1


def earlier() -> list[str]:
    """The texts of the page that is shown, the last one the present one."""
    state = st.session_state
    return state.setdefault("earlier_texts", {}).setdefault(state["page_before"], [])


def undo() -> None:
    """Puts the text before this one into the box."""
    past = earlier()
    if st.session_state["text"] == past[-1] and len(past) > 1:  # otherwise something was typed that no run has read yet
        past.pop()
    st.session_state["text"] = past[-1]


def change(words: Words, model: str, text: str, operation: str, **what: int) -> None:
    """Puts what an operation makes of the text into the box. What was clicked is gone where the text was typed on meanwhile."""
    if st.session_state["text"] == text:
        with plain.told(words):
            st.session_state["text"] = cache.backend().ask(operation, model, text=text, **what)


def pieces(read: MaskedText, words: Words) -> list[tuple[Piece, int]]:
    """The text word by word, each with the index that hides it: −1 for gaps, spaces and tokens that the tokenizer added."""
    look = theme(controls.is_dark())
    numbers = {gap.position: number for number, gap in enumerate(read.gaps, start=1)}
    shown: list[tuple[Piece, int]] = []
    end = 0
    for places, span in pieces_of_words(read):
        first, text = read.tokens[places[0]], visible(read.text[span.start : span.end])
        added = read.words[places[0]] < 0
        if shown and (added or end == 0 or read.text[end : span.start].isspace()):
            shown.append((Piece(" "), -1))
        end = end if added else span.end
        if number := numbers.get(places[0]):
            index = str(number).translate(SUBSCRIPT) if len(numbers) > 1 else ""
            shown.append((Piece(masked.MASK + index, f"{OUTPUT}80", words("gap_title", number=number)), -1))
        elif added:
            shown.append((Piece(visible(first.text)), -1))
        elif any(read.unknown[place] for place in places):
            shown.append((Piece(f"{text} [UNK]", f"{look.faint}59", words("unknown_detail")), read.words[places[0]]))
        else:
            split = " ".join(visible(read.tokens[place].text) for place in places)
            shown.append((Piece(text, look.grid, words("word_detail", pieces=split)), read.words[places[0]]))
    return shown


def pieces_of_words(read: MaskedText) -> Iterator[tuple[list[int], Span]]:
    """The positions of each word's pieces and where the word stands, without the spaces around it; each added token by itself."""
    together: list[int] = []
    for place, word in enumerate(read.words):
        together.append(place)
        if word >= 0 and read.words[place + 1 : place + 2] == (word,):
            continue
        start, end = read.spans[together[0]].start, read.spans[place].end
        text = read.text[start:end]
        if text.strip() or word < 0:  # some tokenizers make a piece of a space alone
            yield together, Span(start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip()))
        together = []
