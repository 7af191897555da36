"""Streamlit components (v2): each a .py beside the .js and .css of the same name, registered once at import.

All words come in as arguments; every string from data is set by textContent or fillText. No build step, no iframe, no CDN.
What the home page shows wraps its data in a list of one: in a bare dict Streamlit looks for tables, and imports pandas for it.
"""
