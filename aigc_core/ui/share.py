"""What a link must restore, beside the widgets that Streamlit itself binds to the address.

Streamlit binds what a widget shows; a choice whose label is translated, or whose options are not known at the start, is kept here by its id.
"""

from __future__ import annotations

import streamlit as st


def asked(name: str) -> str | None:
    """What the link that opened this session asked for, remembered: the address changes as the visitor goes on."""
    return st.session_state.setdefault(f"asked_{name}", st.query_params.get(name))


def mirror(name: str, value: str, default: str) -> None:
    """Writes a choice to the address, and leaves it out where it is the default."""
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
