"""The order test: how far each word's state moves between two readings, from rounding to a real difference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from aigc_core.figures.labels import magnitude, plotly
from aigc_core.figures.theme import OUTPUT, template, theme
from aigc_core.text import Words, words
from aigc_core.traces import OrderTest

FLOOR, TOP = 1e-8, 1e2  # of the axis; a change of exactly 0 lies on its floor
LABELS = 40  # at most


def order_dots(
    tests: Mapping[str, OrderTest], text: Words | None = None, dark: bool = False, height: int = 320, chosen: int | None = None
) -> go.Figure:
    """A dot for each word of the text, at the largest change of its last hidden state, on a log scale; a series for each test, by its name.

    What rounding does in float32, and from where on the verdict is "tells", are drawn in. ``chosen``: the index of a word to ring.
    """
    text = text or words("en")
    look = theme(dark)
    names = [plotly(word) for word in next(iter(tests.values())).words]
    every = -(-len(names) // LABELS)  # of a long text every second word is named, or every third; the pointer tells each
    figure = go.Figure()
    figure.add_hrect(y0=FLOOR, y1=OrderTest.ROUNDING, fillcolor=look.grid, opacity=0.55, line_width=0, layer="below")
    figure.add_hline(y=OrderTest.TELLS, line=dict(color=look.faint, width=1, dash="dot"), layer="below")
    notes = {"rounding": (FLOOR, "bottom"), "tells": (OrderTest.TELLS, "bottom")}
    for name, (value, anchor) in notes.items():
        place = dict(x=0, xref="paper", xanchor="left", y=np.log10(value), yref="y", yanchor=anchor)
        figure.add_annotation(text=text(f"figure.{name}"), showarrow=False, font=dict(color=look.faint, size=11), **place)
    for (name, found), colour in zip(tests.items(), (OUTPUT, look.faint, look.accent)):
        values = np.maximum(found.changes, FLOOR)
        ring = [2.5 if index == chosen else 0 for index in range(len(values))]
        told = [f"{plotly(word)}: {magnitude(float(change))}" for word, change in zip(found.words, found.changes)]
        marker = dict(color=colour, size=9 if every == 1 else 6, line=dict(color=look.ink, width=ring))
        hover = "%{customdata}<extra>" + name + "</extra>"
        figure.add_scatter(
            x=np.arange(len(values)), y=values, mode="markers", name=name, marker=marker, customdata=told, hovertemplate=hover
        )
    powers = list(range(int(np.log10(FLOOR)), int(np.log10(TOP)) + 1, 2))
    figure.update_layout(
        template=template(dark),
        height=height,
        showlegend=len(tests) > 1,
        xaxis=dict(
            title=text("figure.words"), tickvals=list(range(0, len(names), every)), ticktext=names[::every], range=[-0.6, len(names) - 0.4],
            tickfont=dict(family="Source Code Pro, monospace", size=12), showgrid=every == 1, gridcolor=look.grid,
        ),
        yaxis=dict(
            title=text("figure.state_change"), type="log", range=[np.log10(FLOOR), np.log10(TOP)], showgrid=True, gridcolor=look.grid,
            tickvals=[10.0**power for power in powers], ticktext=[magnitude(10.0**power) for power in powers],
        ),
    )  # fmt: skip
    return figure
