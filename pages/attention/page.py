"""Attention: every head of the model at a glance, and one of them in full."""

from pathlib import Path

import streamlit as st

from aigc_core import figures
from aigc_core.analysis import heads
from aigc_core.ui import cache, controls, page, panels

EXAMPLES = (
    "The dog barked. The cat ran away because the dog barked.",
    "Lily gave Tom a red ball and Tom gave Lily a blue kite.",
    "The boy who lived near the big old tree was very happy.",
)

words, model = page.begin(Path(__file__).parent)
text = controls.text(words, EXAMPLES)
with cache.loading(words, model):
    trace = cache.attention_trace(model, text)

wall, head_view = st.columns([11, 9], gap="large")
with head_view:
    st.subheader(words("head_title"), anchor=False)
    with st.container(horizontal=True):
        layer, head = controls.layer_and_head(words, trace.n_layers, trace.n_heads)
    sentence = panels.reading(words, heads.read(trace.attention[layer, head]), layer, head)
    st.markdown(sentence)
    figure = figures.attention_heatmap(trace, layer, head, words, controls.is_dark())
    st.plotly_chart(figure, theme=None, key="heatmap", alt=sentence, config={"displayModeBar": False})
with wall:
    st.subheader(words("wall_title"), anchor=False)
    panels.attention_wall(trace, (layer, head), words, "wall", controls.choose_head)
    st.caption(words("wall_caption", layers=trace.n_layers, heads=trace.n_heads, tokens=len(trace.tokens)))
