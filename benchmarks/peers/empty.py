"""The peer of the first paint: Streamlit with one title, started the same way."""

import streamlit as st

app = st.App("empty_page.py")
