"""The pages' side of Glassbox: the only Streamlit in the library."""
