"""Attention: the article's line is right; what breaks without its √d."""

from __future__ import annotations

from math import isnan

from aigc_core.analysis.heads import entropy
from aigc_core.traces import AttentionTrace, Intervention
from aigc_core.ui import controls, panels, plain
from aigc_core.ui.versus.frame import Asked, Card, Outcome, fault, role

KINDS = ("causal", "masked")
Q, K, V = role("QUERY", "Q"), role("KEY", "K^\\top"), role("VALUE", "V")


def run(asked: Asked) -> Outcome:
    words, model, without = asked.words, asked.fitting(*KINDS), Intervention(scale=False)
    both = (None, without)
    real, broken = (asked.ask("attention.trace", model, text=asked.text, pair=None, intervention=each) for each in both)
    head = asked.ask("attention.head", model, text=asked.text, layer=0, head=0, pair=None, intervention=None)
    (even, most), (even_now, most_now) = (measures(each) for each in (real, broken))
    values = dict(
        name=model, layers=real.n_layers, heads=real.n_heads, d_head=head.query.shape[1], factor=f"{head.scaling:.3f}",
        even=f"{even:.2f}", even_now=f"{even_now:.2f}", most=f"{most:.0%}", most_now=f"{most_now:.0%}",
    )  # fmt: skip
    sharper = plain.sentence(words, "versus.scale.sharper" if even_now < even else "versus.scale.flatter", **values)
    loss, loss_now = (losses(asked, model, each) for each in both)
    dearer = words("versus.scale.one_token")
    if not isnan(loss):
        dearer = words(f"versus.scale.{controls.kind(model)}", loss=f"{loss:.2f}", loss_now=f"{loss_now:.2f}")
    verdict = f"{sharper}\n\n{dearer}"
    found = asked.ask("attention.what_if", model, text=asked.text, intervention=without, pair=None)
    return Outcome(f"{even:.2f}", f"{even_now:.2f}", verdict, lambda: panels.predictions(found, real.tokens, model, words, "versus.scale"))


def measures(trace: AttentionTrace) -> tuple[float, float]:
    """The mean entropy of all rows, in nats, and the mean of their largest weights."""
    return float(entropy(trace.attention).mean()), float(trace.attention.max(axis=-1).mean())


def losses(asked: Asked, model: str, intervention: Intervention | None) -> float:
    """What the model was trained to make small, on this text, in nats a token; NaN where it has none."""
    if controls.kind(model) == "causal":
        return asked.ask("article.objective", model, text=asked.text, intervention=intervention).loss
    return asked.ask("article.masking", model, text=asked.text, seed=0, intervention=intervention).average


CARD = Card(
    "scale",
    place=1,
    left=rf"\operatorname{{softmax}}\!\left(\tfrac{{{Q} {K}}}{{\sqrt{{d}}}}\right){V}",
    right=rf"\operatorname{{softmax}}\!\left({fault(Q + K)}\right){V}",
    run=run,
    sides=("agreed", "unscaled"),
)
