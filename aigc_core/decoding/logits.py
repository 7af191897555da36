"""From a model's logits to one token: what each setting makes of them, and the draw.

The settings are transformers' own logits processors, in the order in which generate() applies them. No model is needed here: stored logits
can be read under any settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from aigc_core.decoding.settings import SamplingSettings
from aigc_core.traces import Stages, Written

if TYPE_CHECKING:
    import torch

CELLS = 2_000_000  # places × vocabulary that go through the processors at one time


def processors(settings: SamplingSettings) -> dict[str, object]:
    """transformers' processors for the settings that are on, by name, in generate()'s order."""
    from transformers import (
        MinPLogitsWarper,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    found = {}
    if settings.repetition_penalty != 1:
        found["repetition_penalty"] = RepetitionPenaltyLogitsProcessor(float(settings.repetition_penalty))
    if settings.temperature != 1:
        found["temperature"] = TemperatureLogitsWarper(float(settings.temperature))
    if settings.top_k:
        found["top_k"] = TopKLogitsWarper(int(settings.top_k))
    if settings.top_p < 1:
        found["top_p"] = TopPLogitsWarper(float(settings.top_p))
    if settings.min_p > 0:
        found["min_p"] = MinPLogitsWarper(float(settings.min_p))
    return found


def process(chain: dict[str, object], contexts: torch.Tensor, logits: torch.Tensor) -> list[Stages]:
    """Places of a text through a chain of processors. contexts: the ids before each, int [place, position]; logits [place, vocab]."""
    import torch

    scores, stages = logits, {}
    for name, step in chain.items():
        scores = step(contexts, scores)
        stages[name] = scores.clone().numpy()
    own, probabilities = logits.clone().numpy(), torch.softmax(scores, dim=-1).numpy()
    return [
        Stages(own[place], MappingProxyType({name: stage[place] for name, stage in stages.items()}), probabilities[place])
        for place in range(len(own))
    ]


def reread(written: Written, settings: SamplingSettings, places: Sequence[int] | None = None) -> Iterator[Stages]:
    """The stored logits of places of a text (of all, in order), read under ``settings``: no model runs. A few at a time are in memory."""
    import torch

    chain, ids = processors(settings), torch.tensor(written.context(len(written.tokens)))
    wanted = torch.arange(len(written.logits)) if places is None else torch.tensor(list(places))
    for some in wanted.split(max(1, CELLS // written.logits.shape[-1])):
        # the penalty asks which ids stand before a place, not how often: the first one again fills up the row
        before = torch.arange(len(ids)) < len(written.prompt) + some[:, None]
        yield from process(chain, torch.where(before, ids, ids[0]), torch.from_numpy(written.logits[some.numpy()]))


def draws(seed: int, start: int, count: int) -> np.ndarray:
    """The numbers in [0, 1) that choose tokens ``start``, ``start`` + 1, … of a text: float64 [step].

    Each place of a text has its own, so that a text written in two goes, or on from a token picked by hand, draws as one written at once.
    """
    return np.random.default_rng(int(seed)).random(start + count)[start:]


def drawn(stages: Stages, number: float) -> int:
    """The token whose stretch of the running sum, the most probable first, holds ``number``."""
    return int(stages.order[(stages.running_sum > number).argmax()])
