"""Attention: every head of the model at a glance, and one of them in full."""

from pathlib import Path

import streamlit as st

from aigc_core import figures
from aigc_core.analysis import heads
from aigc_core.ui import cache, controls, page, panels

EXAMPLES = (
    "The dog barked. The cat ran because the dog barked.",
    "Tom gave Lily a ball and Lily gave Tom a kite.",
    "The boy near the big old tree was happy.",
)

words, model = page.begin(Path(__file__).parent)
text = controls.text(words, EXAMPLES, model)
with cache.loading(words, model):
    trace = cache.attention_trace(model, text)

wall, one = st.columns(2, gap="large")
with one:
    with st.container(horizontal=True, vertical_alignment="top"):
        st.subheader(words("head_title"), anchor=False, width="stretch")
        layer, head = controls.layer_and_head(words, trace.n_layers, trace.n_heads)
    sentence = panels.reading(words, heads.read(trace.attention[layer, head]), layer, head)
    st.markdown(sentence)
    figure = figures.attention_heatmap(trace, layer, head, words, controls.is_dark())
    st.plotly_chart(figure, theme=None, key="heatmap", alt=sentence, config={"displayModeBar": False})
with wall:
    st.subheader(words("wall_title"), anchor=False)
    panels.attention_wall(trace, (layer, head), words, "wall", controls.choose_head)
    st.caption(words("wall_caption", layers=trace.n_layers, heads=trace.n_heads, tokens=len(trace.tokens)))
