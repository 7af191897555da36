"""One head's pattern as a heat map."""

from __future__ import annotations

import plotly.graph_objects as go

from aigc_core.figures.labels import plotly
from aigc_core.figures.theme import scale, template, theme
from aigc_core.text import Words, words
from aigc_core.traces import AttentionTrace

MOST_TICKS = 24  # more token labels than this overlap


def attention_heatmap(trace: AttentionTrace, layer: int, head: int, text: Words | None = None, dark: bool = False) -> go.Figure:
    """The pattern [query, key] of one head: a row for each token that looks, a column for each it looks at; hover tells pair and weight."""
    text = text or words("en")
    look = theme(dark)
    n = len(trace.tokens)
    labels = [plotly(token.text) for token in trace.tokens]
    names = [f"{label} ({index})" for index, label in enumerate(labels)]  # categories must differ; the index says which "the"
    step = -(-n // MOST_TICKS)
    axis = dict(
        type="category",
        tickmode="array",
        tickvals=list(range(0, n, step)),
        ticktext=labels[::step],
        tickfont=dict(size=12 if n <= 32 else 10),
    )
    pattern = trace.attention[layer, head]
    figure = go.Figure(
        go.Heatmap(
            z=pattern,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale=scale(look.attention),
            xgap=1 if n <= 40 else 0,
            ygap=1 if n <= 40 else 0,
            hovertemplate=text("figure.attention_hover", query="%{y}", key="%{x}", weight="%{z:.4f}") + "<extra></extra>",
            colorbar=dict(
                thickness=8,
                len=200,
                lenmode="pixels",
                y=1,
                yanchor="top",
                outlinewidth=0,
                tickformat=".0%",
                tickfont=dict(color=look.faint),
                title=text("figure.weight"),
            ),
        )
    )
    figure.update_layout(
        template=template(dark),
        height=560,
        margin=dict(l=4, r=4, t=4, b=4),
        xaxis=dict(
            title=dict(text=text("figure.key"), standoff=12),
            tickangle=-60 if n > 6 else 0,
            constrain="domain",
            constraintoward="left",
            **axis,
        ),
        yaxis=dict(
            title=dict(text=text("figure.query"), standoff=12),
            autorange="reversed",
            scaleanchor="x",
            constrain="domain",
            constraintoward="top",
            **axis,
        ),
    )
    return figure
