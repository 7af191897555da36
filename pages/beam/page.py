"""Beam search: the search of transformers itself, drawn as a tree while it runs."""

from pathlib import Path

import streamlit as st

from aigc_core.analysis.beams import known
from aigc_core.analysis.tree import Growth
from aigc_core.ui import cache, controls, page, running
from aigc_core.ui.components.beam_tree import beam_tree
from aigc_core.ui.views import beam_greedy, beam_knobs, beam_node, beam_settings, beam_space

EXAMPLES = ("Once upon a time", "I love to play", "The little dog")

words, model = page.begin(Path(__file__).parent)
prompt = controls.text(words, EXAMPLES, model)
searched, tuning = st.columns([8, 3], gap="large")  # on a phone the tree comes first
with tuning:
    settings = beam_settings.draw(words, model)

with searched:
    with cache.loading(words, model):
        search = running.current("search", "decoding.beam_search", model, prompt=prompt, settings=settings)
    steps, beams = search.items, settings.num_beams
    told = words.table("tree") | (words.table("drawn") if settings.do_sample else {})
    height = min(620, 290 + 44 * beams)  # pixels: a row for each beam, until rows grow thinner
    growth = Growth(beams)
    whole, nodes, chosen = growth.grow(steps), known(steps), controls.chosen_token()
    drawn = {node.id for node in whole.nodes}
    lit = chosen if chosen in drawn else nodes[chosen].parent if chosen in nodes else chosen  # some twigs are only counted
    tree = beam_tree(lit, told, "tree", controls.choose_token, controls.chosen_number("step"), controls.choose_step, height)
    tree.update(whole, beam_greedy.marked(steps, settings).nodes, search.done)
    st.caption(words("tree_caption"))
    with st.container(horizontal=True, vertical_alignment="center"):
        button, outcome = st.empty(), st.empty()
    if not search.done:
        button.button(words("stop"), key="stop_search", icon=":material/stop:", on_click=search.stop)
        for _ in search.advance():
            tree.update(growth.grow(steps), beam_greedy.marked(steps, settings).nodes, done=False)
    button.button(words("again"), key="search_again", icon=":material/replay:", on_click=running.forget, args=("search",))
    outcome.caption(words("stopped" if search.stopped else "finished", steps=len(steps)), width="content")

    if steps:
        whole, nodes = growth.grow(steps), known(steps)
        if search.stopped:  # nothing further is computed
            tree.update(whole, beam_greedy.marked(steps, settings).nodes, done=True)
        else:
            path, text = beam_greedy.find(steps, settings, model, prompt)
            tree.update(whole, path.nodes, done=True)
            beam_greedy.tell(words, steps, settings, path, text)
            beam_space.draw(words, model, prompt, settings)
        node = chosen if chosen in nodes else whole.best
        if node is not None:
            beam_node.draw(words, steps, node, beams, prompt, told)
        if steps[-1].best:
            beam_knobs.draw(words, steps, settings, whole=not search.stopped)
        else:
            st.caption(words("none_ended"))
