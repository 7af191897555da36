"""What GPT is trained on: not masks and sentence pairs, but the next token."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aigc_core.article import Objective, Rightwards
from aigc_core.figures.labels import magnitude, visible
from aigc_core.ui import plain
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault
from aigc_core.ui.versus.losses import percent, strip


def run(asked: Asked) -> Outcome:
    words, (gpt, bert) = asked.words, (asked.fitting(kind) for kind in ("causal", "masked"))
    sees, blind = (asked.ask("article.rightwards", model, text=asked.text, seed=asked.seed) for model in (bert, gpt))
    learned = asked.ask("article.objective", gpt, text=asked.text)
    filled = asked.ask("article.masking", bert, text=asked.text, seed=asked.seed)
    changes = dict(changed=magnitude(sees.largest), unchanged=magnitude(blind.largest), word=sees.word)
    chances = dict(before=percent(sees.before), after=percent(sees.after), same=percent(blind.before), still=percent(blind.after))
    verdict = plain.sentence(words, "versus.objective.verdict", gpt=gpt, bert=bert, **changes, **chances)

    def detail() -> None:
        first_pieces((blind, sees), asked)
        right_sides((blind, sees), asked)
        mask(learned, asked)
        n = int((~np.isnan(learned.losses)).sum())
        lost = dict(gpt=gpt, loss=f"{learned.loss:.2f}", terms=n)
        st.markdown(plain.sentence(words, "versus.objective.learned", **lost))
        strip(learned.tokens, learned.losses, asked, "versus_learned")
        chosen = sum(bool(fate) for fate in filled.fates)
        st.markdown(plain.sentence(words, "versus.objective.filled", bert=bert, loss=f"{filled.loss:.2f}", terms=chosen))
        strip(filled.corrupted, filled.losses, asked, "versus_filled")
        st.caption(words("versus.objective.apart"))

    return Outcome(magnitude(sees.largest), magnitude(blind.largest), verdict, detail)


def first_pieces(found: tuple[Rightwards, ...], asked: Asked) -> None:
    """What P is of, where a model reads the word in several pieces."""
    for each in found:
        if len(each.pieces) > 1:
            values = dict(name=each.model, word=each.word, count=len(each.pieces), piece=visible(each.pieces[0].text))
            st.caption(plain.sentence(asked.words, "versus.objective.in_pieces", **values))


def right_sides(found: tuple[Rightwards, ...], asked: Asked) -> None:
    """What stood to the right of the word, and what was put there: as the first model read it."""
    first = found[0]
    right = "".join(token.text for token in first.replaced[first.place + len(first.pieces) :])
    st.caption(plain.sentence(asked.words, "versus.objective.replaced", right=visible(right), name=first.model))


def mask(learned: Objective, asked: Asked) -> None:
    """What [MASK] is to this model."""
    pieces = "  ".join(visible(token.text) for token in learned.mask)
    key = "versus.objective.has_mask" if learned.has_mask else "versus.objective.no_mask"
    st.markdown(plain.sentence(asked.words, key, gpt=learned.model, count=len(learned.mask), pieces=pieces))


CARD = Card(
    "objective",
    place=2,
    left=r"L_{\text{GPT}} = " + fault(r"L_{\text{MLM}} + L_{\text{NSP}}"),
    right=r"L_1 = \sum_i \log P(u_i \mid u_{i-k}, \dots, u_{i-1}; \Theta)",
    run=run,
    draws=True,
)
