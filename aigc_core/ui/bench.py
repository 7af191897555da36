"""What a person does on the generation bench: write, pick, branch, undo; and the tree of continuations that comes of it.

The tree lies in the session, and in the link as token ids (``analysis.branches``): another browser shows the same texts without drawing
anything. Only a single text that was written under the present settings is left out of the link, since they write it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import streamlit as st

from aigc_core import limits
from aigc_core.analysis.branches import Branch, Branches, from_link, to_link
from aigc_core.analysis.rivals import Choice, choice, choices
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.errors import AigcError
from aigc_core.figures.theme import theme
from aigc_core.text import Words
from aigc_core.traces import Stages, Token, Written
from aigc_core.ui import cache, controls, panels, plain, running, share
from aigc_core.ui.components.token_strip import Piece

MOST_UNDO = 50
NEXT = "⊕"  # the place after the last token, on the strip
EMPTY = Branches((Branch("A", ()),))


@dataclass(frozen=True)
class Order:
    """What is to be written: under which settings, after which ids, and what becomes of it."""

    settings: SamplingSettings
    after: tuple[int, ...]
    then: Callable[[tuple[int, ...]], None]


@dataclass
class Bench:
    """The continuations of one prompt by one model."""

    model: str
    prompt: str
    tree: Branches = EMPTY
    order: Order | None = None  # what is being written
    written_by: SamplingSettings | None = None  # the settings that write the whole tree again; None where no settings would
    past: list[tuple[Branches, SamplingSettings | None]] = field(default_factory=list)

    def become(self, tree: Branches, written_by: SamplingSettings | None = None) -> None:
        """The tree after something was done; what was before can be had back."""
        if tree != self.tree and self.tree != EMPTY:
            self.past.append((self.tree, self.written_by))
            del self.past[:-MOST_UNDO]
        self.tree, self.written_by = tree, written_by

    def undo(self) -> None:
        if self.order is not None:
            self.order = None
            running.forget("writing")
        elif self.past:
            self.tree, self.written_by = self.past.pop()
        st.session_state["token"] = None

    def write(self, settings: SamplingSettings) -> None:
        """The open branch anew, from its first token on."""
        alone = settings if len(self.tree.all) == 1 else None
        self._order(settings, (), lambda ids: self.become(self.tree.written(ids), alone))

    def write_on(self, settings: SamplingSettings) -> None:
        """More tokens at the end of the open branch."""
        ids = self.tree.active.ids
        room = max(1, limits.current().branch_tokens - len(ids))
        settings = replace(settings, max_new_tokens=min(settings.max_new_tokens, room))
        self._order(settings, ids, lambda more: self.become(self.tree.written((*ids, *more))))

    def branch(self, settings: SamplingSettings, step: int) -> None:
        """A new branch that leaves the open one before a token."""
        ids = self.tree.active.ids[:step]
        self._order(settings, ids, lambda more: self.become(self.tree.grown((*ids, *more), "drawn")))

    def pick(self, step: int, token_id: int) -> None:
        """Another token by hand; the place after it is looked at next."""
        self.become(self.tree.picked(step, token_id), self.written_by if self.tree.active.ids[step : step + 1] == (token_id,) else None)
        controls.choose_token(step + 1)

    def open(self, index: int) -> None:
        self.tree = replace(self.tree, open=index)
        st.session_state["token"] = None

    def prune(self, index: int) -> None:
        self.become(self.tree.pruned(index))
        st.session_state["token"] = None

    def rename(self, index: int, name: str) -> None:
        self.become(self.tree.renamed(index, name))

    def add(self, ids: tuple[int, ...], origin: str, name: str) -> None:
        """A continuation that another way of decoding has found."""
        self.become(self.tree.joined(name, ids, origin))

    def _order(self, settings: SamplingSettings, after: tuple[int, ...], then: Callable) -> None:
        running.forget("writing")
        self.order = Order(settings, after, then)
        st.session_state["token"] = None

    def stream(self, words: Words) -> running.Running | None:
        """What is being written; None where nothing is. What is refused is told, and the texts that are there stay."""
        if self.order is None:
            return None
        asked = dict(prompt=self.prompt, settings=self.order.settings, after=self.order.after)
        try:
            return running.current("writing", "decoding.sample", self.model, choice, **asked)
        except AigcError as problem:
            if self.tree == EMPTY:
                raise
            self.order = None
            plain.error(words, problem)
            return None

    def take(self, written: running.Running) -> None:
        """What was written, all of it or up to where it was stopped, into the tree."""
        order, self.order = self.order, None
        order.then(tuple(each.token.id for each in written.items))
        if written.stopped:
            self.written_by = None

    def keep(self, settings: SamplingSettings) -> None:
        """Writes the tree to the link, where the link's settings do not write it again."""
        again = self.tree == EMPTY or self.written_by == settings
        share.mirror("branches", "" if again else to_link(self.tree), default="")


@dataclass(frozen=True)
class Shown:
    """The open branch as the page shows it: every token under the present settings, and the place that is looked at."""

    prompt: str
    written: Written
    stages: tuple[Stages, ...]  # of every place, the one after the last token too
    choices: list[Choice]
    chosen: int  # 0 is the first token's place; the number of tokens is the place after them

    @property
    def taken(self) -> Token | None:
        """What stands at the chosen place; None at the place after all."""
        return self.written.tokens[self.chosen] if self.chosen < len(self.written.tokens) else None

    def pieces(self, words: Words) -> list[Piece]:
        """The text, and after it the place where it could go on."""
        written = panels.written(self.prompt, self.choices, words)
        if self.written.ended:
            return written
        return [*written, Piece(NEXT, theme(controls.is_dark()).grid, words("next_detail"), bar=0.0)]


def read(bench: Bench, settings: SamplingSettings, ids: tuple[int, ...] | None = None) -> Shown:
    """A branch (the open one, or the one with these ids) read under the settings. Only tokens that were never read run the model."""
    ids = bench.tree.active.ids if ids is None else ids
    written = cache.written(bench.model, bench.prompt, ids)
    stages = cache.reread(bench.model, bench.prompt, ids, settings)
    places = len(ids) + (not written.ended)
    return Shown(bench.prompt, written, stages, choices(written, stages), controls.token(places, max(0, len(ids) - 1)))


def current(words: Words, model: str, prompt: str, settings: SamplingSettings) -> Bench:
    """The session's bench for a prompt. Another prompt or model is another one, which begins to write, or has a link's continuations."""
    state = st.session_state
    bench: Bench | None = state.get("bench")
    if bench is not None and (bench.model, bench.prompt) == (model, prompt):
        return bench
    first, bench = bench is None, Bench(model, prompt)
    state["bench"] = bench
    if first and (asked := share.asked("branches")):
        tree = from_link(asked, limits.current().branch_tokens)
        if tree and readable(bench, tree):
            bench.tree = tree
            return bench
        st.info(words("link_refused"), icon=":material/link_off:")
    chosen = controls.chosen_token()
    bench.write(settings)
    state["token"] = chosen if first else None  # a link may ask for a token of what is written now
    return bench


def readable(bench: Bench, tree: Branches) -> bool:
    """Whether the model can read what a link holds: ids that are tokens of its own, and no more than fit its context."""
    try:
        for each in tree.all:
            cache.written(bench.model, bench.prompt, each.ids)
    except AigcError:
        return False
    return True
