"""Records → the components and sentences that pages share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from aigc_core import figures
from aigc_core.analysis.heads import HeadReading
from aigc_core.analysis.rivals import Choice, Rival
from aigc_core.figures.labels import visible
from aigc_core.figures.theme import mix, theme
from aigc_core.text import Words
from aigc_core.traces import AttentionTrace, Token, WhatIf
from aigc_core.ui import controls, plain
from aigc_core.ui.components.token_strip import Piece
from aigc_core.ui.components.wall import wall

MOST_BITS = 12.0  # a bar of full height


def attention_wall(trace: AttentionTrace, selected: tuple[int, int], words: Words, key: str, on_select: Callable[[int, int], None]) -> None:
    """All heads of a trace; a click runs ``on_select(layer, head)``."""
    labels = [visible(token.text) for token in trace.tokens]
    spoken = words.table("wall") | {name: words(f"figure.{name}") for name in ("query", "key")}
    wall(trace.attention, labels, selected, spoken, key, on_select)


def reading(words: Words, found: HeadReading, layer: int, head: int) -> str:
    """What a head does now, in one sentence."""
    return words(f"reading.{found.key}", layer=layer, head=head, share=f"{found.share:.0%}", effective=f"{found.effective:.1f}")


def written(prompt: str, choices: Sequence[Choice], words: Words) -> list[Piece]:
    """A prompt, then the tokens written after it: each coloured by its probability, with its surprisal as a bar over it and, under the
    pointer, the tokens it competed with."""
    look = theme(controls.is_dark())
    tokens = [
        Piece(
            visible(each.token.text),
            mix(look.probability, look.readable * each.probability),
            detail(each, words),
            breaks="\n" in each.token.text,
            bar=min(each.bits / MOST_BITS, 1.0),
        )
        for each in choices
    ]
    return [Piece(prompt), *tokens]


def detail(each: Choice, words: Words) -> str:
    """A token's probability and surprisal, then its best rivals."""
    told = words("strip_detail", token=visible(each.token.text), probability=f"{each.probability:.1%}", bits=f"{each.bits:.2f}")
    best = [rival for rival in each.rivals if not rival.taken][:3]
    return "\n".join([told, *(f"{visible(rival.token.text)}  {rival.after:.1%}" for rival in best)])


def predictions(found: WhatIf, tokens: Sequence[Token], model: str, words: Words, table: str) -> None:
    """The best tokens at one of ``tokens`` before and after a change, in two bars each, under a sentence; with the words of ``table``."""
    place, kind = visible(tokens[found.position].text), "next" if controls.kind(model) == "causal" else "gap"
    st.subheader(plain.sentence(words, f"{table}.{kind}_title", token=place), anchor=False)
    first, now = found.changes[0], max(found.changes, key=lambda change: change.after)
    values = dict(
        first=visible(first.token.text), before=f"{first.before:.1%}", after=f"{first.after:.1%}",
        now=visible(now.token.text), share=f"{now.after:.1%}",
    )  # fmt: skip
    best = "same" if now.token == first.token else "other"
    st.markdown(plain.sentence(words, f"{table}.{best}_best", **values))
    rivals = [Rival(change.token, change.before, change.after) for change in found.changes]
    figure = figures.rivals_bars(rivals, words, controls.is_dark(), (words(f"{table}.before"), words(f"{table}.after")))
    alt = words(f"{table}.{best}_best", **values)
    st.plotly_chart(figure, theme=None, key=f"{table}_bars", alt=alt, config={"displayModeBar": False})
