"""Rotary encoding (Su et al. 2021): queries and keys are turned by their position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions.encoding import Rotating, check_even, check_positive, plain


@dataclass(frozen=True)
class Rotary(Rotating):
    """Pair i of d/2 turns by pos / base^(2i/d); a pair is dimension i with i + d/2, as in Llama and GPT-NeoX.

    Two ways to reach beyond the trained length by a factor: ``interpolation`` squeezes the positions, pos → pos / factor (Chen et al.
    2023); ``ntk`` widens the base, base → base · factor^(d/(d−2)), so that the slowest pair is slowed by the factor and the fastest not
    at all (bloc97 2023).
    """

    name = "rotary"
    base: float = 10000.0
    interpolation: float = 1.0
    ntk: float = 1.0

    def __post_init__(self) -> None:
        for name in ("base", "interpolation", "ntk"):
            check_positive(name, getattr(self, name))

    def angles(self, positions: np.ndarray, d_head: int) -> np.ndarray:
        check_even("d_head", d_head)
        frequency = self.widened(d_head) ** (-np.arange(0, d_head, 2) / d_head)  # [pair]
        return np.asarray(positions)[:, None] / self.interpolation * frequency

    def widened(self, d_head: int) -> float:
        """The base after NTK scaling; with a single pair it does not matter, whose speed is base^0."""
        return self.base * self.ntk ** (d_head / max(d_head - 2, 1))

    def rotate(self, x: np.ndarray, positions: np.ndarray) -> np.ndarray:
        angle = self.angles(positions, x.shape[-1])
        first, second = np.split(x, 2, axis=-1)  # [position, pair]
        turned = first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)
        return np.concatenate(turned, axis=-1).astype(np.float32)

    def pairs(self, d_head: int) -> np.ndarray:
        check_even("d_head", d_head)
        return np.arange(d_head).reshape(2, -1).T

    def template(self, pair: int, d_head: int) -> str:
        place = "{pos}" if self.interpolation == 1 else f"({{pos}} / {plain(self.interpolation)})"
        return f"{place} / {plain(self.widened(d_head))}^({2 * pair}/{d_head}) = {{value}} rad"


ENCODING = Rotary()
