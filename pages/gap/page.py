"""Fill the gap: BERT from both sides, GPT from the left alone, and GPT as the judge of the whole sentence, under a curtain."""

from pathlib import Path

import streamlit as st

from aigc_core.filling import blanks
from aigc_core.ui import cache, controls, gaps, page, share
from aigc_core.ui.components.curtain import curtain
from aigc_core.ui.views import covering, gap, gap_lists

EXAMPLES = (
    "Tom was very ___ because he lost his toy.",
    "He was so ___ that he fell asleep.",
    "The ___ swam.",
    "Her ___ was ___.",
)
PIECES = {"1": (1,), "2": (2,), "3": (3,), "4": (4,), "any": (1, 2, 3)}

words, model = page.begin(Path(__file__).parent)
text = controls.text(words, EXAMPLES, model, default=EXAMPLES[0])
changed = gaps.remember(text)
with st.sidebar:
    writer = gap.writer(words)

units = blanks.units(text)
covered = covering.covered(text, units)
curtain(text, units, covered, words.table("curtain"), "curtain", covering.cover, covering.blank_out)
with st.container(horizontal=True, vertical_alignment="bottom"):
    covering.buttons(words, units, covered, changed)
    st.space("stretch")
    pieces = share.choice("pieces", words("pieces"), {name: words("any") if name == "any" else name for name in PIECES})
st.caption(words("curtain_hint"))

seen = blanks.uncovered(text, *covered)
if not covering.told(words, units, covered):
    st.stop()
with cache.loading(words, model), cache.loading(words, writer):
    before = gap.read(model, writer, text, PIECES[pieces])
    now = gap.read(model, writer, seen, PIECES[pieces]) if any(covered) else before
gap_lists.draw(now, before if any(covered) else None, units, covered, model, writer, words)
