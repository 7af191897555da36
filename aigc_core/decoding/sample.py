"""Sampling: one token after another, keeping what every setting made of the logits.

Our own short loop over the KV cache; what turns logits into a token stands in logits.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigc_core.decoding.ends import end_ids
from aigc_core.decoding.logits import drawn, draws, process, processors
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import SamplingStep

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel

CANDIDATES = 10  # named in each record


def sample(
    model: LanguageModel, prompt: str, settings: SamplingSettings = SamplingSettings(), after: tuple[int, ...] = ()
) -> Iterator[SamplingStep]:
    """Draws tokens after ``prompt``, and the ids ``after`` it that are written already, and yields a step for each, ending with an end
    token or after ``max_new_tokens``. What two calls write one after the other is what one call writes.

    Closing the iterator stops it. Raises AigcError before the first step: wrong_kind_causal, text_empty, text_long, context_full_new.
    """
    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    encoded = encode(model, prompt, room_for=len(after) + settings.max_new_tokens)
    return _steps(model, encoded, settings, after)


def _steps(model: LanguageModel, encoded: dict, settings: SamplingSettings, after: tuple[int, ...]) -> Iterator[SamplingStep]:
    import torch

    chain, ends, count = processors(settings), end_ids(model), int(settings.max_new_tokens)
    ids = torch.cat([encoded["input_ids"], torch.tensor([after], dtype=torch.long)], dim=1)
    fed, cache = ids, None
    for index, number in enumerate(draws(settings.seed, len(after), count), start=len(after)):
        with torch.inference_mode():  # never across a yield: it would leak to the caller
            output = model.module(input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = output.past_key_values
            logits = output.logits[:, -1].float()  # [1, vocab]
            (found,) = process(chain, ids, logits)
            taken = drawn(found, number)
            fed = torch.tensor([[taken]])
            ids = torch.cat([ids, fed], dim=1)
            best = logits[0].topk(min(CANDIDATES, logits.shape[-1])).indices.tolist()
            candidates = tokens(model, best if taken in best else [*best, taken])
            record = SamplingStep(
                logits=found.logits,
                stages=found.stages,
                probabilities=found.probabilities,
                index=index,
                token=next(token for token in candidates if token.id == taken),
                candidates=candidates,
                draw=float(number),
                is_end=taken in ends,
            )
        yield record
        if record.is_end:
            return
