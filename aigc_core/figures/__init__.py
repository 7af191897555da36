"""Pure functions from records and words to Plotly figures; nothing is displayed here.

Plotly is imported with the first figure: the home page, which draws none, is painted without waiting for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigc_core.figures.attention import attention_heatmap
    from aigc_core.figures.branches import branches_tree
    from aigc_core.figures.layers import layers_heatmap, pair_heatmap
    from aigc_core.figures.lens import lens_bars
    from aigc_core.figures.order import order_dots
    from aigc_core.figures.penalty import penalty_lines
    from aigc_core.figures.reliance import reliance_bars
    from aigc_core.figures.sampling import rivals_bars, vocabulary_curve

__all__ = [
    "attention_heatmap",
    "branches_tree",
    "layers_heatmap",
    "lens_bars",
    "order_dots",
    "pair_heatmap",
    "penalty_lines",
    "reliance_bars",
    "rivals_bars",
    "vocabulary_curve",
]
WHERE = {
    "attention_heatmap": "attention",
    "branches_tree": "branches",
    "layers_heatmap": "layers",
    "lens_bars": "lens",
    "order_dots": "order",
    "pair_heatmap": "layers",
    "penalty_lines": "penalty",
    "reliance_bars": "reliance",
    "rivals_bars": "sampling",
    "vocabulary_curve": "sampling",
}


def __getattr__(name: str) -> object:
    if name not in WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{WHERE[name]}"), name)
