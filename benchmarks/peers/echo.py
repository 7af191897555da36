"""The peer of an answer: the least page that answers to typing, started the same way."""

import streamlit as st

app = st.App("echo_page.py")
