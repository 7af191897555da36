"""Next sentence: does the second text follow the first?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


@dataclass(frozen=True)
class NextSentence:
    """What the next-sentence head says: p = softmax(W·tanh(W_p·h_[CLS] + b_p) + b) (Devlin et al. 2019 §3.1); index 0 means "follows"."""

    logits: tuple[float, float]
    probability: float  # that the second text follows


def next_sentence(model: LanguageModel, first: str, second: str) -> NextSentence:
    """Judges a pair. Raises AigcError: wrong_kind_masked, no_pair_head, text_empty, text_long, context_full."""
    import torch

    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "masked")
    if not hasattr(getattr(model.module, "cls", None), "seq_relationship"):
        raise AigcError("no_pair_head", name=model.card.name)
    with torch.inference_mode():
        found = model.module(**encode(model, first, second)).seq_relationship_logits[0].float()
    return NextSentence(tuple(found.tolist()), float(found.softmax(-1)[0]))


def sentences_of(text: str) -> list[str]:
    """A text's sentences: cut after . ! ? and the quotation mark that closes them, and after 。！？, which no space follows."""
    parts = re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"'])\s+|(?<=[。！？])(?![”’」])", text)
    return [sentence for sentence in parts if sentence.strip()]
