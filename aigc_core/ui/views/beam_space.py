"""The lesson of a space at a prompt's end: both prompts' tokens, and how the loaded model continues each."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from aigc_core.decoding.settings import BeamSettings
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.traces import Continuation
from aigc_core.ui import cache, plain

FIRST = 3  # of the tokens that could have come first


def draw(words: Words, model: str, prompt: str, settings: BeamSettings) -> None:
    """Nothing where the prompt does not end with a space. Words: the table ``space``."""
    without = prompt.rstrip()
    if without == prompt or not without:
        return
    settings = replace(settings, num_return_sequences=1, do_sample=False)  # the most probable tokens, not some that were drawn
    both = [cache.ask("decoding.continuation", model, prompt=text, settings=settings) for text in (prompt, without)]
    st.subheader(words("space.title"), anchor=False)
    spaced, bare = both
    more = len(spaced.prompt) - len(bare.prompt)
    if spaced.prompt == bare.prompt:
        st.markdown(words("space.dropped"))
        return
    last = spaced.prompt[len(bare.prompt)] if more > 0 else spaced.prompt[-1]
    st.markdown(plain.sentence(words, "space.reading", more=more, token=visible(last.text), id=last.id, **begin_with_space(spaced, bare)))
    for column, name, one in zip(st.columns(2, gap="large"), ("with", "without"), both):
        with column:
            st.markdown(f"**{words(f'space.{name}')}**")
            st.caption(words("space.tokens", count=len(one.prompt)))
            st.code(" ".join(f"{visible(token.text)}[{token.id}]" for token in one.prompt), language=None, wrap_lines=True)
            st.caption(words("space.first"))
            st.code("\n".join(first(one)), language=None)
            st.caption(words("space.goes_on", mean=f"{mean(one, settings):.3f}".replace("-", "−")))
            st.code(visible("".join(token.text for token in one.tokens)), language=None, wrap_lines=True)


def begin_with_space(spaced: Continuation, bare: Continuation) -> dict[str, int]:
    """Of the first step's candidates, as many of each as both have."""
    count = min(len(spaced.first), len(bare.first))
    counted = {"spaced": spaced, "bare": bare}
    return {"count": count} | {name: sum(each.token.text[:1].isspace() for each in one.first[:count]) for name, one in counted.items()}


def first(one: Continuation) -> list[str]:
    return [f"{visible(each.token.text)}[{each.token_id}]  {each.probability:.1%}" for each in one.first[:FIRST]]


def mean(one: Continuation, settings: BeamSettings) -> float:
    """Nats a token of the best continuation: its score as if the penalty were 1."""
    return one.score * len(one.tokens) ** (settings.length_penalty - 1)
