"""How the length penalty ranks the hypotheses of a search."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from aigc_core.analysis.beams import PENALTIES, Ended, changes
from aigc_core.figures.labels import plotly
from aigc_core.figures.theme import OUTPUT, template, theme
from aigc_core.text import Words, words

LETTERS = 60


def penalty_lines(
    ended: Sequence[Ended], penalty: float, returned: Sequence[int] = (), text: Words | None = None, dark: bool = False
) -> go.Figure:
    """A line for each hypothesis: −score = −total ÷ length ^ penalty over the penalty, on a logarithmic scale, the best uppermost.

    There the line is straight and falls with the logarithm of the length, so that two cross once at most, and of one length never.
    ``returned``: nodes, best first; they are drawn strong. Marked are the penalty of the search and where the best one changes.
    """
    text = text or words("en")
    look = theme(dark)
    lines = [each for each in ended if each.total < 0]  # a logarithm has no place for a certain text
    strong, figure = set(returned), go.Figure()
    others = [each for each in lines if each.node not in strong]
    ends = (PENALTIES[0], PENALTIES[-1])
    if others:  # one trace for all: there may be hundreds
        x = [value for _ in others for value in (*ends, None)]
        y = [value for each in others for value in (*(-each.score(end) for end in ends), None)]
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=dict(color=look.faint, width=1), opacity=0.35, hoverinfo="skip"))
    hover = text("figure.penalty_hover", text="%{fullData.name}", penalty="%{x:.1f}", score="%{customdata:.4f}") + "<extra></extra>"
    for each in sorted((each for each in lines if each.node in strong), key=lambda each: -returned.index(each.node)):
        first = each.node == returned[0]
        label = plotly(each.text if len(each.text) <= LETTERS else f"{each.text[: LETTERS - 1]}…")
        scores = [each.score(value) for value in PENALTIES]
        figure.add_trace(
            go.Scatter(
                x=PENALTIES, y=[-score for score in scores], customdata=scores, mode="lines", name=label, hovertemplate=hover,
                line=dict(color=look.probability[6 if first else 4], width=3 if first else 1.6),
            )
        )  # fmt: skip
    for at, node in changes(lines)[1:]:
        new = next(each for each in lines if each.node == node)
        figure.add_trace(
            go.Scatter(
                x=[at], y=[-new.score(at)], mode="markers", hovertemplate=text("figure.penalty_change", penalty=f"{at:.2f}") + "<extra></extra>",
                marker=dict(symbol="diamond", size=10, color=OUTPUT, line=dict(color=look.ink, width=1)),
            )
        )  # fmt: skip
    figure.add_vline(x=penalty, line=dict(color=look.accent, width=1.5, dash="dot"))
    now = dict(x=penalty, yref="paper", y=1, text=f"{penalty:g}", showarrow=False, yanchor="bottom", font=dict(color=look.accent))
    figure.add_annotation(**now)
    figure.update_layout(
        template=template(dark),
        height=340,
        margin=dict(t=24),
        showlegend=False,
        hovermode="closest",
        xaxis=dict(title=text("figure.penalty"), range=[ends[0] - 0.05, ends[1] + 0.05], dtick=1, showgrid=True, gridcolor=look.grid),
        yaxis=dict(
            title=text("figure.minus_score"), type="log", autorange="reversed", showgrid=True, gridcolor=look.grid, dtick=1,
            exponentformat="power",
        ),
    )  # fmt: skip
    return figure
