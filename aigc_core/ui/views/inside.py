"""Inside one step: what each head looked at when a token was written, and what each layer would have said."""

from __future__ import annotations

import streamlit as st

from aigc_core import figures
from aigc_core.errors import AigcError
from aigc_core.figures.labels import visible
from aigc_core.figures.theme import mix, theme
from aigc_core.text import Words
from aigc_core.ui import cache, controls, panels, plain
from aigc_core.ui.bench import Bench, Shown
from aigc_core.ui.components.token_strip import Piece, token_strip


def draw(bench: Bench, shown: Shown, words: Words) -> None:
    """Attention of the step at hand, from the one pass over the whole text; and the logit lens at its place."""
    dark, trace = controls.is_dark(), shown.written.attention
    query = len(shown.written.prompt) - 1 + shown.chosen  # the token that was read last when the place was filled
    if trace is None:
        st.info(plain.sentence(words, "error.attention_hidden", name=bench.model), icon=":material/info:")
    else:
        with st.container(horizontal=True, vertical_alignment="top"):
            st.subheader(words("attention_title"), anchor=False, width="stretch")
            layer, head = controls.layer_and_head(words, trace.n_layers, trace.n_heads)
        weights = trace.attention[layer, head, query, : query + 1]
        most = int(weights.argmax())
        sentence = dict(layer=layer, head=head, token=visible(trace.tokens[query].text), target=visible(trace.tokens[most].text))
        st.markdown(plain.sentence(words, "attention_reading", **sentence, share=f"{weights[most]:.0%}"))
        look = theme(dark)
        pieces = [
            Piece(visible(token.text), mix(look.attention, 0.75 * float(weight)), f"{visible(token.text)}  {weight:.1%}")
            for token, weight in zip(trace.tokens, weights)
        ]
        token_strip(pieces, query, words.table("attention_strip"), "attention_strip", lines=2)
        panels.attention_wall(trace, (layer, head), words, "bench_wall", controls.choose_head)
        st.caption(words("wall_caption", tokens=len(trace.tokens)))

    token = shown.taken or shown.written.best[shown.chosen][0]
    st.subheader(plain.sentence(words, "lens_title", token=visible(token.text)), anchor=False)
    ids = bench.tree.active.ids[: shown.chosen]
    try:
        found = cache.ask("lens.place", bench.model, prompt=bench.prompt, token_ids=ids, token_id=token.id)
    except AigcError as problem:
        plain.error(words, problem)
        return
    first = next((layer for layer, rank in enumerate(found.ranks) if all(rank == 1 for rank in found.ranks[layer:])), None)
    where = words("figure.embedding") if first == 0 else words("wall.layer", layer=first - 1) if first else ""
    key = "lens_never" if first is None else "lens_reading"
    sentence = plain.sentence(
        words, key, token=visible(token.text), where=where, share=f"{found.probabilities[-1]:.1%}", rank=found.ranks[-1]
    )
    st.markdown(sentence)
    st.plotly_chart(figures.lens_bars(found, token, words, dark), theme=None, key="lens", alt=sentence, config={"displayModeBar": False})
    st.caption(words("lens_caption"))
