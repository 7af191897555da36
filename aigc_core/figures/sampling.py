"""What competed for one place: the best rivals, and the whole vocabulary, before and after the settings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from aigc_core.analysis.rivals import Rival, softmax
from aigc_core.figures.labels import plotly
from aigc_core.figures.theme import template, theme
from aigc_core.text import Words, words
from aigc_core.traces import Stages


def rivals_bars(
    rivals: Sequence[Rival], text: Words | None = None, dark: bool = False, before_after: tuple[str, str] | None = None
) -> go.Figure:
    """Two bars for each rival, before and after the settings (or ``before_after``, in words); the one taken carries a mark, one filtered
    out says so."""
    text = text or words("en")
    name_before, name_after = before_after or (text("figure.before"), text("figure.after"))
    look = theme(dark)
    names = [f"{'▸ ' if rival.taken else ''}{plotly(rival.token.text)}" for rival in rivals]
    rows = list(range(len(rivals)))
    before, after = [rival.before for rival in rivals], [rival.after for rival in rivals]
    written = [text("figure.removed") if rival.removed else f"{rival.after:.1%}" for rival in rivals]
    shared = dict(orientation="h", y=rows, cliponaxis=False, textposition="outside", customdata=names)
    hover = text("figure.rivals_hover", token="%{customdata}", probability="%{x:.2%}") + "<extra>%{fullData.name}</extra>"
    figure = go.Figure(
        [
            go.Bar(
                x=before, name=name_before, marker_color=look.grid, marker_line=dict(color=look.faint, width=1),
                text=[f"{share:.1%}" for share in before], textfont=dict(color=look.faint, size=11), hovertemplate=hover, **shared,
            ),
            go.Bar(
                x=after, name=name_after, marker_color=look.probability[5],
                text=written, textfont=dict(color=look.ink, size=11), hovertemplate=hover, **shared,
            ),
        ]
    )  # fmt: skip
    figure.update_layout(
        template=template(dark),
        height=44 * len(rivals) + 90,
        bargap=0.3,
        bargroupgap=0.1,
        legend=dict(traceorder="normal"),
        xaxis=dict(
            title=text("figure.probability"), tickformat=".0%", range=[0, max([*before, *after]) * 1.18], showgrid=True, gridcolor=look.grid
        ),
        yaxis=dict(tickvals=rows, ticktext=names, autorange="reversed", tickfont=dict(family="Source Code Pro, monospace", size=13)),
    )
    return figure


def vocabulary_curve(stages: Stages, remaining: int, text: Words | None = None, dark: bool = False) -> go.Figure:
    """Every token of the vocabulary by rank, both axes logarithmic: the model's own probabilities and the final ones, their running sum,
    and the line behind the last token that the filters left."""
    text = text or words("en")
    look = theme(dark)
    own, final = np.sort(softmax(stages.logits))[::-1], stages.probabilities[stages.order][:remaining]
    at = ranks(len(own))
    kept = at[at <= remaining]
    hover = text("figure.curve_hover", rank="%{x:,}", probability="%{y:.3%}") + "<extra>%{fullData.name}</extra>"
    figure = go.Figure(
        [
            go.Scatter(x=at, y=own[at - 1], name=text("figure.before"), line=dict(color=look.faint, width=1.5), hovertemplate=hover),
            go.Scatter(
                x=kept, y=final[kept - 1], name=text("figure.after"), line=dict(color=look.probability[5], width=2.5), hovertemplate=hover
            ),
            go.Scatter(
                x=kept, y=stages.running_sum[kept - 1], name=text("figure.running_sum"), yaxis="y2",
                line=dict(color=look.accent, width=1.5, dash="dot"), hovertemplate=hover,
            ),
        ]
    )  # fmt: skip
    if remaining < len(own):
        figure.add_vline(x=remaining + 0.5, line=dict(color=look.accent, width=1.5))
    figure.update_layout(
        template=template(dark),
        height=300,
        margin=dict(t=40),
        xaxis=dict(title=text("figure.rank"), type="log", showgrid=True, gridcolor=look.grid, dtick=1),
        yaxis=dict(
            title=text("figure.probability"), type="log", tickformat=".0e", range=[-9, 0.1], dtick=3, showgrid=True, gridcolor=look.grid
        ),
        yaxis2=dict(title=text("figure.running_sum"), overlaying="y", side="right", range=[0, 1.02], dtick=0.25, tickformat=".0%"),
    )
    return figure


def ranks(count: int) -> np.ndarray:
    """1, 2, 3, …, thinned out evenly on a logarithmic axis where there are many; the first and the last are in it."""
    return np.unique(np.geomspace(1, count, 400).round().astype(int)) if count > 400 else np.arange(1, count + 1)
