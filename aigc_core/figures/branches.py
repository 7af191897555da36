"""A tree of continuations: time from left to right, a line for each branch, leaving the one it shares most with."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from aigc_core.analysis.branches import Branches
from aigc_core.figures.labels import escaped, plotly
from aigc_core.figures.theme import template, theme
from aigc_core.text import Words, words


def branches_tree(tree: Branches, texts: Sequence[Sequence[str]], text: Words | None = None, dark: bool = False) -> go.Figure:
    """texts: the tokens of each branch, ready to read."""
    text = text or words("en")
    look, figure = theme(dark), go.Figure()
    for index, (branch, (parent, fork)) in enumerate(zip(tree.all, tree.forks())):
        open_now, row = index == tree.open, max(parent, 0)
        colour = look.accent if open_now else look.probability[4]
        own = list(range(fork + 1, len(branch.ids) + 1))
        hover = [f"{number}: {plotly(texts[index][number - 1])}" for number in own]
        figure.add_scatter(
            x=[fork, fork + 0.35, *own],
            y=[row, index, *([index] * len(own))],
            mode="lines",
            line=dict(color=colour, width=3 if open_now else 2, shape="spline", smoothing=0.4),
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=own, y=[index] * len(own), mode="markers", marker=dict(color=colour, size=7), customdata=hover,
            hovertemplate="%{customdata}<extra>" + escaped(branch.name) + "</extra>",
        )  # fmt: skip
    figure.update_layout(
        template=template(dark),
        height=44 * len(tree.all) + 70,
        showlegend=False,
        xaxis=dict(title=text("figure.written_tokens"), rangemode="tozero"),
        yaxis=dict(
            tickvals=list(range(len(tree.all))),
            ticktext=[escaped(branch.name) for branch in tree.all],
            range=[len(tree.all) - 0.5, -0.5],
        ),
    )
    return figure
