"""Next sentence: a probability from [CLS], not a softmax of summed attentions."""

from __future__ import annotations

import streamlit as st

from aigc_core.ui import plain, share
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault
from aigc_core.ui.versus.losses import percent

OTHER = "The red car was very fast."  # of another story; the bundled models know English


def run(asked: Asked) -> Outcome:
    words, model = asked.words, asked.fitting("masked")
    other = st.session_state["unrelated"]
    found = asked.ask("article.next_sentences", model, text=asked.text, other=other)
    width, most = len(found.summed), int(found.summed.argmax())
    values = dict(name=model, width=width, most=most, share=percent(float(found.summed[most])), follows=percent(found.follows))
    verdict = plain.sentence(words, "versus.next_sentence.verdict", **values)

    def detail() -> None:
        pairs = {"follows": (found.first, found.second), "swapped": (found.second, found.first), "unrelated": (found.first, found.other)}
        for column, (name, (first, second)) in zip(st.columns(3, gap="small"), pairs.items()):
            with column:
                st.metric(words(f"versus.next_sentence.{name}"), percent(getattr(found, name)))
                st.caption(plain.sentence(words, "versus.next_sentence.pair", first=first, second=second))
        key = "topic" if found.swapped > 0.5 else "order"
        st.markdown(words(f"versus.next_sentence.{key}", swapped=percent(found.swapped)))

    return Outcome(words("versus.next_sentence.numbers", width=width), percent(found.follows), verdict, detail)


def unrelated(asked: Asked, ran: bool) -> None:
    """The box for the sentence of another story."""
    share.typed("unrelated", asked.words("versus.next_sentence.other"), OTHER)


CARD = Card(
    "next_sentence",
    place=4,
    left=r"\operatorname{softmax}\Big(" + fault(r"\sum_i \mathrm{Attention}(h_i, \dots)") + r"\Big)",
    right=r"p = \operatorname{softmax}\big(W \tanh(W_p\, h_{\text{[CLS]}} + b_p) + b\big)",
    run=run,
    third=unrelated,
)
