"""A quiet button that copies the page's address; nothing runs again."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__)
HTML = """
<button type="button"><span class="icon"></span><span class="label" aria-live="polite"></span></button>
"""

_component = st.components.v2.component(
    "glassbox_copy_link",
    html=HTML,
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def copy_link(words: dict[str, str], key: str) -> None:
    """Draws the button. words: ``label``, ``copied`` (shown for two seconds), ``failed`` (shown where the browser forbids copying)."""
    _component(key=key, data=[{"words": dict(words)}], width="content")
