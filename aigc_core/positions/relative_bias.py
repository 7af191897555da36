"""T5's relative bias (Raffel et al. 2020, §2.1): distances fall into buckets, and each head has learned a number for each bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_core.errors import AigcError
from aigc_core.models import tables
from aigc_core.positions.encoding import Biasing

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


def buckets(distance: np.ndarray, n_buckets: int, max_distance: int, bidirectional: bool) -> np.ndarray:
    """The bucket of each distance key − query: one for each short distance, then wider ones by its logarithm, up to ``max_distance``.

    In both directions the upper half of the buckets is for later keys; in one, all later keys share bucket 0 (they are masked).
    """
    distance = np.asarray(distance)
    first = np.zeros_like(distance)
    if bidirectional:
        n_buckets //= 2
        first, distance = n_buckets * (distance > 0), np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = n_buckets // 2  # distances with a bucket of their own
    octave = np.log(np.maximum(distance, exact) / exact) / np.log(max_distance / exact)  # 0 … 1
    far = np.minimum(exact + (octave * (n_buckets - exact)).astype(int), n_buckets - 1)
    return first + np.where(distance < exact, distance, far)


@dataclass(frozen=True, eq=False)
class RelativeBias(Biasing):
    """The loaded model's own: bias = weights[bucket(key − query), head], the same in every layer."""

    name = "relative_bias"
    weights: np.ndarray  # float32 [bucket, head]
    max_distance: int
    bidirectional: bool

    def bucket(self, distance: np.ndarray) -> np.ndarray:
        """Of distances key − query."""
        return buckets(distance, len(self.weights), self.max_distance, self.bidirectional)

    @property
    def n_heads(self) -> int:
        return self.weights.shape[1]

    def values(self, distance: np.ndarray, n_heads: int) -> np.ndarray:
        self.check_heads(n_heads)
        return np.moveaxis(self.weights[self.bucket(distance)], -1, 0)

    def template(self, head: int, distance: int, n_heads: int) -> str:
        bucket = int(self.bucket(np.array(distance)))
        return f"bucket({{key}} − {{query}}) = {bucket}, b[{bucket}, {head}] = {{value}}"

    def check_heads(self, n_heads: int) -> None:
        if n_heads != self.n_heads:
            raise AigcError("setting", name="n_heads", expected=self.n_heads, found=n_heads)


def from_model(model: LanguageModel) -> RelativeBias:
    """The model's own, of a translator its encoder's. Raises AigcError: no_relative_bias, for a model that has none."""
    return RelativeBias(*tables.relative_bias(model))
