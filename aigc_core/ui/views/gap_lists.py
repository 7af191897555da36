"""The three lists of fillings side by side: what each model would put in, and what the curtain changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from aigc_core.figures.theme import OUTPUT
from aigc_core.filling.blanks import Unit
from aigc_core.filling.records import Filling, Sentence
from aigc_core.text import Words
from aigc_core.ui import plain
from aigc_core.ui.components.bars import Bar, bars
from aigc_core.ui.components.token_strip import Piece, token_strip
from aigc_core.ui.components.written_out import written_out
from aigc_core.ui.views import gap
from aigc_core.ui.views.gap import TOP, Ways, held, names, nats, percent, visible_all, visible_text

GROUP = "fillings"  # the lists light the same candidate together
OF_SEVERAL = 5  # rows of a list where there are several blanks
WHOLE = r"$\log P(x) = \textstyle\sum_t \log P(x_t \mid x_{<t})$"


@dataclass(frozen=True)
class Scene:
    """What is drawn: the answers now, those without the curtain (None where nothing is covered), and which blanks are seen."""

    now: Ways
    before: Ways | None
    first: int  # blanks under the left of the curtain
    words: Words

    @property
    def count(self) -> int:
        return len(self.now.left.blanks)

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)

    @property
    def before_all(self) -> Ways | None:
        """The answers before, where they filled the same blanks together."""
        return self.before if self.before and len(self.before.left.blanks) == self.count else None

    @property
    def chosen(self) -> tuple[str, ...]:
        """The candidate that was clicked; the best sentence where there is none, or none of these."""
        known, mine = [self.now.fold(each.texts) for each in self.now.ranked], self.now.fold(held() or ())
        return mine if mine in known else known[0] if known else ()


def draw(now: Ways, before: Ways | None, units: Sequence[Unit], covered: tuple[int, int], model: str, writer: str, words: Words) -> None:
    """Who prefers what, the chosen candidate written out, the three lists, and why only one of them never changes on the right."""
    scene = Scene(now, before, sum(unit.blank is not None for unit in units[: covered[0]]), words)
    st.markdown(gap.verdict(now, words))
    lit = names(scene.numbers, scene.chosen)
    written_out(gap.candidates(now, scene.numbers, words, model, writer), lit, GROUP, "written_out")
    for column, part in zip(st.columns(3, gap="medium"), (both_sides, left_only, whole_sentences)):
        with column:
            part(scene)
    st.markdown(words("why", formula=WHOLE))
    if said := gap.measured(now, words):
        st.caption(said)


def both_sides(scene: Scene) -> None:
    """A list for each blank and one for all together; or, for any number of pieces, one for each number."""
    now, before, words = scene.now, scene.before, scene.words
    st.subheader(words("both_title"), anchor=False)
    lists = []  # (heading, fillings, the same before, numbers of the blanks)
    for index, found in enumerate(now.both):
        together = scene.before_all and scene.before_all.both[index].joint
        if len(now.both) > 1:
            lists.append((words("pieces_title", count=found.pieces), found.joint, together, scene.numbers))
            continue
        for number, each in zip(scene.numbers, found.independent):
            old = before and before.both[index].independent[number]
            lists.append((words("blank_title", number=number + 1), each, old, (number,)))
        if scene.count > 1:
            lists.append((words("joint_title"), found.joint, together, scene.numbers))
    note(scene, [(found, old) for _, found, old, _ in lists])
    for index, (heading, found, old, blanks) in enumerate(lists):
        if len(lists) > 1:
            st.markdown(f"**{heading}**")
        listed(scene, found, old, blanks, f"both_{index}", "both")
    if len(lists) > 1:
        st.caption(words("any_caption" if len(now.both) > 1 else "joint_caption"))


def left_only(scene: Scene) -> None:
    """A list of next words for each blank, and what the model writes after the last."""
    now, before, words = scene.now.left.blanks, scene.before and scene.before.left.blanks[scene.first :], scene.words
    st.subheader(words("left_title"), anchor=False)
    on = before is None or [each.continuation for each in now] == [each.continuation for each in before[: scene.count]]
    note(scene, [(each.words, before and before[blank].words) for blank, each in enumerate(now)], alike=on)
    for blank, each in enumerate(now):
        number = scene.first + blank
        if scene.count > 1:
            st.markdown(f"**{words('blank_title', number=number + 1)}**")
        listed(scene, each.words, before and before[blank].words, (number,), f"left_{blank}", "left")
    if scene.count > 1:
        st.caption(words("left_caption"))
    st.caption(words("goes_on"))
    pieces = [Piece(now[-1].left or words("beginning")), Piece(visible_text(now[-1].continuation), f"{OUTPUT}40")]
    token_strip(pieces, None, {"label": words("goes_on")}, "continuation")


def whole_sentences(scene: Scene) -> None:
    """The candidates of both by what the whole sentence then has."""
    now, before, words = scene.now, scene.before_all, scene.words
    st.subheader(words("whole_title"), anchor=False)
    note(scene, [(now.ranked, before and before.ranked)])
    top = now.ranked[: 2 * TOP]
    moves = moved(scene, top, before and before.ranked)
    shares = [math.exp(each.log_prob - top[0].log_prob) for each in top]
    values = [nats(each.log_prob) for each in top]
    rows(scene, top, shares, values, moves, scene.numbers, "whole", words("whole_label"))
    st.caption(plain.sentence(words, "whole_reading", **gap.leading(now)) if len(now.ranked) > 1 else words("whole_one"))


def listed(scene: Scene, found: Sequence[Filling], before: Sequence[Filling] | None, blanks: Sequence[int], key: str, form: str) -> None:
    """A list of probabilities, what became of each, and the sentence that reads it."""
    most = OF_SEVERAL if scene.count > 1 else TOP
    found, before = found[:most], before and before[:most]
    shares, values = [math.exp(each.log_prob) for each in found], [percent(each.log_prob) for each in found]
    rows(scene, found, shares, values, moved(scene, found, before), blanks, key, scene.words(f"{form}_label"))
    st.caption(gap.reading(found, scene.words, f"{form}_reading"))


def rows(
    scene: Scene,
    found: Sequence[Filling | Sentence],
    shares: Sequence[float],
    values: Sequence[str],
    moves: Sequence[str],
    blanks: Sequence[int],
    key: str,
    label: str,
) -> None:
    """Draws candidates as bars; a click on one that fills all blanks holds it, another click lets it go."""

    def choose(index: int) -> None:
        texts = found[index].texts
        st.session_state["filling"] = texts if len(texts) == scene.count and texts != held() else None

    drawn = [
        Bar(visible_all(each.texts), share, value, mark=move, names=names(blanks, scene.now.fold(each.texts)))
        for each, share, value, move in zip(found, shares, values, moves)
    ]
    bars(drawn, {"label": label}, key, choose, GROUP, names(scene.numbers, scene.chosen))


def moved(scene: Scene, now: Sequence[Filling | Sentence], before: Sequence[Filling | Sentence] | None) -> list[str]:
    """How each candidate moved: ↑2, ↓1, new; nothing where it stayed, or where there is no before."""
    if before is None:
        return [""] * len(now)
    places: dict[tuple[str, ...], int] = {}  # by the texts, and where capitals tell nothing also by their small letters
    for place, each in enumerate(before):
        places.setdefault(scene.now.fold(each.texts), place)
    places |= {each.texts: place for place, each in enumerate(before)}
    found = []
    for place, each in enumerate(now):
        old = places.get(each.texts, places.get(scene.now.fold(each.texts)))
        step = 0 if old is None else old - place
        found.append(scene.words("new") if old is None else f"↑{step}" if step > 0 else f"↓{-step}" if step else "")
    return found


def note(
    scene: Scene, pairs: Sequence[tuple[Sequence[Filling | Sentence], Sequence[Filling | Sentence] | None]], alike: bool = True
) -> None:
    """Whether the curtain changed these lists: the same only where every candidate, every digit and what else is shown (``alike``) is."""

    def exactly(found: Sequence[Filling | Sentence]) -> list[tuple]:
        return [(each.texts, each.log_prob) for each in found]

    words = scene.words
    if scene.before is None:
        st.badge(words("uncovered"), icon=":material/visibility:", color="gray")
    elif alike and all(before is not None and exactly(now) == exactly(before) for now, before in pairs):
        st.badge(words("same"), icon=":material/equal:", color="green")
    else:
        st.badge(words("changed"), icon=":material/sync_alt:", color="orange")
