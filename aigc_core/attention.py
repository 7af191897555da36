"""Text → the attention of every head over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import AttentionTrace

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


def trace(model: LanguageModel, text: str, pair: str | None = None) -> AttentionTrace:
    """One forward pass over ``text`` (and a second segment ``pair``, for models that take two).

    Returns tokens and attention float32 [layer, head, query, key], rows summing to 1.
    Raises AigcError: wrong_kind_attention, text_empty, text_long, context_full, attention_large, attention_hidden.
    """
    import torch

    from aigc_core.models.attention_interface import opens, recording

    if model.kind == "translation":
        raise AigcError("wrong_kind_attention", name=model.card.name)
    encoded = encode(model, text, pair)
    check_cells(model, encoded["input_ids"].shape[1])
    with torch.inference_mode(), recording() as record:
        if opens(model.module):
            model.module(**encoded)
            patterns = record.patterns
        else:
            patterns = getattr(model.module(**encoded, output_attentions=True), "attentions", None) or ()
    if not drawable(patterns, encoded["input_ids"].shape[1]):
        raise AigcError("attention_hidden", name=model.card.name)
    attention = torch.cat(list(patterns)).float().numpy()  # a batch of one: its axis becomes the layers'
    return AttentionTrace(model.card.name, tokens(model, encoded["input_ids"][0].tolist()), np.ascontiguousarray(attention))


def drawable(patterns, n: int) -> bool:
    """True where every layer gave [1, head, n, n] and rows that sum to 1; some families give scores, windows, other lengths or nothing."""
    if not patterns or any(pattern is None for pattern in patterns):
        return False
    shape = (1, patterns[0].shape[1], n, n)
    return all(pattern.shape == shape and bool((pattern.sum(dim=-1) - 1).abs().max() < 1e-3) for pattern in patterns)


def check_cells(model: LanguageModel, n_tokens: int) -> None:
    """Refuses a text whose attention would not fit the limit, before anything is computed."""
    config, limit = model.module.config, limits.current().attention_cells
    maps = getattr(config, "num_hidden_layers", 0) * getattr(config, "num_attention_heads", 0)  # a family without heads is refused later
    if maps * n_tokens**2 > limit:
        raise AigcError("attention_large", found=n_tokens, maps=maps, limit=int((limit / maps) ** 0.5))
