"""What a link must restore, beside the widgets that Streamlit itself binds to the address.

Streamlit binds what a widget shows; a choice with translated labels, or with options not known at the start, is kept here by its id.
"""

from __future__ import annotations

import streamlit as st


def asked(name: str) -> str | None:
    """What the link that opened this session asked for, remembered: the address changes as the visitor goes on."""
    return st.session_state.setdefault(f"asked_{name}", st.query_params.get(name, "").strip() or None)


def mirror(name: str, value: str, default: str) -> None:
    """Writes a choice to the address, and leaves it out where it is the default."""
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def recall(name: str, default: str | int) -> None:
    """Before a bound widget that several pages draw: its value where another page drew it last, since Streamlit forgets it then.

    The address goes first: by the browser's back button it may hold another value than the one that was left.
    """
    state = st.session_state
    kept, drawn_on = state.setdefault("kept", {}).get(name, (default, state["page_before"]))
    if drawn_on == state["page_before"]:
        return
    asked_for = st.query_params.get(name)
    try:
        value = type(default)(asked_for) if asked_for is not None else default if kept is None else kept
    except ValueError:  # a number that is none
        return
    if value != default or kept is None:  # the usual value of the other page may still be there
        state[name] = value
        if asked_for is None and value != default:
            st.query_params[name] = str(value)


def remember(name: str, value: str | int | None) -> None:
    """After that widget: what ``recall`` shall give back on another page; None for that page's usual value."""
    st.session_state["kept"][name] = value, st.session_state["page_before"]


def typed(name: str, label: str, default: str, **more: object) -> str:
    """A text box that a link restores, of one page. By the browser's back button a bound one would lose what was typed: leaving a page
    takes what is bound out of the address, and coming back the address goes first.
    """
    if name not in st.session_state:
        st.session_state[name] = st.query_params.get(name, default)
    text = st.text_input(label, key=name, live=True, persist_state="session", **more)
    mirror(name, text, default)
    return text


def choice(name: str, label: str, options: dict[str, str]) -> str:
    """A choice among a few, kept by its id: id → label as shown. The first is the default."""
    default = next(iter(options))
    wanted = asked(name)
    if st.session_state.get(name) not in options:  # nothing chosen yet, or what is not offered any more
        st.session_state[name] = wanted if wanted in options else default
    chosen = st.segmented_control(
        label, list(options), format_func=options.get, key=name, required=True, persist_state="session", wrap=True
    )
    mirror(name, chosen, default)
    return chosen


def listed(name: str, label: str, options: dict[str, str], default: str) -> str:
    """As ``choice``, from a list that opens: for more options than stand in a row.

    Other labels are another widget: Streamlit hands back a choice by its old label where that is none of the new ones.
    """
    state, kept, ids = st.session_state, f"listed_{name}", list(options)
    wanted = state.setdefault(kept, asked(name))
    index = ids.index(wanted if wanted in options else default)
    key = f"{kept}_{hash(tuple(options.values()))}"
    state[kept] = chosen = st.selectbox(label, ids, index=index, format_func=options.get, key=key)
    mirror(name, chosen, default)
    return chosen
