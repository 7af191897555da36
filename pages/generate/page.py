"""Generate: a bench where GPT writes token by token; every token can be looked at, taken otherwise, and written on from."""

from functools import partial
from pathlib import Path

import streamlit as st

from aigc_core import limits
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.ui import bench, cache, controls, page, panels, share
from aigc_core.ui.components.token_strip import token_strip
from aigc_core.ui.views import branches, columns, desk, inside

EXAMPLES = ("Once upon a time", "The little dog", "Lily and Tom went to the")

words, model = page.begin(Path(__file__).parent)
prompt = controls.text(words, EXAMPLES, model)
written, tuning = st.columns([3, 1], gap="large")  # on a phone the text comes first

slider = partial(controls.slider, words)
with tuning:
    settings = SamplingSettings(
        temperature=slider("temperature", 0.1, 2.0, 0.7, 0.05),
        top_k=slider("top_k", 0, 100, 0, 1),
        top_p=slider("top_p", 0.05, 1.0, 1.0, 0.05),
        min_p=slider("min_p", 0.0, 0.5, 0.0, 0.01),
        repetition_penalty=slider("repetition_penalty", 1.0, 2.0, 1.0, 0.05),
        max_new_tokens=slider("length", 1, limits.current().new_tokens, 40, 1),
        seed=st.number_input(words("seed"), 0, controls.SEEDS - 1, 1, 1, key="seed", help=words("seed_help"), bind="query-params"),
    )
    if settings.top_k == 1:
        st.caption(words("only_best"))

with written:
    with cache.loading(words, model):
        here = bench.current(words, model, prompt, settings)
        stream = here.stream(words)
    shown = bench.read(here, settings) if stream is None else None
    earlier = () if stream is None else bench.read(here, settings, here.order.after).choices
    pieces = panels.written(prompt, (*earlier, *stream.items), words) if shown is None else shown.pieces(words)
    strip = token_strip(
        pieces, shown and shown.chosen + 1, words.table("strip"), "strip", lambda index: controls.choose_token(index - 1), 3
    )
    row = st.empty()
    if stream is not None:
        if not stream.done:
            row.button(words("stop"), key="stop", icon=":material/stop:", on_click=stream.stop)
            for _ in stream.advance():
                strip.update(panels.written(prompt, (*earlier, *stream.items), words))
        here.take(stream)
        shown = bench.read(here, settings)
        strip.update(shown.pieces(words), shown.chosen + 1)
    here.tell(words)
    here.keep(settings)
    with row.container(horizontal=True, gap="small", vertical_alignment="center"):
        desk.actions(here, shown, settings, words)
    desk.outcome(here, shown, settings, stream is not None and stream.stopped, words)

    VIEWS = {
        "columns": lambda: columns.draw(here, shown, settings, words),
        "inside": lambda: inside.draw(here, shown, words),
        "branches": lambda: branches.draw(here, settings, words),
    }
    VIEWS[share.choice("view", words("views"), words.table("view"))]()
