"""A table that a model has learned, one row for each position of its context (Gehring et al. 2017; BERT, GPT-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_core.errors import AigcError
from aigc_core.models import tables
from aigc_core.positions.encoding import Added

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


@dataclass(frozen=True, eq=False)
class Learned(Added):
    """The loaded model's own rows; it has none beyond its context."""

    name = "learned"
    rows: np.ndarray  # float32 [position, d_model]

    @property
    def d_model(self) -> int:
        return self.rows.shape[1]

    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        n_ctx, width = self.rows.shape
        if d_model != width:
            raise AigcError("setting", name="d_model", expected=width, found=d_model)
        if np.max(position) >= n_ctx:
            raise AigcError("positions_end", limit=n_ctx, found=int(np.max(position)) + 1)
        return self.rows[position, column].astype(np.float64)

    def formula(self, position: int | str, column: int, d_model: int) -> str:
        return f"P[{position}, {column}]"


def from_model(model: LanguageModel) -> Learned:
    """The model's own table. Raises AigcError: no_position_table, for a model that adds none."""
    return Learned(tables.learned_positions(model))
