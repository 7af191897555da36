"""Colours and the one Plotly template, light and dark.

Colours are a language: the same thing has the same colour in formulas, words and pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): hues that colour-blind eyes tell apart
QUERY, KEY, VALUE, OUTPUT = "#E69F00", "#0072B2", "#009E73", "#CC79A7"


@dataclass(frozen=True)
class Theme:
    """One appearance: ink on paper, and the scales for attention and for probability, from nothing to all."""

    ink: str
    faint: str  # lines and quiet words
    grid: str
    accent: str  # the selection
    attention: tuple[str, ...]
    probability: tuple[str, ...]
    diverging: tuple[str, ...]  # for signed numbers: from the most negative by zero, in the middle, to the most positive
    series: tuple[str, ...]  # lines that are told apart and have no role
    readable: float  # how far up the probability scale ink can be read on it


# Each scale, and each half of the diverging one, changes evenly in lightness (CIELAB), so that equal steps look equal.
LIGHT = Theme(
    ink="#1f2330",
    faint="#6b7080",
    grid="#e7e8ee",
    accent="#d1495b",
    attention=("#fbfbfe", "#d9daf0", "#b6b8e2", "#9395d2", "#7070c1", "#4f4aaa", "#2d2386"),
    probability=("#fbfdfc", "#d3ebe2", "#a8d6c6", "#7cbfaa", "#50a78d", "#278c71", "#0b6e56"),
    diverging=("#045e81", "#4c92ba", "#a9c6db", "#fbfbfe", "#e8b7aa", "#c9735e", "#a22c18"),
    series=("#2d2386", "#d55e00", "#3a9fd8", "#8a8fa3", "#8a7000", "#1f2330"),
    readable=0.75,
)
DARK = Theme(
    ink="#e8e9f0",
    faint="#9a9fb0",
    grid="#2a2e3a",
    accent="#ff8fa0",
    attention=("#151821", "#2b2b55", "#434284", "#5f5db0", "#8181d4", "#abaceb", "#dfe0fb"),
    probability=("#151821", "#143a34", "#175a4c", "#227b67", "#3d9c84", "#6fbda6", "#b4dfcf"),
    diverging=("#57c3fd", "#2987b4", "#2b4d61", "#151821", "#683e33", "#c0654f", "#fea189"),
    series=("#abaceb", "#ff8a3d", "#56b4e9", "#8a8fa3", "#d9c04a", "#ffffff"),
    readable=0.5,
)


def theme(dark: bool) -> Theme:
    return DARK if dark else LIGHT


def scale(colours: tuple[str, ...]) -> list[list]:
    """A Plotly colour scale of evenly spaced colours."""
    return [[index / (len(colours) - 1), colour] for index, colour in enumerate(colours)]


def mix(colours: tuple[str, ...], share: float) -> str:
    """The colour at ``share`` (0…1) of an evenly spaced scale, as rgb()."""
    place = min(max(share, 0.0), 1.0) * (len(colours) - 1)
    lower = min(int(place), len(colours) - 2)
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours[lower : lower + 2]]
    red, green, blue = (round(a + (b - a) * (place - lower)) for a, b in zip(*ends))
    return f"rgb({red}, {green}, {blue})"


def template(dark: bool) -> go.layout.Template:
    """The template that every figure uses: no boxes, no background, quiet axes."""
    import plotly.graph_objects as go

    look = theme(dark)
    axis = dict(
        showgrid=False,
        zeroline=False,
        ticks="",
        color=look.faint,
        linecolor=look.grid,
        tickfont=dict(color=look.ink),
        automargin=True,
    )
    return go.layout.Template(
        layout=dict(
            font=dict(family="Source Sans, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif", size=13, color=look.ink),
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            margin=dict(l=8, r=8, t=8, b=8),
            xaxis=axis,
            yaxis=axis,
            hoverlabel=dict(bgcolor=look.ink, font=dict(color="#ffffff" if not dark else "#151821"), bordercolor=look.ink),
            legend=dict(orientation="h", y=1.02, yanchor="bottom", x=0, font=dict(color=look.ink)),
            dragmode=False,
        )
    )
