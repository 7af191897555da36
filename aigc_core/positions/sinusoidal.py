"""Sinusoids of many speeds (Vaswani et al. 2017, §3.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions.encoding import Added, check_even, check_positive, plain


@dataclass(frozen=True)
class Sinusoidal(Added):
    """PE(pos, 2i) = sin(pos / base^(2i/d)), PE(pos, 2i+1) = cos(pos / base^(2i/d)): each pair of columns is a hand that turns."""

    name = "sinusoidal"
    base: float = 10000.0

    def __post_init__(self) -> None:
        check_positive("base", self.base)

    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        angle = position * self.frequency(column - column % 2, d_model)
        return np.where(column % 2 == 0, np.sin(angle), np.cos(angle))

    def formula(self, position: int | str, column: int, d_model: int) -> str:
        return f"{'cos' if column % 2 else 'sin'}({position} / {plain(self.base)}^({column - column % 2}/{d_model}))"

    def frequency(self, even_column: np.ndarray, d_model: int) -> np.ndarray:
        """Radians per position of the pair that begins at an even column."""
        return self.base ** (-even_column / d_model)

    def rotation(self, k: int, d_model: int) -> np.ndarray:
        """R_k, float32 [d_model, d_model], with PE(pos + k) = R_k · PE(pos) for every pos: the same turn of each pair, by the sum formulas

        sin(a + b) = cos b · sin a + sin b · cos a
        cos(a + b) = −sin b · sin a + cos b · cos a
        """
        check_even("d_model", d_model)
        even = np.arange(0, d_model, 2)
        angle = k * self.frequency(even, d_model)  # [pair]
        rotation = np.zeros((d_model, d_model), np.float32)
        rotation[even, even] = rotation[even + 1, even + 1] = np.cos(angle)
        rotation[even, even + 1] = np.sin(angle)
        rotation[even + 1, even] = -np.sin(angle)
        return rotation


ENCODING = Sinusoidal()
