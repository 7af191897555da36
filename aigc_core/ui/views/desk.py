"""The row of buttons under a written text, and what is told of the text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from aigc_core import limits
from aigc_core.analysis.branches import MOST
from aigc_core.analysis.columns import repetition
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.text import Words
from aigc_core.ui import controls, panels
from aigc_core.ui.bench import Bench, Shown


def actions(bench: Bench, shown: Shown, settings: SamplingSettings, words: Words) -> None:
    """Write anew, with the next seed, on from the end, otherwise from here; and undo."""

    def again() -> None:
        bench.write(replace(settings, seed=controls.next_seed()))

    def branch() -> None:
        bench.branch(replace(settings, seed=controls.next_seed()), shown.chosen)

    long = len(bench.tree.active.ids) >= limits.current().branch_tokens
    changed = bench.written_by is not None and bench.written_by != settings
    kind = "primary" if changed else "secondary"
    st.button(
        words("write"), key="write", icon=":material/edit:", type=kind, help=words("write_help"), on_click=bench.write, args=(settings,)
    )
    st.button(words("again"), key="again", icon=":material/replay:", help=words("again_help"), on_click=again)
    idle = "ended" if shown.written.ended else "long" if long else ""
    told = words(f"on_{idle}" if idle else "on_help")
    st.button(words("on"), key="on", icon=":material/east:", help=told, disabled=bool(idle), on_click=bench.write_on, args=(settings,))
    told = words("branch_full", count=MOST) if bench.tree.full else words("branch_help")
    st.button(words("branch"), key="branch", icon=":material/alt_route:", help=told, disabled=bench.tree.full, on_click=branch)
    st.button(words("undo"), key="undo", icon=":material/undo:", disabled=not bench.past, on_click=bench.undo)


def outcome(bench: Bench, shown: Shown, settings: SamplingSettings, stopped: bool, words: Words) -> None:
    """How long the text is and how surprising to the model, and what the settings at the side do to it now."""
    count = len(shown.written.tokens)
    key = "stopped" if stopped else "ended" if shown.written.ended else "written"
    length = words(key, count=count - shown.written.ended, most=f"{panels.MOST_BITS:g}")
    st.caption(f"{length} {facts(shown, words)}" if count else length)
    if bench.written_by not in (None, settings):
        st.caption(words("reread"))


def facts(shown: Shown, words: Words) -> str:
    """How surprising the text is to the model, and how much of it repeats itself, in a sentence."""
    numbers = figures_of(shown)
    told = words("facts", **numbers)
    return told if numbers["repeated"] == "–" else f"{told} {words('repeats', share=numbers['repeated'])}"


def figures_of(shown: Shown) -> dict[str, str]:
    """Log-probability in nats, bits and perplexity of the tokens under the model's own distribution, and the share of repeated trigrams."""
    bits = np.array([each.bits for each in shown.choices])
    repeated = repetition([token.id for token in shown.written.tokens])
    return dict(
        total=f"{-bits.sum() * np.log(2):.2f}".replace("-", "−"),
        bits=f"{bits.mean():.2f}",
        perplexity=f"{2 ** bits.mean():.2f}",
        repeated="–" if repeated is None else f"{repeated:.0%}",
    )
