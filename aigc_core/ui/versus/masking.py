"""The masked objective: the loss counts where the answer was taken away."""

from __future__ import annotations

import streamlit as st

from aigc_core.article import CHOSEN, DRAWS
from aigc_core.figures.labels import visible
from aigc_core.ui import plain
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault
from aigc_core.ui.versus.losses import strip


def run(asked: Asked) -> Outcome:
    words, model = asked.words, asked.fitting("masked")
    found = asked.ask("article.masking", model, text=asked.text, seed=asked.seed)
    values = dict(name=model, copying=f"{found.copying:.2f}", average=f"{found.average:.2f}", draws=DRAWS)
    verdict = plain.sentence(words, f"versus.masking.{'easier' if found.copying < found.average else 'harder'}", **values)

    def detail() -> None:
        fates = words.table("versus.fate")
        st.caption(words("versus.masking.whole"))
        strip(found.tokens, found.copied, asked, "versus_copied")
        counts = {name: found.fates.count(name) for name in ("mask", "random", "kept")}
        chosen, count = sum(counts.values()), sum(not token.special for token in found.tokens)
        st.caption(words("versus.masking.drawn", chosen=chosen, count=count, share=f"{CHOSEN:.0%}", loss=f"{found.loss:.2f}", **counts))
        notes = [f"{fates[fate]}: {visible(was.text)}" if fate else "" for fate, was in zip(found.fates, found.tokens)]
        strip(found.corrupted, found.losses, asked, "versus_losses", notes)

    return Outcome(f"{found.copying:.2f}", f"{found.average:.2f}", verdict, detail)


CARD = Card(
    "masking",
    place=3,
    left=r"\operatorname{softmax}\Big(" + fault(r"\sum_i") + r" \mathrm{Attention}(h_i, " + fault(r"x_1 \dots x_n") + r")\Big)",
    right=r"L = -\tfrac{1}{|M|} \sum_{i \in M} \log P(x_i \mid \tilde{x})",
    run=run,
    draws=True,
)
