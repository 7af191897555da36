"""What a link must restore, beside the widgets that Streamlit itself binds to the address.

Streamlit binds what a widget shows; a choice with translated labels, or with options not known at the start, is kept here by its id.
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


def recall(name: str, default: object) -> None:
    """Before a bound widget that several pages draw: its value where the page has just changed, when Streamlit forgets it."""
    kept = st.session_state.setdefault("kept", {})
    if st.session_state.get("switched") and kept.get(name, default) != default:
        st.session_state[name] = kept[name]
        st.query_params[name] = str(kept[name])


def remember(name: str, value: object) -> None:
    """After that widget: what ``recall`` shall give back."""
    st.session_state["kept"][name] = value


def choice(name: str, label: str, options: dict[str, str]) -> str:
    """A choice among a few, kept by its id: id → label as shown. The first is the default."""
    default = next(iter(options))
    wanted = asked(name)
    st.session_state.setdefault(name, wanted if wanted in options else default)
    chosen = st.segmented_control(label, list(options), format_func=options.get, key=name, required=True, persist_state="session")
    mirror(name, chosen, default)
    return chosen
