"""Positional encoding: one number a position, or a vector of sinusoids."""

from __future__ import annotations

import streamlit as st

from aigc_core import figures, positions
from aigc_core.figures.labels import magnitude
from aigc_core.traces import OrderTest
from aigc_core.ui import plain
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault
from aigc_core.ui.views import order
from aigc_core.ui.views.encoding_settings import formula_box


def tested(asked: Asked, encoding: positions.Encoding) -> OrderTest:
    """With the words in another order, on a model that reads both ways: a causal mask would reveal the order by itself."""
    return asked.ask("order.shuffled", asked.fitting("masked"), text=asked.text, encoding=encoding, seed=asked.seed)


def run(asked: Asked) -> Outcome:
    names = asked.words.table("encoding")
    article, real = (tested(asked, positions.ENCODINGS[name]) for name in ("article", "sinusoidal"))
    said = "\n\n".join(order.verdict(found, asked.text, asked.words) for found in (article, real))

    def detail() -> None:
        figure = figures.order_dots({names[each.encoding]: each for each in (real, article)}, asked.words, asked.dark, height=280)
        alt = said.replace("\\", "").replace("*", "")
        st.plotly_chart(figure, theme=None, key="versus_dots", alt=alt, config={"displayModeBar": False})

    return Outcome(magnitude(article.largest), magnitude(real.largest), said, detail)


def own(asked: Asked, ran: bool) -> None:
    """The learner's formula under the same test."""
    words = asked.words
    formula, result = st.columns([3, 2], gap="medium")
    with formula:
        st.markdown(f"**{words('versus.side.own')}**")
        typed = formula_box(words, label="versus.positions.formula")
    with result, plain.told(words):
        number = st.empty()
        number.metric(words("versus.positions.measure"), "–")
        encoding = positions.custom(typed)
        if ran:
            found = tested(asked, encoding)
            number.metric(words("versus.positions.measure"), magnitude(found.largest))
            outcomes = ("versus.positions.own_blind", "versus.positions.own_hardly", "versus.positions.own_tells")
            st.caption(words(outcomes[found.level]))


CARD = Card(
    "positions",
    place=0,
    left=r"P(pos) = " + fault(r"\sin\tfrac{pos}{10000} + \cos\tfrac{pos}{10000}"),
    right="PE(pos, 2i) = \\sin\\tfrac{pos}{10000^{2i/d}}\nPE(pos, 2i{+}1) = \\cos\\tfrac{pos}{10000^{2i/d}}",
    run=run,
    draws=True,
    third=own,
)
