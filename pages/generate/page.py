"""Generate: GPT writes token by token; each token shows what it competed with."""

from functools import partial
from pathlib import Path

import streamlit as st

from aigc_core import figures, limits
from aigc_core.analysis.rivals import choice
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.figures.labels import visible
from aigc_core.ui import cache, controls, page, panels, plain, running
from aigc_core.ui.components.token_strip import token_strip

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
        text = running.current("writing", "decoding.sample", model, choice, prompt=prompt, settings=settings)
    chosen = controls.token(len(text.items))
    strip = token_strip(
        panels.written(prompt, text.items),
        None if chosen is None else chosen + 1,
        words.table("strip"),
        key="strip",
        on_select=lambda index: controls.choose_token(index - 1),
        lines=4,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        button, outcome = st.empty(), st.empty()
    if not text.done:
        button.button(words("stop"), key="stop", icon=":material/stop:", on_click=text.stop)
        for _ in text.advance():
            strip.update(panels.written(prompt, text.items))
    chosen = controls.token(len(text.items))
    strip.update(panels.written(prompt, text.items), None if chosen is None else chosen + 1)
    button.button(words("again"), key="again", icon=":material/replay:", help=words("again_help"), on_click=controls.next_seed)
    ended = bool(text.items) and text.items[-1].is_end
    outcome.caption(words("stopped" if text.stopped else "ended" if ended else "written", count=len(text.items) - ended), width="content")

    if chosen is not None:
        one = text.items[chosen]
        taken = next(rival for rival in one.rivals if rival.taken)
        st.subheader(plain.sentence(words, "rivals_title", token=visible(one.token.text)), anchor=False)
        sentence = words(
            "reading",
            number=chosen + 1,
            after=f"{taken.after:.1%}",
            before=f"{taken.before:.1%}",
            remaining=f"{one.remaining:,}",
            vocabulary=f"{one.vocabulary:,}",
        )
        st.markdown(sentence)
        figure = figures.rivals_bars(one.rivals, words, controls.is_dark())
        st.plotly_chart(figure, theme=None, key="rivals", alt=sentence, config={"displayModeBar": False})
