"""What a model would say of one place after each layer."""

from __future__ import annotations

import plotly.graph_objects as go

from aigc_core.figures.labels import plotly
from aigc_core.figures.theme import template, theme
from aigc_core.text import Words, words
from aigc_core.traces import LayerReading, Token


def lens_bars(found: LayerReading, token: Token, text: Words | None = None, dark: bool = False) -> go.Figure:
    """Two bars a layer: its best token, which is written beside it, and the token asked for."""
    text = text or words("en")
    look = theme(dark)
    rows = list(range(len(found.best)))
    names = [text("figure.embedding"), *(text("wall.layer", layer=layer) for layer in rows[:-1])]
    asked = plotly(token.text)
    shared = dict(orientation="h", y=rows, cliponaxis=False, textposition="outside")
    figure = go.Figure(
        [
            go.Bar(
                x=found.best_probabilities, name=text("figure.lens_best"),
                marker_color=look.grid, marker_line=dict(color=look.faint, width=1),
                text=[f"{plotly(best.text)} {share:.1%}" for best, share in zip(found.best, found.best_probabilities)],
                textfont=dict(color=look.ink, size=12, family="Source Code Pro, monospace"),
                hovertemplate="%{text}<extra></extra>", **shared,
            ),
            go.Bar(
                x=found.probabilities, name=asked, marker_color=look.probability[5],
                text=[text("figure.lens_rank", share=f"{share:.1%}", rank=rank) for share, rank in zip(found.probabilities, found.ranks)],
                textfont=dict(color=look.faint, size=11), hovertemplate=f"{asked} %{{text}}<extra></extra>", **shared,
            ),
        ]
    )  # fmt: skip
    most = float(max(found.best_probabilities.max(), found.probabilities.max()))
    figure.update_layout(
        template=template(dark),
        height=46 * len(rows) + 90,
        bargap=0.25,
        bargroupgap=0.1,
        legend=dict(traceorder="normal"),
        xaxis=dict(
            title=text("figure.probability"),
            tickvals=[0, 0.25, 0.5, 0.75, 1],
            tickformat=".0%",
            range=[0, most * 1.25],
            showgrid=True,
            gridcolor=look.grid,
        ),
        yaxis=dict(tickvals=rows, ticktext=names, autorange="reversed"),
    )
    return figure
