"""The learner's own formula in pos, i and d."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions import formula
from aigc_core.positions.encoding import Added


@dataclass(frozen=True)
class Custom(Added):
    """``text`` over the position pos, the column i = 0 … d−1 and the width d."""

    name = "custom"
    text: str

    def __post_init__(self) -> None:
        formula.parse(self.text)  # refuses what is no formula

    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        return formula.parse(self.text).evaluate(position, column, d_model)

    def formula(self, position: int | str, column: int, d_model: int) -> str:
        return formula.parse(self.text).put_in(pos=position, i=column, d=d_model)


def custom(text: str) -> Custom:
    """``custom("sin(pos / 10000^(i/d))").table(64, 32)``.

    Raises AigcError: formula_…, which names the place of the fault, counted in characters from 1. The table raises formula_value where a
    number is not finite, with its pos and i.
    """
    return Custom(text)
