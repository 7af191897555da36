"""Every bound of the app in one place. Each can be set by an environment variable: GLASSBOX_ and the name in capitals."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache


@dataclass(frozen=True)
class Limits:
    """What a visitor may ask of the machine."""

    characters: int = 4000  # length of a text
    parameters: int = 500_000_000  # size of a model; 2 GB in float32
    models: int = 3  # models kept loaded
    traces: int = 64  # traces kept for the next rerun
    waiting: int = 64  # requests that may wait for the model at one time
    new_tokens: int = 200  # length of one generation
    beams: int = 16  # beams of one search
    beam_tokens: int = 60  # length of one search
    other_models: str = "loopback"  # who may load a folder or a hub id: "loopback" (only from this machine), "always", "never"


@cache
def current() -> Limits:
    """The limits of this process; a value that is not of the default's type stops the start with a plain message."""
    chosen = {}
    for field in fields(Limits):
        name = f"GLASSBOX_{field.name.upper()}"
        if name in os.environ:
            kind = type(field.default)
            try:
                chosen[field.name] = kind(os.environ[name])
            except ValueError:
                raise SystemExit(f"{name} must be {'a whole number' if kind is int else 'a text'}, found {os.environ[name]!r}") from None
    return Limits(**chosen)
