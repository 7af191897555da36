import streamlit as st

typed = st.text_input("Text", key="text", live=True)
st.title(f"{len(typed)} characters")
