"""Two attention patterns side by side, in one scale of colour and size: what is under the pointer on one is framed on both.

They are linked by the characters that their tokens stand for, since two models rarely cut a text alike: where one token meets several
pieces, the line below the picture says the mean over their rows (each a query's own distribution) of the sum over their columns (shares
of one distribution). Clark et al. 2019, section 4, merge the pieces of a word by the same rule.

As the wall's, the weights travel in invisible *carriers*, one for each pattern, and the small dict of the visible mount names them by
their digests: a pattern that stays is not sent again.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from aigc_core.figures import theme
from aigc_core.traces import Span, read_only

HERE = Path(__file__)
MOST_EXACT = 256  # tokens; a longer pattern is sent as bytes, which hold a weight to within 0.2 %, and its numbers are shown with ≈
HEADER = struct.Struct("<3I16s")  # n_query, n_key, bytes of each weight; digest of what follows
HTML = """
<div class="pair">
  <div class="legend"><span class="query"></span><span class="key"></span><span class="scale">0 %<i></i>100 %</span></div>
  <div class="sides">
    <figure><figcaption></figcaption><canvas tabindex="0" role="img"></canvas><div class="cell"></div><div class="note"></div></figure>
    <figure><figcaption></figcaption><canvas tabindex="0" role="img"></canvas><div class="cell"></div><div class="note"></div></figure>
  </div>
  <div class="hint"></div>
  <div class="told" aria-live="polite"></div>
</div>
"""
PARTS = ("appearance.js", "pattern_paint.js", "pattern_side.js", "pattern_pair.js")
JS = "".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS)  # one module
CSS = HERE.with_suffix(".css").read_text(encoding="utf-8")

_pair = st.components.v2.component("glassbox_pattern_pair", html=HTML, css=CSS, js=JS)
_carrier = st.components.v2.component("glassbox_pattern_carrier", js=JS)  # the same text is the same module in the browser


@dataclass(frozen=True, eq=False)
class Side:
    """One head's pattern over its own tokens."""

    title: str
    pattern: np.ndarray  # float32 [query, key]
    labels: tuple[str, ...]  # readable texts of the tokens, along both axes
    spans: tuple[Span, ...] = ()  # of each token in the text that both sides share; empty: linked by index

    def __post_init__(self) -> None:
        n = len(self.labels)
        read_only(self.pattern, (n, n), "pattern")
        if len(self.spans) not in (0, n):
            raise ValueError(f"spans: expected {n} or none, found {len(self.spans)}")


def pack(pattern: np.ndarray) -> bytes:
    """Weights [query, key] in 0…1 → header, then each weight in C order as float32, or above ``MOST_EXACT`` tokens as round(255 · weight).

    Little endian. The digest is BLAKE2b's of the three numbers before it and of the weights.
    """
    if len(pattern) <= MOST_EXACT:
        weights = pattern.astype("<f4")
    else:
        weights = np.rint(255 * np.clip(pattern, 0, 1)).astype(np.uint8)
    about, numbers = (*pattern.shape, weights.itemsize), weights.tobytes()
    digest = hashlib.blake2b(struct.pack("<3I", *about) + numbers, digest_size=16).digest()
    return HEADER.pack(*about, digest) + numbers


def links(side: Side, other: Side) -> list[list[int]]:
    """For each token of ``side``, the tokens of ``other`` that share a character with it; those of the same index where spans are unknown.

    A token with an empty span, as [CLS], stands for no character and is linked to nothing.
    """
    if not (side.spans and other.spans):
        return [[index] if index < len(other.labels) else [] for index in range(len(side.labels))]
    mine, others = (np.array([(span.start, span.end) for span in each.spans]) for each in (side, other))
    start = np.maximum(mine[:, None, 0], others[:, 0])  # [token, other token]
    end = np.minimum(mine[:, None, 1], others[:, 1])
    return [np.flatnonzero(shared).tolist() for shared in start < end]


def pattern_pair(left: Side, right: Side, words: dict[str, str], key: str) -> None:
    """Draws both patterns. A click holds a cell, and it stays held while patterns over the same tokens come and go.

    words: ``query``, ``key`` (the axes), ``hint``, ``held``, ``none``, and templates: ``rows``, ``columns`` ({count}), ``told``
    ({title}, {query}, {key}, {weight}), ``told_none`` ({title}).
    """
    packed = [pack(side.pattern) for side in (left, right)]
    linked = links(left, right), links(right, left)
    sides = [
        {"title": side.title, "labels": list(side.labels), "links": found, "digest": HEADER.unpack_from(data)[-1].hex()}
        for side, found, data in zip((left, right), linked, packed)
    ]
    with st.container(gap=None):
        for name, data in zip(("left", "right"), packed):
            _carrier(key=f"{key}-{name}", data=data, height=1)
        _pair(
            key=key,
            data=[
                {
                    "sides": sides,
                    "words": dict(words),
                    "scales": {"light": theme.LIGHT.attention, "dark": theme.DARK.attention},
                    "colours": {"query": theme.QUERY, "key": theme.KEY},
                }
            ],
        )
