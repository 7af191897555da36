"""Home: what Glassbox is, and at once a picture of a model at work."""

from __future__ import annotations

import streamlit as st

from aigc_core import traces
from aigc_core.analysis import heads
from aigc_core.models.cards import bundled
from aigc_core.text import Words
from aigc_core.traces import AttentionTrace
from aigc_core.ui import cache, controls, page, panels, plain

EXAMPLES = (
    "The sun was hot and the little fish was sad.",
    "Lily was sad because her red balloon flew away.",
    "Tom has a ball. Ben has a kite. Tom",
)


@st.cache_resource(show_spinner=False)
def recorded(model: str) -> AttentionTrace | None:
    """The trace kept beside a bundled model's weights, read without importing torch."""
    card = bundled(model)
    path = card and card.folder / "recorded.npz"
    return traces.load(path) if path and path.is_file() else None


def show() -> None:
    words, model = page.begin(None)
    st.markdown(words("home.what"))
    text = controls.text(words, EXAMPLES, model)
    picture, ways = st.columns([3, 2], gap="large")
    with picture:
        # The browser's own timer asks again after it has painted the recorded picture; only then is the model loaded.
        waiting = not cache.backend().ready(model)
        st.fragment(_picture, run_every=0.5 if waiting else None)(words, model, text, waiting)
    with ways:
        for name, way in st.session_state["menu"].items():
            if not name:  # this page itself
                continue
            with st.container(border=True):
                st.page_link(way, label=f"**{way.title}**", icon=way.icon)
                st.caption(words(f"home.{name}"))


def _picture(words: Words, model: str, text: str, waiting: bool) -> None:
    """The wall: live once the model is there, until then the recorded one."""
    if waiting and cache.backend().ready(model):
        st.rerun()
    with plain.told(words):
        trace = recorded(model) if waiting else cache.attention_trace(model, text)
        if waiting and st.session_state.get("home_painted"):
            cache.backend().warm(model)
        st.session_state["home_painted"] = True
        if trace is None:
            st.caption(plain.sentence(words, "controls.loading", name=model))
            return
        layer, head = st.session_state.get("home_head", (0, 0))
        layer, head = min(layer, trace.n_layers - 1), min(head, trace.n_heads - 1)
        st.caption(plain.sentence(words, "home.recorded" if waiting else "home.live", name=trace.model))
        panels.attention_wall(trace, (layer, head), words, "home_wall", lambda *chosen: st.session_state.update(home_head=chosen))
        st.markdown(panels.reading(words, heads.read(trace.attention[layer, head]), layer, head))
