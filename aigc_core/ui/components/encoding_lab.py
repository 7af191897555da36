"""The laboratory of positional encodings: sliders, and pictures of one or more encodings side by side that follow while a slider moves.

The browser computes no encoding. While a slider is dragged it sends where it stands and sends again as soon as that is answered, never
two at once; the answer is everything that is drawn, as bytes: ``pack(header, arrays)``. What only chooses among numbers that are there
already (a position, the dimensions of the curves, the cell pointed at) is answered in the browser at once.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from aigc_core.figures import theme

HERE = Path(__file__)
PREFIX = struct.Struct("<II")  # length of the JSON header; nothing: what follows begins at a multiple of eight
MOST_DIMENSIONS = 6  # curves of one picture

PARTS = (
    "appearance.js", "pattern_paint.js",
    "encoding_paint.js", "encoding_plot.js", "encoding_clock.js", "encoding_side.js", "encoding_lab.js",
)  # fmt: skip
JS = "".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS)  # one module
CSS = HERE.with_suffix(".css").read_text(encoding="utf-8")

_lab = st.components.v2.component("glassbox_encoding_lab", html='<div class="lab"></div>', css=CSS, js=JS)


@dataclass(frozen=True)
class Slider:
    """One setting and the places where it can stand."""

    name: str
    label: str
    stops: tuple[float, ...]
    value: float  # one of the stops
    idle: str = ""  # why it changes nothing at present
    zero: str = ""  # what stands for 0
    check: bool = False  # on or off: its stops are 0 and 1
    local: bool = False  # only chooses among numbers that are there: the browser answers
    place: str = "top"  # or the picture that it stands over


def pack(header: dict, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Prefix, JSON header, then each array little endian in C order, as float32 or float64, each beginning at a multiple of eight.

    To the header ``arrays`` is added: name → [offset in bytes after the header, shape, "f4" or "f8"].
    """
    told, parts, offset = {}, [], 0
    for name, array in arrays.items():
        kind = "f8" if array.dtype == np.float64 else "f4"
        numbers = array.astype(f"<{kind}").tobytes()
        told[name] = [offset, list(array.shape), kind]
        parts.append(numbers + b"\0" * (-len(numbers) % 8))
        offset += len(parts[-1])
    head = json.dumps(header | {"arrays": told}, ensure_ascii=False, allow_nan=False).encode()
    head += b" " * (-len(head) % 8)
    return b"".join([PREFIX.pack(len(head), 0), head, *parts])


def closest(stops: Sequence[float], value: object) -> float | None:
    """The stop that lies nearest to a number; None for what is none (a browser or a link may send anything)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return min(stops, key=lambda stop: abs(stop - value))


def dimensions(value: object, width: int) -> list[int] | None:
    """Chosen dimensions in order, each once; None for what is no such choice."""
    if not isinstance(value, list) or not all(isinstance(each, int) and not isinstance(each, bool) for each in value):
        return None
    return sorted({each for each in value if 0 <= each < width})[:MOST_DIMENSIONS]


def lab(
    header: dict,
    arrays: Mapping[str, np.ndarray],
    sliders: Sequence[Slider],
    words: dict[str, str],
    key: str,
    on_move: Callable[[dict], None],
) -> None:
    """Draws the laboratory. ``on_move(moved)`` runs as a widget callback with what the browser sent: a dict of anything.

    header: what ``encoding_lab.js`` names; arrays: the numbers that it refers to.
    """

    def tell() -> None:
        moved = st.session_state[key].moved
        if isinstance(moved, dict):
            on_move(moved)

    about = {"sliders": [asdict(each) for each in sliders], "words": words, "looks": LOOKS, "most": MOST_DIMENSIONS}
    _lab(key=key, data=pack(header | about, arrays), on_moved_change=tell)


def _look(look: theme.Theme) -> dict:
    inks = {name: getattr(look, name) for name in ("faint", "accent", "ink", "grid")}
    return {"diverging": look.diverging, "lines": look.series, **inks}


LOOKS = {"light": _look(theme.LIGHT), "dark": _look(theme.DARK)}
