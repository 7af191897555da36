"""The row of buttons under a written text, and what is told of the text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from aigc_core.analysis.branches import MOST
from aigc_core.analysis.columns import repetition
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.text import Words
from aigc_core.ui import controls, panels
from aigc_core.ui.bench import Bench, Shown, now


def actions(bench: Bench, shown: Shown, settings: SamplingSettings, words: Words) -> None:
    """Write anew, with the next seed, on from the end, otherwise from here; and undo."""

    def write() -> None:
        bench.write(now(settings))

    def again() -> None:
        controls.next_seed()
        bench.write(now(settings))

    def write_on() -> None:
        bench.write_on(now(settings))

    def branch() -> None:
        controls.next_seed()
        bench.branch(now(settings), shown.chosen)

    changed = bench.written_by is not None and bench.written_by != settings
    alone = "only_best" if settings.top_k == 1 else ""  # then no seed writes another text
    button(words, "write", "edit", write, type="primary" if changed else "secondary")
    button(words, "again", "replay", again, idle=alone)
    button(words, "on", "east", write_on, idle="" if shown.follows else "on_ended" if shown.written.ended else "on_full")
    full = "error.branches_full" if bench.tree.full else ""
    button(words, "branch", "alt_route", branch, idle=full or alone)
    st.button(words("undo"), key="undo", icon=":material/undo:", disabled=not bench.past, on_click=bench.undo)


def button(words: Words, name: str, icon: str, act: Callable[[], None], idle: str = "", **look: str) -> None:
    """One action; ``idle`` is the key of the reason why it would do nothing now."""
    told = words(idle, count=MOST) if idle else words.table("does")[name]
    st.button(words.table("do")[name], key=name, icon=f":material/{icon}:", help=told, disabled=bool(idle), on_click=act, **look)


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
