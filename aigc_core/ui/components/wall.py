"""The wall: every layer × head attention pattern of a model on one canvas; a click or the arrow keys choose a head.

It travels in two parts, so that a click does not send megabytes again. The *carrier* is an invisible mount whose data is
``pack(pattern)``; while the pattern stays the same its message stays the same, and Streamlit sends a 64-byte reference in
its place. The *wall* is the visible mount; its data is a small dict (selection, tokens, words, the pattern's digest). Both run the
same module in the browser, which brings them together by the digest. (Bytes inside a dict would arrive as a corrupt string.)
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from aigc_core.figures import theme

HERE = Path(__file__)
MOST_BYTES = 8_000_000  # of one wall: 12 × 12 heads at 235 tokens
HEADER = struct.Struct("<4I16s")  # n_layers, n_heads, n_query, n_key; digest of what follows
HTML = """
<div class="wall">
  <canvas class="heads" tabindex="0" role="img"></canvas>
  <figure class="preview" aria-hidden="true">
    <div class="axes"><div class="query"></div><div class="key"></div></div>
    <canvas></canvas>
    <figcaption></figcaption>
  </figure>
  <div class="told" aria-live="polite"></div>
</div>
"""

PARTS = ("appearance.js", "pattern_paint.js", "wall_preview.js", "wall.js")
JS = "".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS)  # one module
CSS = HERE.with_suffix(".css").read_text(encoding="utf-8")

_wall = st.components.v2.component("glassbox_wall", html=HTML, css=CSS, js=JS)
_carrier = st.components.v2.component("glassbox_wall_carrier", js=JS)  # the same text is the same module in the browser


def pack(pattern: np.ndarray) -> bytes:
    """Attention [layer, head, query, key] in 0…1 → 32 bytes of header, then one byte per weight, round(255 · weight), in C order.

    The header is little endian: n_layers, n_heads, n_query, n_key as uint32, then the 16-byte BLAKE2b digest of those four and the weights.
    """
    if pattern.ndim != 4:
        raise ValueError(f"expected [layer, head, query, key], found {pattern.shape}")
    scaled = pattern * np.float32(255)
    np.nan_to_num(scaled, copy=False)
    np.clip(scaled, 0, 255, out=scaled)  # a softmax may exceed 1 by a rounding error, and a byte would wrap round to 0
    weights = np.rint(scaled, out=scaled).astype(np.uint8).tobytes()
    digest = hashlib.blake2b(struct.pack("<4I", *pattern.shape) + weights, digest_size=16).digest()
    return HEADER.pack(*pattern.shape, digest) + weights


def thumbnails(pattern: np.ndarray, most_bytes: int = MOST_BYTES) -> tuple[np.ndarray, int]:
    """The pattern at a resolution that fits ``most_bytes``: [layer, head, block, block], each the strongest weight of a block of
    tokens, and how many tokens a block has (1: nothing is reduced)."""
    block = max(1, math.ceil(math.sqrt(pattern.size / most_bytes)))
    for axis in (2, 3):
        pattern = np.maximum.reduceat(pattern, np.arange(0, pattern.shape[axis], block), axis=axis) if block > 1 else pattern
    return pattern, block


def spans(tokens: Sequence[str], block: int) -> list[str]:
    """The labels of blocks of tokens: the first and the last of each."""
    if block == 1:
        return list(tokens)
    return [f"{tokens[start]} … {tokens[min(start + block, len(tokens)) - 1]}" for start in range(0, len(tokens), block)]


def chosen(value: object, n_layers: int, n_heads: int) -> tuple[int, int] | None:
    """What the browser sent, "layer.head", as two indices; None for anything else (a browser may send anything)."""
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return None
    layer, head = map(int, parts)
    return (layer, head) if layer < n_layers and head < n_heads else None


def wall(
    pattern: np.ndarray,
    tokens: Sequence[str],
    selected: tuple[int, int],
    words: dict[str, str],
    key: str,
    on_select: Callable[[int, int], None] | None = None,
    key_tokens: Sequence[str] | None = None,
) -> tuple[int, int] | None:
    """Draws the wall; returns the (layer, head) chosen on it in this run, or None.

    pattern: float32 [layer, head, query, key], weights in 0…1; a large one is sent at a lower resolution. tokens: readable texts of the
    queries, and of the keys unless ``key_tokens`` differ (cross-attention). selected: (layer, head) to ring; the caller owns it.
    ``on_select(layer, head)`` runs as a widget callback, before the script, and may set the session state of other widgets.
    words: ``label``, ``query``, ``key`` (the axes), and templates: ``layer`` ("layer {layer}"), ``head`` ("head {head}"), ``pair`` and
    ``chosen`` (with both). The ring moves before Python answers: ``on_select`` or the caller must take over the choice that it is given.
    """
    n_layers, n_heads = pattern.shape[:2]
    pattern, block = thumbnails(pattern)
    packed = pack(pattern)
    digest = HEADER.unpack_from(packed)[-1].hex()

    def tell() -> None:
        place = chosen(st.session_state[key].selected, n_layers, n_heads)
        if place and on_select:
            on_select(*place)

    with st.container(gap=None):
        _carrier(key=f"{key}-carrier", data=packed, height=1)
        result = _wall(
            key=key,
            data=[
                {
                    "digest": digest,
                    "shape": list(pattern.shape),
                    "selected": list(selected),
                    "queries": spans(tokens, block),
                    "keys": spans(tokens if key_tokens is None else key_tokens, block),
                    "words": dict(words),
                    "scales": {"light": theme.LIGHT.attention, "dark": theme.DARK.attention},
                    "colours": {"query": theme.QUERY, "key": theme.KEY},
                }
            ],
            on_selected_change=tell,
        )
    return chosen(result.selected, n_layers, n_heads)
