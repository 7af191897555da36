"""The tokens that competed for one place, before and after the settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aigc_core.traces import SamplingStep, Stages, Token, Written


@dataclass(frozen=True)
class Rival:
    """One candidate: its probability before any setting and after all, and whether a filter removed it."""

    token: Token
    before: float
    after: float
    removed: bool = False
    taken: bool = False


@dataclass(frozen=True)
class Choice:
    """A sampling step without its arrays: what was taken, among whom, and how many of the vocabulary the filters left."""

    token: Token
    probability: float  # of the token taken, after the settings
    rivals: tuple[Rival, ...]  # best first by the model's own probability
    remaining: int
    vocabulary: int
    is_end: bool
    bits: float  # surprisal of the token taken, −log₂ of the model's own probability


def softmax(logits: np.ndarray) -> np.ndarray:
    """[..., vocab] → probabilities; −inf becomes 0. Computed in float64, returned as float32."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)


def surprisal(logits: np.ndarray, token_id: int) -> float:
    """−log₂ of a token's probability under logits [vocab], in bits; by logarithms throughout, so that the least probable has one, too."""
    wide = logits.astype(np.float64) - logits.max()
    return float((np.log(np.exp(wide).sum()) - wide[token_id]) / np.log(2))


def choice(step: SamplingStep) -> Choice:
    """Folds a step [vocab] to its candidates; the probabilities stay those over the full vocabulary."""
    return among(step, step.token, step.candidates, step.is_end)


def among(stages: Stages, token: Token, candidates: Sequence[Token], is_end: bool) -> Choice:
    """What one of the candidates was taken among."""
    before = softmax(stages.logits)
    removed = np.isneginf(list(stages.stages.values())[-1] if stages.stages else stages.logits)
    rivals = tuple(
        Rival(each, float(before[each.id]), float(stages.probabilities[each.id]), bool(removed[each.id]), each.id == token.id)
        for each in candidates
    )
    return Choice(
        token,
        float(stages.probabilities[token.id]),
        rivals,
        int((~removed).sum()),
        len(removed),
        is_end,
        surprisal(stages.logits, token.id),
    )


def choices(written: Written, read: Iterable[Stages]) -> list[Choice]:
    """Every token of a written text among the model's own best for its place, under the settings that ``read`` was made with."""
    last = len(written.tokens) - 1
    return [
        among(stages, token, best if token in best else (*best, token), written.ended and place == last)
        for place, (stages, token, best) in enumerate(zip(read, written.tokens, written.best))
    ]
