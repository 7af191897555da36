"""Glassbox's entry: ``streamlit run app.py``."""

import streamlit as st

from aigc_core.ui.headers import middleware

app = st.App("aigc_core/ui/router.py", middleware=middleware)
