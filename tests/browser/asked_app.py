"""The app as app.py starts it, which tells the log every operation that its backend is asked for."""

import streamlit as st

from aigc_core.backends.local import LocalBackend
from aigc_core.ui.headers import middleware

ask = LocalBackend.ask


def ask_and_tell(backend: LocalBackend, operation: str, model_name: str, **arguments: object) -> object:
    print(f"asked {operation}", flush=True)
    return ask(backend, operation, model_name, **arguments)


LocalBackend.ask = ask_and_tell

app = st.App("../../aigc_core/ui/router.py", middleware=middleware)
