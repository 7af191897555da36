"""The way from logits to a token as a table: a row for each candidate, a column for each setting and the quantity on which it decides.

Rows stand by what the penalty and the temperature leave, the best first; the filters then cut from below, so that what is left of the
vocabulary is always a beginning of this order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from aigc_core.analysis.heads import entropy
from aigc_core.analysis.rivals import softmax
from aigc_core.traces import Stages

FILTERS = ("top_k", "top_p", "min_p")


@dataclass(frozen=True, eq=False)
class Columns:
    """The first rows of the table. Arrays run along the rows; what is off is not in ``decides``."""

    ids: np.ndarray  # int [row]
    ranks: np.ndarray  # int [row], among the vocabulary; 1 is the best
    logits: np.ndarray  # the model's own
    penalized: np.ndarray  # after the repetition penalty
    occurred: np.ndarray  # bool: the token has occurred, so that the penalty acts on it
    tempered: np.ndarray  # ÷ temperature
    decides: Mapping[str, np.ndarray]  # top_k: rank, 1 is the best; top_p: running sum, its own share included; min_p: share of the best's
    left: Mapping[str, int]  # how many of the vocabulary each filter leaves
    own: np.ndarray  # the model's own probability
    probabilities: np.ndarray  # the final one
    sums: np.ndarray  # its running sum
    vocabulary: int

    @property
    def remaining(self) -> int:
        """How many tokens can be drawn: the first so many rows."""
        return min([self.vocabulary, *self.left.values()])


def columns(stages: Stages, occurred: Collection[int], rows: int, also: Collection[int] = ()) -> Columns:
    """The first ``rows`` rows over the full vocabulary, and those of the ids ``also``. ``occurred``: ids before this place."""
    known = stages.stages
    penalized = known.get("repetition_penalty", stages.logits)
    tempered = known.get("temperature", penalized)
    # of equal candidates a filter may take either: what it left stands first, so that it always is a beginning of this order
    survived = sum((np.isfinite(known[name]).astype(int) for name in FILTERS if name in known), start=np.zeros(len(tempered), int))
    order = np.lexsort((np.arange(len(tempered)), -tempered, -survived))
    decides, left, before = {}, {}, tempered
    for name in FILTERS:
        if name not in known:
            continue
        shares = softmax(before[order])  # [row], of what the filters before have left
        decides[name] = {
            "top_k": np.arange(1, len(order) + 1),
            "top_p": shares.astype(np.float64).cumsum(),
            "min_p": shares / shares[0],
        }[name]
        before = known[name]
        left[name] = int(np.isfinite(before).sum())
    shown = np.union1d(np.arange(min(rows, len(order))), np.flatnonzero(np.isin(order, list(also)))).astype(int)
    first, seen = order[shown], np.zeros(len(order), bool)
    seen[list(occurred)] = "repetition_penalty" in known
    return Columns(
        ids=first,
        ranks=shown + 1,
        logits=stages.logits[first],
        penalized=penalized[first],
        occurred=seen[first],
        tempered=tempered[first],
        decides={name: values[shown] for name, values in decides.items()},
        left=left,
        own=softmax(stages.logits)[first],
        probabilities=stages.probabilities[first],
        sums=stages.running_sum[shown],  # the same order, as far as there is anything left
        vocabulary=len(order),
    )


@dataclass(frozen=True)
class Spread:
    """How open a choice is: entropy in bits, and perplexity, the number of equally likely tokens that would leave it as open."""

    bits: float

    @property
    def perplexity(self) -> float:
        return 2.0**self.bits


def spread(probabilities: np.ndarray) -> Spread:
    """Of a distribution [vocab]: −Σ p log₂ p (Shannon 1948)."""
    return Spread(max(0.0, float(entropy(probabilities.astype(np.float64)) / np.log(2))))


def repetition(ids: Collection[int], n: int = 3) -> float | None:
    """The share of n-grams that have occurred before in the text, 1 − different ÷ all (seq-rep-n, Welleck et al. 2020, §5); None for a
    text of fewer than n tokens."""
    grams = list(zip(*(list(ids)[start:] for start in range(n))))
    return 1 - len(set(grams)) / len(grams) if grams else None
