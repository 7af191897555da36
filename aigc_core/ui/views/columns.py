"""One place of a text: the way from the model's logits to a token, setting by setting, over the full vocabulary."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aigc_core import figures
from aigc_core.analysis.branches import MOST
from aigc_core.analysis.columns import columns, spread
from aigc_core.analysis.rivals import softmax
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.figures.labels import percent, visible
from aigc_core.text import Words
from aigc_core.ui import cache, controls, plain
from aigc_core.ui.bench import Bench, Shown
from aigc_core.ui.components.stage_table import stage_table

ROWS = 100  # of the table; the rest is told in its last line


def draw(bench: Bench, shown: Shown, settings: SamplingSettings, words: Words) -> None:
    """The table of candidates, how open the choice is, and the whole vocabulary as a curve."""
    from aigc_core.decoding import drawn, draws

    stages, taken = shown.stages, shown.taken
    number = float(draws(settings.seed, shown.chosen, 1)[0])
    (fallen,) = cache.tokens(bench.model, (drawn(stages, number),))
    table = columns(stages, shown.written.context(shown.chosen), ROWS, also=[fallen.id, *([taken.id] if taken else [])])
    labels = [visible(token.text) for token in cache.tokens(bench.model, tuple(table.ids.tolist()))]

    title = words("next_title") if taken is None else plain.sentence(words, "rivals_title", token=visible(taken.text))
    st.subheader(title, anchor=False)
    told = dict(remaining=f"{table.remaining:,}", vocabulary=f"{table.vocabulary:,}")
    own = softmax(stages.logits)
    if taken is None:
        sentence = words("next_reading", number=shown.chosen + 1, **told)
    else:
        after, before = (percent(float(share[taken.id])) for share in (stages.probabilities, own))
        sentence = words("reading", number=shown.chosen + 1, after=after, before=before, **told)
    draw_told = plain.sentence(words, "draw_reading", seed=settings.seed, number=f"{number:.4f}", token=visible(fallen.text))
    now, alone = spread(stages.probabilities), spread(own)
    openness = words(
        "spread",
        bits=f"{now.bits:.2f}",
        perplexity=f"{now.perplexity:.1f}",
        own_bits=f"{alone.bits:.2f}",
        own_perplexity=f"{alone.perplexity:.1f}",
    )
    st.markdown(f"{sentence} {draw_told}")
    on = ["logit", "probability", "sum", *table.decides]
    on += ["penalty"] * (settings.repetition_penalty != 1) + ["temperature"] * (settings.temperature != 1)

    def pick(token_id: int) -> None:
        bench.pick(shown.chosen, token_id)

    stage_table(table, labels, on, taken and taken.id, (fallen.id, number), words.table("stages"), "stages", pick)
    full = bench.tree.full and taken is not None
    st.caption(words("error.branches_full", count=MOST) if full else words("pick_hint"))
    st.markdown(openness)
    sums = stages.running_sum
    ten = min(10, len(sums))
    curve = words("curve_reading", ten=ten, share=f"{sums[ten - 1]:.1%}", own=f"{np.sort(own)[-ten:].sum():.1%}", **told)
    st.caption(curve)
    figure = figures.vocabulary_curve(stages, table.remaining, words, controls.is_dark())
    st.plotly_chart(figure, theme=None, key="curve", alt=curve, config={"displayModeBar": False})
