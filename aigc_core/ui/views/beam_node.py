"""One node of a search: its path in words, and the candidates that it competed with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from aigc_core.analysis.beams import Contest, contest
from aigc_core.analysis.tree import Pruned
from aigc_core.figures.labels import visible
from aigc_core.figures.theme import mix, theme
from aigc_core.text import Words
from aigc_core.traces import BeamCandidate, BeamStep
from aigc_core.ui import controls, plain
from aigc_core.ui.components import contest as component
from aigc_core.ui.components.token_strip import Piece, token_strip


def draw(words: Words, steps: Sequence[BeamStep], node: int, beams: int, prompt: str, tree: dict[str, str]) -> None:
    """tree: the words of the tree, which tell a node's rank and reason alike."""
    found = contest(steps, node, beams)
    own = next(each for each in found.competitors if each.candidate.id == node)
    one = own.candidate
    st.subheader(plain.sentence(words, "node.title", token=visible(one.token.text), step=found.step + 1), anchor=False)
    look = theme(controls.is_dark())
    pieces = [
        Piece(
            visible(each.token.text),
            mix(look.probability, look.readable * each.probability),
            f"{visible(each.token.text)}  {each.probability:.1%}",
            breaks="\n" in each.token.text,
        )
        for each in own.path
    ]
    token_strip(
        [Piece(prompt), *pieces],
        len(own.path),
        words.table("node.strip"),
        key="path",
        lines=1,
        on_select=lambda index: controls.choose_token(own.path[index - 1].id) if 0 < index <= len(own.path) else None,
    )
    st.markdown(reading(words, found, one, tree, own.reason))
    st.caption(words("node.contest", count=len(found.competitors), step=found.step + 1))
    told = words.table("node.table") | {name: tree[name] for name in ("rank", "kept", "finished", "pruned")}
    told["line"] = words("node.line" if any(each.candidate.fate == "kept" for each in found.competitors) else "node.line_end", beams=beams)
    component.contest(found, node, told, key="contest", on_select=controls.choose_token)


def reading(words: Words, found: Contest, one: BeamCandidate, tree: dict[str, str], reason: Pruned | None) -> str:
    """The node's numbers and its fate, in one sentence or two."""
    told = words(
        "node.reading",
        **dict(zip(("log_prob", "total", "score"), component.numbers(one))),
        rank=tree["of"].format(rank=one.rank + 1, count=len(found.competitors)),
        place=tree["rank"],
        fate=tree[one.fate],
    )
    if reason is None:
        return told
    name = "ends_late" if reason.ends_late else "behind"
    places = dict(rank=reason.rank + 1, count=reason.count, beams=reason.beams, nats=f"{reason.behind:.2f}")
    return f"{told} {tree[name].format(**places)}"
