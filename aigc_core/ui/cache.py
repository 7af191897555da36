"""What is computed once: the backend of the process, and the traces of recent requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import is_dataclass, replace
from functools import partial
from operator import itemgetter
from typing import TypeVar

import numpy as np
import streamlit as st

from aigc_core import limits
from aigc_core.analysis import heads, rivals
from aigc_core.analysis.rivals import Choice
from aigc_core.backends import Backend
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.text import Words
from aigc_core.traces import AttentionTrace, HeadTrace, Intervention, MaskedText, Stages, Token, WhatIf, Written
from aigc_core.ui import plain

Result = TypeVar("Result")


@st.cache_resource(show_spinner=False)
def backend() -> Backend:
    """The backend that this server uses."""
    from aigc_core.backends.local import LocalBackend

    return LocalBackend()


class Recent:
    """Results of recent requests, shared by all sessions; the ones asked for longest ago go when together they weigh too much."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._guard = most_bytes, threading.Lock()
        self._kept: OrderedDict[tuple, tuple[object, int]] = OrderedDict()

    def get(self, key: tuple, make: Callable[[], Result], weigh: Callable[[Result], int]) -> Result:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()  # outside the guard: others need not wait for this one
        with self._guard:
            self._kept[key] = made, weigh(made)
            while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return made


@st.cache_resource(show_spinner=False)
def recent() -> Recent:
    return Recent(limits.current().trace_bytes)


def ask(operation: str, model: str, **arguments: Hashable) -> object:
    """The backend's record, kept: records are read-only, so that all sessions may share one."""
    key = (operation, model, *sorted(arguments.items(), key=itemgetter(0)))
    return recent().get(key, partial(backend().ask, operation, model, **arguments), weigh)


def weigh(record: object) -> int:
    """A record's arrays in bytes, and roughly what the rest of it takes."""
    fields = record if isinstance(record, tuple) else vars(record).values()
    return sum(size(field) for field in fields)


def size(field: object) -> int:
    if isinstance(field, np.ndarray):
        return field.nbytes
    if is_dataclass(field):
        return weigh(field)
    if isinstance(field, Mapping):
        return weigh(tuple(field.values()))
    return 1000 * len(field) if hasattr(field, "__len__") else 100


def attention_trace(model: str, text: str, pair: str | None = None, intervention: Intervention | None = None) -> AttentionTrace:
    return ask("attention.trace", model, text=text, pair=pair, intervention=intervention)


def measures(model: str, text: str, pair: str | None = None) -> dict[str, np.ndarray]:
    """What every head does over a text: measure → float32 [layer, head]."""
    key = ("measures", model, text, pair)
    return recent().get(key, lambda: heads.measure(attention_trace(*key[1:])), lambda found: sum(each.nbytes for each in found.values()))


def head_trace(
    model: str, text: str, layer: int, head: int, pair: str | None = None, intervention: Intervention | None = None
) -> HeadTrace:
    return ask("attention.head", model, text=text, layer=layer, head=head, pair=pair, intervention=intervention)


def what_if(model: str, text: str, intervention: Intervention, pair: str | None = None) -> WhatIf:
    return ask("attention.what_if", model, text=text, intervention=intervention, pair=pair)


def masked_text(model: str, text: str, top_k: int) -> MaskedText:
    """A text as a masked model reads it, with the candidates of its gaps."""
    return ask("masked.read", model, text=text, top_k=top_k)


def written(model: str, prompt: str, token_ids: tuple[int, ...]) -> Written:
    """What stands after a prompt, read in one pass: logits of every place and attention."""
    return ask("decoding.read", model, prompt=prompt, token_ids=token_ids)


def choices(model: str, prompt: str, token_ids: tuple[int, ...], settings: SamplingSettings) -> list[Choice]:
    """Every token of a written text among its rivals under other settings, from the stored logits: no model runs."""
    from aigc_core import decoding

    reading = replace(settings, seed=0, max_new_tokens=1)  # what has no part in it

    def make() -> list[Choice]:
        found = written(model, prompt, token_ids)
        return rivals.choices(found, decoding.reread(found, reading))

    return recent().get(("choices", model, prompt, token_ids, reading), make, size)


def stages(model: str, prompt: str, token_ids: tuple[int, ...], settings: SamplingSettings, place: int) -> Stages:
    """One place of a written text under other settings, over the full vocabulary."""
    from aigc_core import decoding

    return next(decoding.reread(written(model, prompt, token_ids), settings, (place,)))


def tokens(model: str, ids: tuple[int, ...]) -> tuple[Token, ...]:
    """The tokens of some ids."""
    return ask("models.tokens.tokens", model, ids=ids)


def loading(words: Words, model: str) -> AbstractContextManager:
    """A spinner that says what is loading; nothing where the model is there already."""
    return nullcontext() if backend().ready(model) else st.spinner(plain.sentence(words, "controls.loading", name=model), show_time=True)
