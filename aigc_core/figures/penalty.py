"""How the length penalty ranks the hypotheses of a search."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from aigc_core.analysis.beams import PENALTIES, Ended, changes
from aigc_core.figures.labels import plotly
from aigc_core.figures.theme import OUTPUT, template, theme
from aigc_core.text import Words, words

LETTERS = 60
FAR = 4.0  # times the best one's score: what lies beyond is out of the picture


def penalty_lines(
    ended: Sequence[Ended], penalty: float, returned: Sequence[int] = (), text: Words | None = None, dark: bool = False
) -> go.Figure:
    """A line for each hypothesis: its score over the penalty, as a multiple of the best one's there, so that the best one lies at 1.

    Scores themselves span seven powers of ten from −3 to 3; the multiple shows who leads, by how much, and where two change places.
    ``returned``: nodes, best first; they and those that lead somewhere are drawn strong, the others thin. Marked are the search's own
    penalty and each change.
    """
    text = text or words("en")
    look = theme(dark)
    lines = [each for each in ended if each.total < 0]  # a certain text has the score 0, whatever the penalty
    best = [max((each.score(value) for each in lines), default=-1.0) for value in PENALTIES]
    times = {each.node: [each.score(value) / top for value, top in zip(PENALTIES, best)] for each in lines}
    figure = go.Figure()
    turns = changes(lines)[1:]
    strong = [*returned, *(node for _, node in turns if node not in returned)]
    others = [each for each in lines if each.node not in strong]
    if others:  # one trace for all: there may be hundreds
        x = [value for _ in others for value in (*PENALTIES, None)]
        y = [value for each in others for value in (*times[each.node], None)]
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=dict(color=look.faint, width=1), opacity=0.4, hoverinfo="skip"))
    hover = text("figure.penalty_hover", text="%{fullData.name}", penalty="%{x:.1f}", score="%{customdata:.4g}") + "<extra></extra>"
    for each in sorted((each for each in lines if each.node in strong), key=lambda each: -strong.index(each.node)):
        place = strong.index(each.node)
        label = plotly(each.text if len(each.text) <= LETTERS else f"{each.text[: LETTERS - 1]}…")
        figure.add_trace(
            go.Scatter(
                x=PENALTIES, y=times[each.node], customdata=[each.score(value) for value in PENALTIES], mode="lines", name=label,
                hovertemplate=hover, line=dict(color=look.probability[4 if place else 6], width=1.8 if place else 3.2),
            )
        )  # fmt: skip
    told = [text("figure.penalty_change", penalty=f"{at:.2f}") for at, _ in turns]
    mark = dict(symbol="diamond", size=11, color=OUTPUT, line=dict(color=look.ink, width=1))
    figure.add_trace(
        go.Scatter(
            x=[at for at, _ in turns], y=[1.0] * len(turns), mode="markers", marker=mark, customdata=told,
            hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip
    figure.add_vline(x=penalty, line=dict(color=look.accent, width=1.5, dash="dot"))
    figure.add_annotation(
        x=penalty, yref="paper", y=1, text=f"{penalty:g}".replace("-", "−"), showarrow=False, yanchor="bottom", font=dict(color=look.accent)
    )
    lowest = min(max((value for row in times.values() for value in row), default=1.0) * 1.03, FAR)
    grid = dict(showgrid=True, gridcolor=look.grid)
    figure.update_layout(
        template=template(dark),
        height=320,
        margin=dict(t=24),
        showlegend=False,
        hovermode="closest",
        xaxis=dict(title=text("figure.penalty"), range=[PENALTIES[0] - 0.05, PENALTIES[-1] + 0.05], dtick=1, **grid),
        yaxis=dict(title=text("figure.times"), range=[max(lowest, 1.13), 0.97], ticksuffix=" ×", **grid),
    )
    return figure
