"""What if: the chosen head without scaling, without mask, switched off, or with one score set by hand; and what the model says then."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aigc_core.analysis.heads import entropy
from aigc_core.figures.labels import visible
from aigc_core.text import Words
from aigc_core.traces import AttentionTrace, Intervention
from aigc_core.ui import cache, controls, panels, plain
from aigc_core.ui.components.pattern_pair import Side, pattern_pair

SWITCHES = ("no_scale", "no_mask", "head_off", "set_score")
MOST_SCORE = 100.0


def draw(trace: AttentionTrace, text: str, pair: str | None, layer: int, head: int, words: Words) -> None:
    """Switches, the pattern before and after side by side, and the prediction before and after."""
    if not trace.opened:
        st.info(plain.sentence(words, "notice.closed", name=trace.model), icon=":material/info:")
        return
    switches, pictures = st.columns([1, 3], gap="large")
    with switches:
        asked = intervention(trace, layer, head, words)
    after = cache.attention_trace(trace.model, text, pair, asked) if asked else trace
    with pictures:
        labels = tuple(visible(token.text) for token in trace.tokens)
        named = {"before": trace, "after": after}
        sides = [Side(words(f"what_if.{name}"), each.attention[layer, head], labels, ()) for name, each in named.items()]
        st.markdown(reading(trace, after, layer, head, words) if asked else words("what_if.nothing"))
        pattern_pair(*sides, words.table("pattern_pair"), key="what_if_pair")
        if asked and kind_predicts(trace.model):
            panels.predictions(cache.what_if(trace.model, text, asked, pair), trace.tokens, trace.model, words, "what_if")


def intervention(trace: AttentionTrace, layer: int, head: int, words: Words) -> Intervention | None:
    """What the switches ask for; None where all are off. They are part of the link."""
    unmasked = bool((trace.attention > 0).all())  # a masked key has exactly no weight
    with st.container(gap="small"):
        on = {name: switch(name, idle="no_mask" if name == "no_mask" and unmasked else "", words=words) for name in SWITCHES}
        edit = (chosen_score(trace, layer, head, words),) if on["set_score"] else ()
        st.button(words("what_if.reset"), icon=":material/undo:", key="what_if_reset", on_click=reset, disabled=not any(on.values()))
    asked = Intervention(
        scale=not on["no_scale"], mask=not on["no_mask"], ablate=frozenset({(layer, head)} if on["head_off"] else ()), edit=edit
    )
    return asked or None


def switch(name: str, idle: str, words: Words) -> bool:
    """One switch; ``idle`` names the reason why it would change nothing here."""
    told = words(f"what_if.{idle}_idle") if idle else words(f"what_if.{name}_help")
    return st.toggle(words(f"what_if.{name}"), key=name, help=told, disabled=bool(idle), bind="query-params") and not idle


def chosen_score(trace: AttentionTrace, layer: int, head: int, words: Words) -> tuple[tuple[int, int, int, int], float]:
    """The cell to set, by the numbers of its tokens, and its new score (after scaling, before the mask)."""
    query = controls.place(words("what_if.score_query"), trace.tokens, "score_query", len(trace.tokens) - 1)
    key = controls.place(words("what_if.score_key"), trace.tokens, "score_key", 0)
    value = st.number_input(words("what_if.score"), -MOST_SCORE, MOST_SCORE, 10.0, 1.0, key="score_value", bind="query-params")
    return (layer, head, query, key), value


def reset() -> None:
    for name in SWITCHES:
        st.session_state[name] = False


def kind_predicts(model: str) -> bool:
    """A translator's encoder predicts nothing by itself."""
    return controls.kind(model) != "translation"


def reading(before: AttentionTrace, after: AttentionTrace, layer: int, head: int, words: Words) -> str:
    """How the entropy changed, of this head and of all of them."""
    means = [[float(entropy(trace.attention[where]).mean()) for trace in (before, after)] for where in ((layer, head), ...)]
    (mine, mine_now), (every, every_now) = means
    far = float(np.abs(after.attention - before.attention)[layer:].max())
    values = dict(mine=f"{mine:.2f}", mine_now=f"{mine_now:.2f}", all=f"{every:.2f}", all_now=f"{every_now:.2f}", most=f"{far:.0%}")
    return words("what_if.reading", layer=layer, head=head, **values)
