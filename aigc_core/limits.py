"""Every bound of the app in one place. Each can be set by an environment variable: GLASSBOX_ and the name in capitals."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache

RULES = ("loopback", "always", "never")


@dataclass(frozen=True)
class Limits:
    """What a visitor may ask of the machine."""

    characters: int = 4000  # length of a text
    parameters: int = 500_000_000  # size of a model; 2 GB in float32
    models: int = 3  # models kept loaded
    attention_cells: int = 40_000_000  # layers × heads × tokens² of one text; four bytes each
    trace_bytes: int = 600_000_000  # traces kept for the next rerun, together
    bertviz_lines: int = 60_000  # layers × heads × tokens² for BertViz; 50,000 took 1.3 s to draw and 0.3 s to answer the pointer
    blanks: int = 4  # blanks of one text
    logit_cells: int = 40_000_000  # rows × tokens × vocabulary of one pass; four bytes each
    waiting: int = 64  # requests that may wait for the model at one time
    new_tokens: int = 200  # length of one generation
    branch_tokens: int = 400  # length of one continuation, written in several goes
    beams: int = 16  # beams of one search
    beam_tokens: int = 60  # length of one search
    other_models: str = "loopback"  # who may load a folder or a hub id: loopback is only from this machine


@cache
def current() -> Limits:
    """The limits of this process; a value that does not fit stops the start with a plain message."""
    chosen = {}
    for field in fields(Limits):
        name = f"GLASSBOX_{field.name.upper()}"
        if name in os.environ:
            found = os.environ[name].strip()
            if isinstance(field.default, int):
                fits, expected = found.isascii() and found.isdecimal() and int(found) > 0, "a whole number above 0"
            else:
                fits, expected = found in RULES, " or ".join(RULES)
            if not fits:
                raise SystemExit(f"{name} must be {expected}, found {found!r}")
            chosen[field.name] = type(field.default)(found)
    return Limits(**chosen)
