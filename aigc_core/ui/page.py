"""What a page starts with: its words, its model, its title and the button that copies its link."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from aigc_core.text import Words, words
from aigc_core.ui import controls
from aigc_core.ui.components.copy_link import copy_link
from aigc_core.ui.components.theme_watch import theme_watch


def begin(folder: Path | None) -> tuple[Words, str]:
    """Draws title and copy-link button; returns the page's words and the chosen model's name."""
    text = words(st.session_state["language"], folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(text("title"), anchor=False, width="stretch")
        copy_link(text.table("link"), key="copy_link")
        theme_watch(controls.is_dark())
    st.caption(text("subtitle"))
    return text, st.session_state["chosen_model"]
