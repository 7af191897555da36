"""Pure functions from records and words to Plotly figures; nothing is displayed here."""

from aigc_core.figures.attention import attention_heatmap
from aigc_core.figures.sampling import rivals_bars

__all__ = ["attention_heatmap", "rivals_bars"]
