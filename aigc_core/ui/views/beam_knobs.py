"""What a search returned, worked out, and what its knobs did to it: told from the recorded steps alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from aigc_core import figures
from aigc_core.analysis.beams import PENALTIES, STOPPING, Ended, changes, ended, filled, outcome
from aigc_core.decoding.settings import BeamSettings
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.traces import BeamStep, Hypothesis
from aigc_core.ui import controls, plain


def draw(words: Words, steps: Sequence[BeamStep], settings: BeamSettings, whole: bool) -> None:
    """The table of what is returned, then the knobs; ``whole``: the search was not stopped by hand."""
    returned, all_ended = steps[-1].best, ended(steps)
    st.subheader(words("hypotheses_title"), anchor=False)
    table(words, returned, {each.node: each for each in all_ended}, settings.length_penalty)
    st.subheader(words("knobs.title"), anchor=False)
    told = list(sentences(words, steps, settings, all_ended, whole))
    st.markdown("\n".join(f"- {sentence}" for sentence in told))
    curve = figures.penalty_lines(all_ended, settings.length_penalty, [each.node for each in returned], words, controls.is_dark())
    reading = best_by_penalty(words, all_ended)
    st.caption(words("knobs.curve"))
    st.plotly_chart(curve, theme=None, key="penalty", alt=reading.replace("\\", ""), config={"displayModeBar": False})


def table(words: Words, returned: Sequence[Hypothesis], known: dict[int, Ended], penalty: float) -> None:
    """The quotient from left to right: text, sum ÷ length ^ penalty = score."""
    columns = [words(f"column_{name}") for name in ("text", "total", "length", "score")]
    rows = [
        (plain.escape(each.text), f"{known[each.node].total:.6f}", f"{len(each.token_ids)} ^ {penalty:g}", f"{each.score:.6f}")
        for each in returned
    ]
    st.table({name: [row[index] for row in rows] for index, name in enumerate(columns)})


def sentences(words: Words, steps: Sequence[BeamStep], settings: BeamSettings, all_ended: Sequence[Ended], whole: bool) -> Iterator[str]:
    """What each knob did or could not do. Of a search stopped by hand only what its own record shows."""
    early = sum(each.length < settings.max_new_tokens for each in all_ended)
    yield words("knobs.ended", count=len(all_ended), early=early, steps=len(steps))
    lengths = {each.length for each in all_ended}
    if len(lengths) == 1:
        yield words("knobs.one_length", count=len(all_ended), length=lengths.pop())
    else:
        yield best_by_penalty(words, all_ended)
    if settings.num_beams == 1:
        yield words("knobs.one_beam")
    elif whole:
        yield from stopping(words, steps, settings)
        yield reach(words, steps, settings)
    yield words("knobs.returned", count=len(steps[-1].best))


def stopping(words: Words, steps: Sequence[BeamStep], settings: BeamSettings) -> Iterator[str]:
    """early_stopping: what its other values would have made of the same steps."""
    full = filled(steps, settings.num_beams)
    if full is None or full >= settings.max_new_tokens:
        yield words("knobs.never_asked", beams=settings.num_beams)
        return
    best = steps[-1].best[0].node
    for value in STOPPING:
        if value == settings.early_stopping:
            continue
        found = other(steps, settings, early_stopping=value)
        name = words(f"early_{str(value).lower()}")
        if not found.known:
            yield words("knobs.goes_on", value=name, steps=found.steps)
        elif found.steps == len(steps):
            yield words("knobs.same", value=name, steps=found.steps)
        else:
            yield words("knobs.stops_same" if found.best[0] == best else "knobs.stops_other", value=name, steps=found.steps)


def other(steps: Sequence[BeamStep], settings: BeamSettings, **changed):
    knobs = dict(length_penalty=settings.length_penalty, early_stopping=settings.early_stopping) | changed
    return outcome(steps, settings.num_beams, max_new_tokens=settings.max_new_tokens, **knobs)


def reach(words: Words, steps: Sequence[BeamStep], settings: BeamSettings) -> str:
    """How far the curve may be believed: where another penalty would also have ended the search elsewhere."""
    elsewhere = []
    for penalty in PENALTIES:
        found = other(steps, settings, length_penalty=penalty)
        if not found.known or found.steps != len(steps):
            elsewhere.append(penalty)
    if not elsewhere:
        return words("knobs.same_search", low=minus(PENALTIES[0]), high=minus(PENALTIES[-1]), steps=len(steps))
    return words("knobs.other_search", stretches=stretches(elsewhere), steps=len(steps))


def stretches(penalties: Sequence[float]) -> str:
    """−3 … −0.5, 1.2 … 3"""
    runs: list[list[float]] = []
    for value in penalties:
        if runs and value - runs[-1][1] < 0.15:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ", ".join(minus(low) if low == high else f"{minus(low)} … {minus(high)}" for low, high in runs)


def minus(value: float) -> str:
    return f"{round(value, 2):g}".replace("-", "−")


def best_by_penalty(words: Words, all_ended: Sequence[Ended]) -> str:
    """Which hypothesis is the best over which penalties."""
    known, found = {each.node: each for each in all_ended}, changes(all_ended)
    texts = [plain.escape(visible(known[node].text)) for _, node in found]
    if len(found) == 1:
        return words("knobs.one_best", text=texts[0])
    parts = [words("knobs.from", penalty=minus(at), text=text) for (at, _), text in zip(found[1:], texts[1:])]
    return words("knobs.best_changes", text=texts[0], changes="".join(parts))
