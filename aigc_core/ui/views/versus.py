"""The article's formulas against the real ones, one card at a time."""

from __future__ import annotations

import streamlit as st

from aigc_core.text import Words
from aigc_core.ui import share, versus


def draw(model: str, text: str, words: Words) -> None:
    """The choice of a card, kept in the link, and the card."""
    st.caption(words("versus.what"))
    names = words.table("versus.card")
    versus.card(share.choice("card", words("versus.label"), {name: names[name] for name in versus.CARDS}), words, model, text)
