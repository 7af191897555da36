"""A written text, read again in one pass: the logits of every place and the attention of the whole generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_core import attention, limits
from aigc_core.decoding.ends import end_ids
from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import Written

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel

BEST = 5  # named in the record, for each place


def read(model: LanguageModel, prompt: str, token_ids: tuple[int, ...]) -> Written:
    """One forward pass over ``prompt`` and the ids written after it.

    The rows of a causal model do not depend on what follows, so the logits are those from which each token was drawn, and the attention
    of each row is that of the step in which it was written; a loop with a cache computes the same row by row.
    Raises AigcError: wrong_kind_causal, text_empty, text_long, context_full_new, attention_large, logits_large, and token_unknown for an
    id that is none of the model's.
    """

    encoded, ids = joined(model, prompt, token_ids)
    size = model.module.config.vocab_size
    if (most := limits.current().logit_cells // size) <= len(token_ids):
        raise AigcError("logits_large", found=len(token_ids), limit=most - 1, vocabulary=size)
    record = attention.run(model, encoded, logits_to_keep=len(token_ids) + 1)
    logits = record.logits[0].float()  # [step, vocab]
    places = logits.topk(min(BEST, logits.shape[-1])).indices.tolist()
    named = {token.id: token for token in tokens(model, sorted({*ids, *(each for place in places for each in place)}))}
    read_as = tuple(named[token_id] for token_id in ids)
    n = len(ids) - len(token_ids)
    return Written(
        prompt=read_as[:n],
        tokens=read_as[n:],
        logits=np.ascontiguousarray(logits.numpy()),
        best=tuple(tuple(named[token_id] for token_id in place) for place in places),
        room=None if model.n_ctx is None else model.n_ctx - len(ids),
        ended=bool(token_ids) and token_ids[-1] in end_ids(model),
        attention=attention.gather(model, ids, record),
    )


def joined(model: LanguageModel, prompt: str, token_ids: tuple[int, ...]) -> tuple[dict, list[int]]:
    """A prompt and the ids written after it as the model takes them, and all ids in a list."""
    import torch

    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    encoded = encode(model, prompt, room_for=len(token_ids))
    size = model.module.config.vocab_size
    if unknown := [token_id for token_id in token_ids if not 0 <= token_id < size]:
        raise AigcError("token_unknown", found=unknown[0], limit=size - 1, name=model.card.name)
    ids = torch.cat([encoded["input_ids"], torch.tensor([token_ids], dtype=torch.long)], dim=1)
    attention.check_cells(model, ids.shape[1])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, ids[0].tolist()
