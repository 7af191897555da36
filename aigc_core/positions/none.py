"""No encoding: nothing is added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_core.positions.encoding import Added


@dataclass(frozen=True)
class NoEncoding(Added):
    """Zeros: a model without a causal mask then cannot tell one order of its words from another."""

    name = "none"

    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        return np.zeros(np.broadcast_shapes(position.shape, column.shape))

    def formula(self, position: int | str, column: int, d_model: int) -> str:
        return "0"

    def template(self, column: int, d_model: int) -> str:
        return "0"


ENCODING = NoEncoding()
