"""Runs the page again when light changes to dark or back: Plotly's pictures are coloured in Python."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component("glassbox_theme_watch", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def theme_watch(dark: bool) -> None:
    """``dark``: the appearance that this run draws for."""
    _component(key="theme_watch", data=[{"dark": dark}], on_changed_change=lambda: None, width=1, height=1)
