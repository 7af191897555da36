"""The settings of a beam search, in the order in which they act: how wide and long, what may be a candidate, what ends."""

from __future__ import annotations

from functools import partial

import streamlit as st

from aigc_core import limits
from aigc_core.decoding.settings import BeamSettings
from aigc_core.errors import AigcError
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.ui import cache, controls, plain, share

EARLY = {"true": True, "false": False, "never": "never"}
# what the textbook article's example asks for, down to the space at the end
ARTICLE = dict(text="I love to play ", num_beams=5, num_return_sequences=1, length_penalty=1.0, early_stopping="true")


def draw(words: Words, model: str) -> BeamSettings:
    """Draws the settings and returns them; all are part of the link."""
    slider, most = partial(controls.slider, words), limits.current()
    st.button(words("article"), icon=":material/menu_book:", help=words("article_help"), on_click=st.session_state.update, kwargs=ARTICLE)
    heading(words("group_search"))
    num_beams = slider("num_beams", 1, most.beams, 4, 1)
    length = slider("beam_length", 1, most.beam_tokens, 16, 1)
    returned = slider("num_return_sequences", 1, most.beams, 3, 1)
    if returned > num_beams:
        st.caption(words("fewer_returned", count=num_beams))
    heading(words("group_ends"))
    penalty = slider("length_penalty", -3.0, 3.0, 1.0, 0.1)
    early = share.choice("early_stopping", words("early_stopping"), {key: words(f"early_{key}") for key in EARLY})
    ends = end_tokens(words, model)
    heading(words("group_candidates"))
    no_repeat = slider("no_repeat_ngram_size", 0, 6, 0, 1)
    repetition = slider("repetition_penalty", 1.0, 2.0, 1.0, 0.05)
    drawn = st.toggle(words("do_sample"), key="do_sample", help=words("do_sample_help"), disabled=num_beams == 1, bind="query-params")
    if num_beams == 1:
        st.caption(words("one_draws"))
    sampling = {}
    if drawn and num_beams > 1:
        sampling = dict(
            do_sample=True,
            temperature=slider("temperature", 0.1, 2.0, 1.0, 0.05),
            top_k=slider("top_k", 0, 100, 0, 1),
            top_p=slider("top_p", 0.05, 1.0, 1.0, 0.05),
            seed=st.number_input(words("seed"), 0, controls.SEEDS - 1, 1, 1, key="seed", help=words("seed_help"), bind="query-params"),
        )
    return BeamSettings(
        num_beams=num_beams,
        length_penalty=penalty,
        early_stopping=EARLY[early],
        num_return_sequences=min(returned, num_beams),
        no_repeat_ngram_size=no_repeat,
        repetition_penalty=repetition,
        max_new_tokens=length,
        eos_token_ids=ends,
        **sampling,
    )


def heading(title: str) -> None:
    st.markdown(f"**{title}**")


def end_tokens(words: Words, model: str) -> tuple[int, ...] | None:
    """The model's own end tokens and those typed here; None stands for its own alone."""
    typed = st.text_input(words("ends"), key="ends", bind="query-params", placeholder=". ! ?", help=words("ends_help"))
    named = tuple(dict.fromkeys(typed.split()))
    if not named:
        return None
    try:
        with cache.loading(words, model):
            found = cache.ask("decoding.end_tokens", model, named=named)
    except AigcError as problem:
        if problem.key != "no_such_token":
            raise
        plain.error(words, problem)
        return None
    listed = ", ".join(f"{visible(token.text)} ({token.id})" for token in (*found.own, *found.named))
    st.caption(plain.sentence(words, "ends_are", tokens=listed))
    return found.ids
