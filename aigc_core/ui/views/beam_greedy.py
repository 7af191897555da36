"""What greedy decoding would have written, marked in the tree of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from aigc_core.analysis.beams import Greedy, follow, greedy, known
from aigc_core.analysis.tree import reasons
from aigc_core.decoding.settings import BeamSettings
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.traces import BeamStep
from aigc_core.ui import cache, plain


def marked(steps: Sequence[BeamStep], settings: BeamSettings) -> Greedy:
    """The greedy path as far as the record of the beams shows it; empty where only a search of its own would tell."""
    read = not settings.do_sample and settings.repetition_penalty == 1
    return greedy(steps) if read else Greedy((), False)


def find(steps: Sequence[BeamStep], settings: BeamSettings, model: str, prompt: str) -> tuple[Greedy, str]:
    """The path in the tree and greedy's whole text; one beam is searched only where the tree does not hold it."""
    path, nodes = marked(steps, settings), known(steps)
    if path.complete:
        return path, "".join(nodes[node].token.text for node in path.nodes)
    alone = replace(settings, num_beams=1, num_return_sequences=1, do_sample=False)
    found = cache.ask("decoding.continuation", model, prompt=prompt, settings=alone)
    return follow(steps, [token.id for token in found.tokens]), "".join(token.text for token in found.tokens)


def tell(words: Words, steps: Sequence[BeamStep], settings: BeamSettings, path: Greedy, text: str) -> None:
    """Where greedy's text is in the tree, or where it leaves it."""
    nodes, text = known(steps), visible(text)
    last = nodes[path.nodes[-1]] if path.nodes else None
    if settings.num_beams == 1:
        return
    if last is None or not path.complete and last.fate == "kept":
        told = plain.sentence(words, "greedy.lost", text=text, step=len(path.nodes))
    elif last.fate == "pruned":
        why = reasons(steps[len(path.nodes) - 1], settings.num_beams)[last.id]
        told = plain.sentence(
            words, "greedy.pruned", text=text, token=visible(last.token.text), step=len(path.nodes), rank=why.rank + 1, count=why.count
        )
    else:
        places = [each.node for each in steps[-1].best]
        place = places.index(last.id) + 1 if last.id in places else None
        key = "greedy.ended" if place is None else "greedy.best" if place == 1 else "greedy.returned"
        told = plain.sentence(words, key, text=text, place=place)
    st.caption(told)
