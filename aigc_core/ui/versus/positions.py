"""Positional encoding: one number a position, or a vector of sinusoids."""

from __future__ import annotations

import streamlit as st

from aigc_core import figures, positions
from aigc_core.figures.labels import magnitude
from aigc_core.traces import OrderTest
from aigc_core.ui import controls, plain
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault
from aigc_core.ui.views import order

KINDS = ("masked", "causal")


def test(asked: Asked, encoding: positions.Encoding) -> OrderTest:
    """With the words in another order where only an encoding can reveal it; beside no encoding where a causal mask does, too."""
    model = asked.fitting(*KINDS)
    if controls.kind(model) == "causal":
        return asked.ask("order.against_none", model, text=asked.text, encoding=encoding)
    return asked.ask("order.shuffled", model, text=asked.text, encoding=encoding, seed=asked.seed)


def verdict(asked: Asked, found: OrderTest, name: str) -> str:
    """What one encoding tells the model."""
    if controls.kind(found.model) == "causal":
        return order.against(found, name, asked.words)
    return order.verdict(found, name, asked.words)


def run(asked: Asked) -> Outcome:
    names, named = asked.words.table("order.encoding"), asked.words.table("order.named")
    article, real = (test(asked, positions.ENCODINGS[name]) for name in ("article", "sinusoidal"))
    said = "\n\n".join(verdict(asked, found, named[found.encoding]) for found in (article, real))

    def detail() -> None:
        figure = figures.order_dots({names[each.encoding]: each for each in (real, article)}, asked.words, asked.dark, height=280)
        alt = said.replace("\\", "").replace("*", "")
        st.plotly_chart(figure, theme=None, key="versus_dots", alt=alt, config={"displayModeBar": False})

    return Outcome(magnitude(article.largest), magnitude(real.largest), said, detail)


def own(asked: Asked, ran: bool) -> None:
    """The learner's formula under the same test."""
    words = asked.words
    st.markdown(f"**{words('versus.side.own')}**")
    typed = order.formula(words, "versus.positions.formula")
    st.caption(words("versus.positions.own"))
    number = st.empty()
    number.metric(words("versus.positions.measure"), "–")
    with plain.told(words):
        encoding = positions.custom(typed)
        if ran:
            found = test(asked, encoding)
            number.metric(words("versus.positions.measure"), magnitude(found.largest))
            st.markdown(words("versus.positions.own_tells" if found.tells else "versus.positions.own_blind"))


CARD = Card(
    "positions",
    place=0,
    left=r"P(pos) = " + fault(r"\sin\tfrac{pos}{10000} + \cos\tfrac{pos}{10000}"),
    right=r"\begin{aligned} PE(pos, 2i) &= \sin\tfrac{pos}{10000^{2i/d}} \\ PE(pos, 2i{+}1) &= \cos\tfrac{pos}{10000^{2i/d}} \end{aligned}",
    run=run,
    draws=True,
    third=own,
)
