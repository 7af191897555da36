"""Beam search: the search of transformers itself, drawn as a tree while it runs."""

from functools import partial
from pathlib import Path

import streamlit as st

from aigc_core import limits
from aigc_core.analysis.tree import layout
from aigc_core.decoding import BeamSettings, beam_tree
from aigc_core.ui import cache, controls, page, plain, running, share
from aigc_core.ui.components.beam_tree import beam_tree as draw_tree

EXAMPLES = ("Once upon a time", "I love to play", "The little dog")
EARLY = {"true": True, "false": False, "never": "never"}

words, model = page.begin(Path(__file__).parent)
prompt = controls.text(words, EXAMPLES, model)
searched, tuning = st.columns([5, 2], gap="large")  # on a phone the tree comes first

slider = partial(controls.slider, words)
with tuning:
    num_beams = slider("num_beams", 1, limits.current().beams, 4, 1)
    settings = BeamSettings(
        num_beams=num_beams,
        length_penalty=slider("length_penalty", -3.0, 3.0, 1.0, 0.1),
        early_stopping=EARLY[share.choice("early_stopping", words("early_stopping"), {key: words(f"early_{key}") for key in EARLY})],
        num_return_sequences=min(slider("num_return_sequences", 1, limits.current().beams, 3, 1), num_beams),
        no_repeat_ngram_size=slider("no_repeat_ngram_size", 0, 6, 0, 1),
        repetition_penalty=slider("repetition_penalty", 1.0, 2.0, 1.0, 0.05),
        max_new_tokens=slider("beam_length", 1, limits.current().beam_tokens, 16, 1),
    )
    if st.session_state.get("num_return_sequences", 1) > num_beams:
        st.caption(words("fewer_returned", count=num_beams))

with searched:
    with cache.loading(words, model):
        search = running.current("search", "decoding.beam_search", model, prompt=prompt, settings=settings)
    height = min(560, 240 + 44 * num_beams)  # pixels: a row for each beam, until rows grow thinner
    tree = draw_tree(layout(search.items, num_beams), controls.chosen_token(), words.table("tree"), "tree", controls.choose_token, height)
    st.caption(words("tree_caption"))
    with st.container(horizontal=True, vertical_alignment="center"):
        button, outcome = st.empty(), st.empty()
    if not search.done:
        button.button(words("stop"), key="stop_search", icon=":material/stop:", on_click=search.stop)
        for _ in search.advance():
            tree.update(layout(search.items, num_beams))
    button.button(words("again"), key="search_again", icon=":material/replay:", on_click=running.forget, args=("search",))
    outcome.caption(words("stopped" if search.stopped else "finished", steps=len(search.items)), width="content")

    found = beam_tree(search.items)
    if found.hypotheses:
        best = found.hypotheses[0]
        total, length = found.path(best.node)[-1].cumulative_log_prob, len(best.token_ids)
        st.subheader(words("hypotheses_title"), anchor=False)
        st.markdown(
            words("reading", total=f"{total:.4f}", length=length, penalty=f"{settings.length_penalty:g}", score=f"{best.score:.4f}")
        )
        if len({len(found.path(node.id)) for node in found.finished}) == 1:
            st.caption(words("no_effect"))
        columns = [words(f"column_{name}") for name in ("text", "score", "total", "length")]
        rows = [
            (plain.escape(each.text), f"{each.score:.6f}", f"{found.path(each.node)[-1].cumulative_log_prob:.6f}", len(each.token_ids))
            for each in found.hypotheses
        ]
        st.table({name: [row[index] for row in rows] for index, name in enumerate(columns)})
    elif search.done:
        st.caption(words("none_ended"))
