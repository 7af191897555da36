"""The residual stream between a model's blocks: noted during one pass, or put in the place of what the last block gives.

Hooks stay on the blocks of every model that writes; they act only inside ``stream``, told apart by a ContextVar, so that
requests that run at once never see each other's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch


@dataclass
class Stream:
    """What one pass is asked for: ``states`` collects what enters the first block and leaves each, [batch, position, d_model]."""

    states: list[torch.Tensor] = field(default_factory=list)
    instead: torch.Tensor | None = None  # [batch, 1, d_model]: what the last block shall give


_stream: ContextVar[Stream | None] = ContextVar("residual stream", default=None)


def blocks(module: torch.nn.Module) -> torch.nn.ModuleList | None:
    """The model's blocks in their order; None where they do not lie in one list."""
    count = getattr(module.config, "num_hidden_layers", None)
    return next((each for each in module.modules() if isinstance(each, torch.nn.ModuleList) and len(each) == count), None)


def watch(module: torch.nn.Module) -> None:
    """Puts the hooks on a freshly loaded model."""
    if (found := blocks(module)) is None:
        return
    found[0].register_forward_pre_hook(enter, with_kwargs=True)
    for index, block in enumerate(found):
        block.register_forward_hook(leave_last if index == len(found) - 1 else leave)


def enter(block, arguments: tuple, named: dict) -> None:
    if (stream := _stream.get()) is not None:
        stream.states.append(arguments[0] if arguments else named["hidden_states"])


def leave(block, arguments: tuple, output: object) -> None:
    if (stream := _stream.get()) is not None:
        stream.states.append(output[0] if isinstance(output, tuple) else output)


def leave_last(block, arguments: tuple, output: object) -> object:
    leave(block, arguments, output)
    stream = _stream.get()
    if stream is None or stream.instead is None:
        return None
    return (stream.instead, *output[1:]) if isinstance(output, tuple) else stream.instead


@contextmanager
def stream(instead: torch.Tensor | None = None) -> Iterator[Stream]:
    """Notes the residual stream of one pass of this context, or replaces its end."""
    token = _stream.set(found := Stream(instead=instead))
    try:
        yield found
    finally:
        _stream.reset(token)


@torch.inference_mode()
def unembed(module: torch.nn.Module, states: torch.Tensor) -> torch.Tensor:
    """states [layer, d_model] → logits [layer, vocab], by the model's own final norm and head, whatever they are: the states take the place
    of what its last block gives for a single token."""
    with stream(states[:, None]):
        return module(input_ids=torch.zeros(len(states), 1, dtype=torch.long), use_cache=False).logits[:, -1].float()
