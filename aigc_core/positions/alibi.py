"""ALiBi, attention with linear biases (Press et al. 2022): the farther a key, the lower its score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions.encoding import Biasing, check_size, plain


@dataclass(frozen=True)
class Alibi(Biasing):
    """bias = −slope · |query − key|, each head with a slope of its own.

    The paper's models write left to right, so that key ≤ query; above the diagonal the distance counts alike.
    """

    name = "alibi"

    def exponents(self, n_heads: int) -> np.ndarray:
        """[head]: a slope is 2 to the minus this. For n heads, n a power of two: 8/n, 16/n, … 8. For others those of the next lower
        power m, then every other one of 2m, as in the paper's own program."""
        check_size("n_heads", n_heads)
        m = 2 ** (n_heads.bit_length() - 1)
        return np.concatenate([8 / m * np.arange(1, m + 1), 4 / m * np.arange(1, 2 * (n_heads - m), 2)])

    def slopes(self, n_heads: int) -> np.ndarray:
        """float64 [head]."""
        return 2.0 ** -self.exponents(n_heads)

    def values(self, distance: np.ndarray, n_heads: int) -> np.ndarray:
        return np.multiply.outer(-self.slopes(n_heads), np.abs(distance))

    def template(self, head: int, distance: int, n_heads: int) -> str:
        return f"−2^(−{plain(self.exponents(n_heads)[head])}) × |{{query}} − {{key}}| = {{value}}"


ENCODING = Alibi()
