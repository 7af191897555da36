"""The textbook article's formula: P(pos) = sin(pos/10000) + cos(pos/10000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions.encoding import Added


@dataclass(frozen=True)
class Article(Added):
    """One number per position, the same in all columns: √2·sin(pos/10000 + π/4), which hardly changes between neighbours.

    LayerNorm (Ba et al. 2016) subtracts the mean over the columns, and with it the whole encoding.
    """

    name = "article"

    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        turn = position / 10000
        return np.sin(turn) + np.cos(turn) + np.zeros_like(column)

    def formula(self, position: int | str, column: int, d_model: int) -> str:
        return f"sin({position} / 10000) + cos({position} / 10000)"


ENCODING = Article()
