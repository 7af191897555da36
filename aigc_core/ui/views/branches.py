"""All continuations of one prompt: the tree they form, and each beside the others."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import streamlit as st

from aigc_core import figures
from aigc_core.analysis.branches import MOST
from aigc_core.decoding.settings import BeamSettings, SamplingSettings
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.ui import bench as benches
from aigc_core.ui import cache, controls, panels, plain
from aigc_core.ui.bench import Bench, Shown
from aigc_core.ui.components.token_strip import token_strip
from aigc_core.ui.views.desk import figures_of

BEAMS = 5


def draw(bench: Bench, settings: SamplingSettings, words: Words) -> None:
    """The tree, then a card for each continuation."""
    tree, forks = bench.tree, bench.tree.forks()
    texts = [[visible(token.text) for token in cache.written(bench.model, bench.prompt, each.ids).tokens] for each in tree.all]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(words("branches_title"), anchor=False, width="stretch")
        lacking = {"greedy", "beams"} - {each.origin for each in tree.all}
        full = len(tree.all) + len(lacking) > MOST
        told = (
            words("others_there")
            if not lacking
            else words("error.branches_full", count=MOST)
            if full
            else words("others_help", beams=BEAMS)
        )
        asked = st.button(words("others"), key="others", icon=":material/compare:", help=told, disabled=full or not lacking)
    if asked:
        decode_otherwise(bench, settings, words)
        st.rerun()
    st.markdown(words("branches_reading", count=len(tree.all)) if len(tree.all) > 1 else words("branches_one"))
    if len(tree.all) > 1:
        figure = figures.branches_tree(tree, texts, words, controls.is_dark())
        st.plotly_chart(
            figure, theme=None, key="tree", alt=words("branches_reading", count=len(tree.all)), config={"displayModeBar": False}
        )
    read = [benches.read(bench, settings, each.ids) for each in tree.all]
    rows = [
        {"name": plain.escape(each.name)} | (dict(tokens=str(len(each.ids)), **figures_of(shown)) if each.ids else {})
        for each, shown in zip(tree.all, read)
    ]
    st.table({title: [row.get(name, "–") for row in rows] for name, title in words.table("column").items()})
    with st.container(horizontal=True, gap="medium"):
        for index, shown in enumerate(read):
            with st.container(width=272, border=index == tree.open):
                card(bench, index, forks[index], shown, words)


def card(bench: Bench, index: int, fork: tuple[int, int], shown: Shown, words: Words) -> None:
    """One continuation: its name, where it leaves another, and its text; what it shares stands back."""
    branch, (parent, shared) = bench.tree.all[index], fork
    key = f"{index}_{len(bench.past)}_{branch.name}"  # another tree is another card

    def rename() -> None:
        bench.rename(index, st.session_state[f"name_{key}"])
        st.session_state[f"name_{key}"] = bench.tree.all[index].name

    def open_at(piece: int) -> None:
        bench.open(index, max(0, piece - 1))

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(words("name"), branch.name, max_chars=24, key=f"name_{key}", on_change=rename, label_visibility="collapsed")
        st.button(words("open"), key=f"open_{key}", on_click=bench.open, args=(index,), disabled=index == bench.tree.open)
        st.button(
            "", key=f"prune_{key}", icon=":material/close:", help=words("prune"), on_click=bench.prune, args=(index,),
            disabled=len(bench.tree.all) == 1, type="tertiary",
        )  # fmt: skip
    leaves = ""
    if shared:
        token = visible(shown.written.tokens[shared - 1].text)
        leaves = plain.sentence(words, "leaves", name=bench.tree.all[parent].name, token=token, count=shared)
    st.caption(f"{words.table('origin')[branch.origin]} {leaves}")
    pieces = panels.written(bench.prompt, shown.choices, words)
    quiet = [replace(piece, colour=None, bar=None) for piece in pieces[: shared + 1]]
    token_strip([*quiet, *pieces[shared + 1 :]], None, words.table("strip"), f"strip_{key}", open_at)


def decode_otherwise(bench: Bench, settings: SamplingSettings, words: Words) -> None:
    """Adds what greedy decoding and a beam search write after the same prompt, at most as many tokens."""
    greedy = SamplingSettings(top_k=1, repetition_penalty=settings.repetition_penalty, max_new_tokens=settings.max_new_tokens)
    beams = BeamSettings(num_beams=BEAMS, repetition_penalty=settings.repetition_penalty, max_new_tokens=settings.max_new_tokens)
    asked = {"greedy": ("decoding.sample", greedy), "beams": ("decoding.beam_search", beams)}
    for origin, (operation, chosen) in asked.items():
        if any(each.origin == origin for each in bench.tree.all):
            continue
        done, ids = st.progress(0.0, words.table("origin")[origin]), []
        with closing(cache.backend().stream(operation, bench.model, prompt=bench.prompt, settings=chosen)) as steps:
            for step in steps:
                ids = [*ids, step.token_id] if origin == "greedy" else step.best[0].token_ids if step.best else ids
                done.progress((step.index + 1) / chosen.max_new_tokens, words.table("origin")[origin])
        done.empty()
        bench.add(tuple(ids), origin, words.table("named")[origin])
