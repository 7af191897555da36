"""Sampling: one token after another, keeping what every setting made of the logits.

Our own short loop over the KV cache with transformers' own logits processors, in the order in which generate() applies them.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from aigc_core.decoding.ends import end_ids
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import SamplingStep

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel

CANDIDATES = 10  # named in each record


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


def sample(model: LanguageModel, prompt: str, settings: SamplingSettings = SamplingSettings()) -> Iterator[SamplingStep]:
    """Draws tokens after ``prompt`` and yields a step for each, ending with an end token or after ``max_new_tokens``.

    Closing the iterator stops it. Raises AigcError before the first step: wrong_kind_causal, text_empty, text_long, context_full_new.
    """
    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    encoded = encode(model, prompt, room_for=settings.max_new_tokens)
    return _steps(model, encoded, settings)


def _steps(model: LanguageModel, encoded: dict, settings: SamplingSettings) -> Iterator[SamplingStep]:
    import torch

    chain, ends = processors(settings), end_ids(model)
    draw = torch.Generator().manual_seed(int(settings.seed))  # its own: torch's global one is shared by all sessions
    ids, fed, cache = encoded["input_ids"], encoded["input_ids"], None
    for index in range(int(settings.max_new_tokens)):
        with torch.inference_mode():  # never across a yield: it would leak to the caller
            output = model.module(input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = output.past_key_values
            logits = scores = output.logits[:, -1].float()  # [1, vocab]
            stages = {}
            for name, process in chain.items():
                scores = process(ids, scores)
                stages[name] = scores[0].clone().numpy()
            probabilities = torch.softmax(scores, dim=-1)
            fed = torch.multinomial(probabilities, 1, generator=draw)
            ids = torch.cat([ids, fed], dim=1)
            taken = int(fed)
            best = logits[0].topk(min(CANDIDATES, logits.shape[-1])).indices.tolist()
            candidates = tokens(model, best if taken in best else [*best, taken])
            record = SamplingStep(
                index=index,
                token=next(token for token in candidates if token.id == taken),
                candidates=candidates,
                logits=logits[0].clone().numpy(),
                stages=MappingProxyType(stages),
                probabilities=probabilities[0].clone().numpy(),
                is_end=taken in ends,
            )
        yield record
        if record.is_end:
            return
