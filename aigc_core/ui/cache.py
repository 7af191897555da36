"""What is computed once: the backend of the process, and the traces of recent requests."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from aigc_core import limits
from aigc_core.backends import Backend
from aigc_core.text import Words
from aigc_core.traces import AttentionTrace, MaskedText


@st.cache_resource(show_spinner=False)
def backend() -> Backend:
    """The backend that this server uses."""
    from aigc_core.backends.local import LocalBackend

    return LocalBackend()


@st.cache_resource(show_spinner=False, max_entries=limits.current().traces)
def attention_trace(model: str, text: str) -> AttentionTrace:
    """Read-only, so all sessions may share one."""
    return backend().ask("attention.trace", model, text=text)


def loading(words: Words, model: str) -> AbstractContextManager:
    """A spinner that says what is loading; nothing where the model is there already."""
    return nullcontext() if backend().ready(model) else st.spinner(words("controls.loading", name=model), show_time=True)


@st.cache_resource(show_spinner=False, max_entries=limits.current().traces)
def masked_text(model: str, text: str, top_k: int) -> MaskedText:
    """A text as a masked model reads it, with the candidates of its gaps."""
    return backend().ask("masked.read", model, text=text, top_k=top_k)
