"""What every card is: two lines side by side, one button that runs both, a number for each, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from aigc_core.errors import AigcError
from aigc_core.figures import theme
from aigc_core.models.cards import catalogue
from aigc_core.text import Words
from aigc_core.ui import cache, controls, plain, share

COLOURS = {"QUERY": theme.QUERY, "KEY": theme.KEY, "VALUE": theme.VALUE, "OUTPUT": theme.OUTPUT}


def fault(part: str) -> str:
    """A part of a formula in KaTeX that does not do what it is meant to: underlined, in the colour of a mark."""
    return rf"\textcolor{{FAULT}}{{\underline{{{part}}}}}"


def role(name: str, part: str) -> str:
    """A part in the colour of its role: QUERY, KEY, VALUE or OUTPUT."""
    return rf"\textcolor{{{name}}}{{{part}}}"


@dataclass(frozen=True)
class Asked:
    """What a card's test is run on."""

    words: Words
    model: str
    text: str
    seed: int
    dark: bool

    def fitting(self, *kinds: str) -> str:
        """The page's model where its kind is one of these, else the first bundled one that is."""
        if controls.kind(self.model) in kinds:
            return self.model
        for card in catalogue():
            if card.kind in kinds:
                return card.name
        raise AigcError("none_bundled")

    def ask(self, operation: str, model: str, **arguments: object) -> object:
        """The backend's record; says what is loading meanwhile."""
        with cache.loading(self.words, model):
            return cache.ask(operation, model, **arguments)


@dataclass(frozen=True)
class Outcome:
    """What the test gave: a number for each line, the verdict in Markdown, and what else is to be seen."""

    left: str
    right: str
    verdict: str
    detail: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Card:
    """One comparison. The formulas are KaTeX, in one line or more; ``fault`` marks in them what does not work."""

    name: str
    place: int  # among the cards
    left: str
    right: str
    run: Callable[[Asked], Outcome]
    sides: tuple[str, str] = ("article", "real")  # their titles, of the table versus.side
    draws: bool = False  # whether chance has a part in the test
    third: Callable[[Asked, bool], None] | None = None  # a slot for the learner's own; the flag: whether the card has been run


def draw(card: Card, words: Words, model: str, text: str) -> None:
    """The card; once run, its numbers follow the text, the model and the language."""
    seed, dark = drawn(card), controls.is_dark()
    asked = Asked(words, model, text, seed or 0, dark)
    ran = seed is not None
    columns = st.columns(2, gap="small", border=True)
    numbers = [side(card, *each, words, dark) for each in zip(("left", "right"), card.sides, columns)]
    if card.third:
        with st.container(border=True):
            card.third(asked, ran)
    with st.container(horizontal=True, vertical_alignment="center"):
        run_button(card, ran, words)
        st.caption(words(f"versus.{card.name}.source"), width="stretch")
    if not ran:
        return
    with plain.told(words):
        outcome = card.run(asked)
        for number, value in zip(numbers, (outcome.left, outcome.right)):
            number.metric(words(f"versus.{card.name}.measure"), value)
        st.markdown(outcome.verdict)
        outcome.detail()


def drawn(card: Card) -> int | None:
    """The draw by which the card was run last, None where it has not been: in the link, which restores that of the card it opens."""
    state, key = st.session_state, f"versus_{card.name}"
    if not state.setdefault("versus_opened", False):
        state["versus_opened"], wanted = True, share.asked("run")
        if wanted and wanted.isascii() and wanted.isdecimal() and len(wanted) < 7:
            state.setdefault(key, int(wanted))
    seed = state.get(key)
    share.mirror("run", "" if seed is None else str(seed), default="")
    return seed


def side(card: Card, which: str, title: str, column: object, words: Words, dark: bool) -> object:
    """One line: title, formula, what it says, and the place for its number, which both cards have at their foot."""
    with column, st.container(height="stretch", vertical_alignment="distribute"):
        with st.container():
            st.markdown(f"**{words(f'versus.side.{title}')}**")
            lines = coloured(getattr(card, which), dark).splitlines()
            st.markdown("  \n".join(f"$\\displaystyle {line}$" for line in lines))  # each may break where the card is narrow
            st.caption(words(f"versus.{card.name}.{which}"))
        number = st.empty()
        number.metric(words(f"versus.{card.name}.measure"), "–")
    return number


def coloured(formula: str, dark: bool) -> str:
    """The formula with the colours of this appearance."""
    for name, colour in (COLOURS | {"FAULT": theme.theme(dark).accent}).items():
        formula = formula.replace(f"{{{name}}}", f"{{{colour}}}")
    return formula


def run_button(card: Card, ran: bool, words: Words) -> None:
    """Runs both; later draws anew, or says why there is nothing to draw."""
    state, key = st.session_state, f"versus_{card.name}"
    st.button(
        words("versus.again" if ran and card.draws else "versus.run"),
        key=f"{key}_run",
        icon=":material/casino:" if ran and card.draws else ":material/play_arrow:",
        type="secondary" if ran else "primary",
        disabled=ran and not card.draws,
        help=words("versus.no_chance") if ran and not card.draws else None,
        on_click=lambda: state.update({key: state.get(key, -1) + 1}),
    )
