"""Masked words: click a word to hide it; BERT reads both sides and says what might stand there."""

from pathlib import Path

import streamlit as st

from aigc_core import masked
from aigc_core.figures.labels import visible
from aigc_core.ui import cache, controls, gaps, page
from aigc_core.ui.components.bars import Bar, bars
from aigc_core.ui.components.token_strip import token_strip

EXAMPLES = ("The dog [MASK] at the cat.", "Lily was very [MASK] because she lost her red [MASK].", "Tom and his mom went to the [MASK].")
CANDIDATES = 8

words, model = page.begin(Path(__file__).parent)
text = controls.text(words, EXAMPLES, model)
with cache.loading(words, model):
    read = cache.masked_text(model, text, CANDIDATES)

pieces = gaps.pieces(read, words)


def mask(index: int) -> None:
    """Hides the word that was clicked; a mask stays one."""
    if index < len(pieces) and pieces[index][1] >= 0:
        gaps.change(masked.mask_word(read, pieces[index][1]))


token_strip([piece for piece, _ in pieces], None, words.table("strip_words"), "words", on_select=mask)
with st.container(horizontal=True, vertical_alignment="center"):
    st.button(words("undo"), key="undo_button", icon=":material/undo:", on_click=gaps.undo, disabled=not st.session_state.get("undo"))
    st.caption(words("hint" if read.gaps else "no_gap"), width="content")
if any(read.unknown):
    st.caption(words("unknown"))

for row in range(0, len(read.gaps), 3):
    for number, column in enumerate(st.columns(3, gap="large"), start=row):
        if number >= len(read.gaps):
            break
        gap = read.gaps[number]
        with column:
            st.subheader(words("gap_title", number=number + 1), anchor=False)
            best = gap.candidates[0]
            st.caption(
                words("gap_reading", share=f"{best.probability:.1%}", rest=f"{1 - sum(each.probability for each in gap.candidates):.1%}")
            )
            rows = [Bar(visible(each.token.text), each.probability, f"{each.probability:.1%}") for each in gap.candidates]
            accept = [masked.accept(read, number, each) for each in gap.candidates]
            bars(rows, words.table("bars"), f"gap_{number}", on_select=lambda index, texts=accept: gaps.change(texts[index]))
