import streamlit as st

typed = st.text_input("Text", key="text", live="400ms")
st.title(f"{len(typed)} characters")
