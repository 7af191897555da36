"""The one place where attention happens: a function that transformers calls in every layer of every family it knows.

It computes what the family's own eager function computes, softmax(q·kᵀ · scaling [soft-capped] [+ bias] + mask) · v, and hands the pattern
to the recorder of the request that is running, if there is one. Requests are told apart by a ContextVar, so that the model holds no state.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

NAME = "glassbox"


@dataclass
class Recording:
    """The patterns of one forward pass, in the order of the calls: [batch, head, query, key] each."""

    patterns: list[torch.Tensor] = field(default_factory=list)


_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Records the forward passes of this context, and of no other thread or task."""
    record = Recording()
    token = _recording.set(record)
    try:
        yield record
    finally:
        _recording.reset(token)


def attend(module, query, key, value, attention_mask, scaling=None, softcap=None, position_bias=None, **_):
    """Attention of one layer.

    query [batch, head, query, d_head]; key and value may have fewer heads, each shared by a group of queries (grouped-query attention,
    Ainslie et al. 2023). attention_mask is additive, or None where every key is allowed.
    Returns ([batch, query, head, d_head], pattern [batch, head, query, key]).
    """
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    groups = query.shape[1] // key.shape[1]
    key, value = (part.repeat_interleave(groups, dim=1) if groups > 1 else part for part in (key, value))

    scores = query @ key.transpose(-1, -2) * scaling  # [batch, head, query, key]
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if position_bias is not None:
        scores = scores + position_bias
    if attention_mask is not None:
        scores = scores + attention_mask
    pattern = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value.dtype)

    if (record := _recording.get()) is not None:
        record.patterns.append(pattern)
    return (pattern @ value).transpose(1, 2).contiguous(), pattern


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["eager"])


def implementation(family: type) -> str:
    """What to load a class of models with: ours, or eager for families that compute attention inside their own layers (Bloom, GPT-Neo)
    or add a learned sink to every row (gpt-oss), which ``attend`` does not."""
    eager = getattr(sys.modules[family.__module__], "eager_attention_forward", None)
    names = () if eager is None else eager.__code__.co_names + eager.__code__.co_varnames
    return NAME if family.is_backend_compatible() and "sinks" not in names else "eager"


def opens(module) -> bool:
    """True where this model's attention runs through ``attend``."""
    return module.config._attn_implementation == NAME
