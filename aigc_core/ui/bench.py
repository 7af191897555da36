"""What a person does on the generation bench: write, pick, branch, undo; and the tree of continuations that comes of it.

The tree lies in the session, and in the link as token ids (``analysis.branches``): another browser shows the same texts without drawing
anything. Only a single text that was written under the present settings is left out of the link, since they write it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

import streamlit as st

from aigc_core import limits
from aigc_core.analysis.branches import Branch, Branches, from_link, to_link
from aigc_core.analysis.rivals import Choice, choice
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
    """What is to be written: under which settings, after which ids, and the tree that comes of it."""

    settings: SamplingSettings
    after: tuple[int, ...]
    tree: Callable[[tuple[int, ...]], Branches]
    again: bool = False  # these settings would write the whole tree again


@dataclass
class Bench:
    """The continuations of one prompt by one model."""

    model: str
    prompt: str
    tree: Branches = EMPTY
    order: Order | None = None  # what is being written
    written_by: SamplingSettings | None = None  # the settings that write the whole tree again; None where no settings would
    past: list[tuple[Branches, SamplingSettings | None]] = field(default_factory=list)
    problem: AigcError | None = None  # why the last thing could not be done; told once

    def become(self, tree: Callable[[], Branches], written_by: SamplingSettings | None = None) -> bool:
        """The tree after something was done, if it can be done and the model can read it; what was before can be had back.

        Old controls can be clicked while a text is being written: then that is given up, since its tree is no more.
        """
        self.cancel()
        try:
            grown = tree()
            cache.written(self.model, self.prompt, grown.active.ids)
        except AigcError as problem:
            if self.tree == EMPTY:
                raise
            self.problem = problem
            return False
        if grown != self.tree and self.tree != EMPTY:
            self.past.append((self.tree, self.written_by))
            del self.past[:-MOST_UNDO]
        self.tree, self.written_by = grown, written_by
        return True

    def cancel(self) -> None:
        if self.order is not None:
            self.order = None
            running.forget("writing")

    def undo(self) -> None:
        if self.order is not None:
            self.cancel()
        elif self.past:
            self.tree, self.written_by = self.past.pop()
        st.session_state["token"] = None

    def write(self, settings: SamplingSettings) -> None:
        """The open branch anew, from its first token on."""
        tree = self.tree
        self._order(Order(settings, (), tree.written, again=len(tree.all) == 1))

    def write_on(self, settings: SamplingSettings) -> None:
        """More tokens at the end of the open branch."""
        tree = self.tree
        ids = tree.active.ids
        self._order(Order(self.fitting(settings, len(ids)), ids, lambda more: tree.written((*ids, *more))))

    def branch(self, settings: SamplingSettings, step: int) -> None:
        """A new branch that leaves the open one before a token."""
        tree = self.tree
        ids = tree.active.ids[:step]
        self._order(Order(self.fitting(settings, step), ids, lambda more: tree.grown((*ids, *more), "drawn")))

    def pick(self, step: int, token_id: int) -> None:
        """Another token by hand; the place after it is looked at next."""
        same = self.tree.active.ids[step : step + 1] == (token_id,)
        if self.become(lambda: self.tree.picked(step, token_id), self.written_by if same else None):
            controls.choose_token(step + 1)

    def open(self, index: int, token: int | None = None) -> None:
        self.cancel()
        self.tree = replace(self.tree, open=index)
        st.session_state["token"] = token

    def prune(self, index: int) -> None:
        self.become(lambda: self.tree.pruned(index))
        st.session_state["token"] = None

    def rename(self, index: int, name: str) -> None:
        self.become(lambda: self.tree.renamed(index, name))

    def add(self, ids: tuple[int, ...], origin: str, name: str) -> None:
        """A continuation that another way of decoding has found."""
        self.become(lambda: self.tree.joined(name, ids, origin))

    def room(self, length: int) -> int:
        """How many tokens may follow the first ``length`` of the open branch."""
        written = cache.written(self.model, self.prompt, self.tree.active.ids)
        allowed = limits.current().branch_tokens - length
        return allowed if written.room is None else min(allowed, written.room + len(written.tokens) - length)

    def fitting(self, settings: SamplingSettings, length: int) -> SamplingSettings:
        """The settings, with no more new tokens than there is room for."""
        return replace(settings, max_new_tokens=max(1, min(settings.max_new_tokens, self.room(length))))

    def _order(self, order: Order) -> None:
        self.cancel()
        self.order, st.session_state["token"] = order, None

    def stream(self, words: Words) -> running.Running | None:
        """What is being written; None where nothing is. What is refused is told, and the texts that are there stay."""
        if self.order is None:
            return None
        asked = dict(prompt=self.prompt, settings=self.order.settings, after=self.order.after)
        try:
            return running.current("writing", "decoding.sample", self.model, choice, **asked)
        except AigcError as problem:
            if self.tree == EMPTY:
                st.session_state["bench"] = None  # the next run asks with what the settings are then
                raise
            self.order = None
            plain.error(words, problem)
            return None

    def tell(self, words: Words) -> None:
        """Why the last thing could not be done, once."""
        if self.problem:
            plain.error(words, self.problem)
            self.problem = None

    def take(self, written: running.Running) -> None:
        """What was written, all of it or up to where it was stopped, into the tree."""
        order, self.order = self.order, None
        ids = tuple(each.token.id for each in written.items)
        self.become(lambda: order.tree(ids), order.settings if order.again and not written.stopped else None)

    def keep(self, settings: SamplingSettings) -> None:
        """Writes the tree to the link, where the link's settings do not write it again."""
        again = self.tree == EMPTY or self.written_by == settings
        if share.asked("branches") is None:  # else a link's tree waits for its model
            share.mirror("branches", "" if again else to_link(self.tree), default="")


@dataclass(frozen=True)
class Shown:
    """The open branch as the page shows it: every token under the present settings, and the place that is looked at."""

    prompt: str
    written: Written
    stages: Stages  # of the place that is looked at
    choices: list[Choice]
    chosen: int  # 0 is the first token's place; the number of tokens is the place after them
    follows: bool  # whether another token may follow

    @property
    def taken(self) -> Token | None:
        """What stands at the chosen place; None at the place after all."""
        return self.written.tokens[self.chosen] if self.chosen < len(self.written.tokens) else None

    def pieces(self, words: Words) -> list[Piece]:
        """The text, and after it the place where it could go on."""
        written = panels.written(self.prompt, self.choices, words)
        if not self.follows:
            return written
        return [*written, Piece(NEXT, theme(controls.is_dark()).grid, words("next_detail"), bar=0.0)]


def read(bench: Bench, settings: SamplingSettings, ids: tuple[int, ...] | None = None) -> Shown:
    """A branch (the open one, or the one with these ids) read under the settings. Only tokens that were never read run the model."""
    ids = bench.tree.active.ids if ids is None else ids
    written = cache.written(bench.model, bench.prompt, ids)
    follows = not written.ended and written.room != 0 and len(ids) < limits.current().branch_tokens
    chosen = controls.token(max(1, len(ids) + follows), max(0, len(ids) - 1))
    stages = cache.stages(bench.model, bench.prompt, ids, settings, chosen)
    return Shown(bench.prompt, written, stages, cache.choices(bench.model, bench.prompt, ids, settings), chosen, follows)


def current(words: Words, model: str, prompt: str, settings: SamplingSettings) -> Bench:
    """The session's bench for a prompt. Another prompt or model is another one, which begins to write, or has a link's continuations."""
    state = st.session_state
    bench: Bench | None = state.get("bench")
    if bench is not None and (bench.model, bench.prompt) == (model, prompt):
        return bench
    first, bench = bench is None, Bench(model, prompt)
    state["bench"] = bench
    wanted = share.asked("model") in (None, model)
    if (asked := share.asked("branches")) and (wanted or state.get("model_settled")):
        state["asked_branches"] = None  # once; until then it waits in the address for the link's own model
        tree = from_link(asked, limits.current().branch_tokens) if wanted else None
        if tree and readable(bench, tree):
            bench.tree = tree
            return bench
        if wanted:
            st.info(words("link_refused"), icon=":material/link_off:")
    chosen = controls.chosen_token()
    bench.write(settings)
    state["token"] = chosen if first else None  # a link may ask for a token of what is written now
    return bench


# the widgets of the settings by their keys, where those are other names
WIDGETS = {"max_new_tokens": "length"}


def now(settings: SamplingSettings) -> SamplingSettings:
    """The settings as the widgets have them at a click: what was typed just before it comes with it, and no run has read it yet."""
    keys = {each.name: WIDGETS.get(each.name, each.name) for each in fields(settings)}
    return replace(settings, **{name: st.session_state[key] for name, key in keys.items() if key in st.session_state})


def readable(bench: Bench, tree: Branches) -> bool:
    """Whether the model can read what a link holds: ids that are tokens of its own, and no more than fit its context."""
    try:
        for each in tree.all:
            cache.written(bench.model, bench.prompt, each.ids)
    except AigcError:
        return False
    return True
