"""The peer: the least that Streamlit can show, with the same server options. ``streamlit run`` starts it."""

import sys
from pathlib import Path

import streamlit as st

if __name__ == "__main__":  # the script of every session
    st.title("Empty")
    typed = st.text_input("Text", key="text", live="400ms") if "answer" in st.query_params else ""
    if typed:
        st.markdown(f"You typed {len(typed)} characters")
else:  # the entry
    sys.modules.setdefault(Path(__file__).stem, sys.modules[__name__])
    app = st.App(__file__)
