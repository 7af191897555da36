"""One head's arithmetic as matrices that are read cell by cell: a mount for each step, and one chosen cell that drives them all.

As the wall, it travels in two parts. The *carrier* is an invisible mount whose data is ``pack(head)``: every number of the head, once.
The *steps* are visible mounts whose data is a small dict: which matrices make which, and the digest of the carrier's bytes. All run the
same module in the browser, which brings them together by the digest and holds the chosen cell, so that a click needs no answer from
Python. Sums are computed there in double precision from the float32 numbers and written beside the value that the model holds.

The carrier of a head of GPT-2's size (d_model 768, d_head 64) is 2.7 MB over 128 tokens, that of story-gpt 0.15 MB over 12.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import streamlit as st

from aigc_core.figures import theme
from aigc_core.figures.labels import visible
from aigc_core.traces import HeadTrace

HERE = Path(__file__)
MOST_BYTES = 16_000_000  # of one head; beyond it a browser on a slow line would wait for minutes
PREFIX = struct.Struct("<I16s")  # length of the JSON header; digest of everything after this prefix
FULL = 0.99  # this share of a matrix's numbers lies below the full colour, so that one outlier does not pale all others

PARTS = ("appearance.js", "arithmetic_sums.js", "arithmetic_paint.js", "arithmetic_written.js", "arithmetic_step.js", "arithmetic.js")
JS = "".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS)  # one module
CSS = HERE.with_suffix(".css").read_text(encoding="utf-8")

_step = st.components.v2.component("glassbox_arithmetic", html='<div class="step"></div>', css=CSS, js=JS)
_carrier = st.components.v2.component("glassbox_arithmetic_carrier", js=JS)  # the same text is the same module in the browser


class Matrix(NamedTuple):
    """How a matrix is named and drawn. The places on an axis of the same name are chosen together; "position" is the result's own rows."""

    symbol: str  # as in the formula; what follows "_" is set low
    colour: Literal["query", "key", "value", "output", "plain", "pattern"]
    rows: Literal["position", "query", "key", "input", "dimension", "feature", ""]
    columns: Literal["key", "input", "dimension", "feature", "channel"]  # of x; of query and key; of value; of the block's output
    masked: bool = False  # cells that the mask forbids are hatched


MATRICES = {
    "x": Matrix("X", "plain", "position", "input"),
    "query_weight": Matrix("W_Q", "query", "input", "dimension"),
    "key_weight": Matrix("W_K", "key", "input", "dimension"),
    "value_weight": Matrix("W_V", "value", "input", "feature"),
    "query_bias": Matrix("b_Q", "query", "", "dimension"),
    "key_bias": Matrix("b_K", "key", "", "dimension"),
    "value_bias": Matrix("b_V", "value", "", "feature"),
    "query_linear": Matrix("Q′", "query", "query", "dimension"),
    "key_linear": Matrix("K′", "key", "key", "dimension"),
    "query": Matrix("Q", "query", "query", "dimension"),
    "key": Matrix("K", "key", "key", "dimension"),
    "value": Matrix("V", "value", "key", "feature"),
    "scores": Matrix("S", "plain", "query", "key"),
    "scaled": Matrix("S", "plain", "query", "key"),
    "capped": Matrix("S", "plain", "query", "key"),
    "bias": Matrix("B", "plain", "query", "key"),
    "biased": Matrix("S", "plain", "query", "key"),
    "masked": Matrix("S", "plain", "query", "key", masked=True),
    "attention": Matrix("A", "pattern", "query", "key", masked=True),
    "output": Matrix("Z", "output", "query", "feature"),
    "output_weight": Matrix("W_O", "output", "feature", "channel"),
    "output_bias": Matrix("b_O", "output", "", "channel"),
    "projected": Matrix("Y_h", "output", "query", "channel"),
    "others": Matrix("ΣY_g≠h", "output", "query", "channel"),
    "block_output": Matrix("Y", "output", "query", "channel"),
}


ROLES = ("query", "key", "value")


@dataclass(frozen=True)
class Sum:
    """How each cell of one matrix follows from others."""

    result: str
    kind: Literal["dot", "between", "scale", "cap", "add", "mask", "softmax"]
    of: tuple[str, ...]  # dot: left, right and the bias that is added, where there is one


def steps(head: HeadTrace) -> dict[str, tuple[Sum, ...]]:
    """The steps that this head has, in the order of the formula, each with the sums that make it. A bias that is zero has no term."""
    found: dict[str, tuple[Sum, ...]] = {}
    if head.projections:
        results = {"query": "query_linear", "key": "key_linear", "value": "value"} if head.between else {role: role for role in ROLES}
        biases = {role: (f"{role}_bias",) if head.projections[role].bias.any() else () for role in ROLES}
        found["project"] = tuple(Sum(results[role], "dot", ("x", f"{role}_weight", *biases[role])) for role in ROLES)
    if head.between:
        found["between"] = tuple(Sum(role, "between", (f"{role}_linear",)) for role in ("query", "key"))
    found["scores"] = (Sum("scores", "dot", ("query", "key")),)
    found["scaled"] = (Sum("scaled", "scale", ("scores",)),)
    last = "scaled"
    if head.capped is not None:
        found["capped"] = (Sum("capped", "cap", (last,)),)
        last = "capped"
    if head.bias is not None:
        found["bias"] = (Sum("biased", "add", (last, "bias")),)
        last = "biased"
    found["mask"] = (Sum("masked", "mask", (last,)),)
    found["softmax"] = (Sum("attention", "softmax", ("masked",)),)
    found["output"] = (Sum("output", "dot", ("attention", "value")),)
    found["projected"] = (Sum("projected", "dot", ("output", "output_weight")),)
    bias = ("output_bias",) if head.output_bias.any() else ()
    found["block"] = (Sum("block_output", "add", ("projected", "others", *bias)),)
    return found


def matrices(head: HeadTrace) -> dict[str, np.ndarray]:
    """The numbers behind every name in ``steps(head)``: float32 [row, column]."""
    scores = head.scaled if head.capped is None else head.capped
    if head.bias is not None:
        scores = scores + head.bias  # in float32, as the model adds them
    found = {"biased": scores, "masked": scores, "output_bias": head.output_bias[None]}
    for role, projection in head.projections.items():
        found |= {f"{role}_weight": projection.weight, f"{role}_bias": projection.bias[None]}
    names = dict.fromkeys(name for sums in steps(head).values() for each in sums for name in (*each.of, each.result))
    return {name: found[name] if name in found else getattr(head, name) for name in names}


def pack(head: HeadTrace) -> bytes:
    """A head as bytes: prefix, JSON header, all matrices as float32, the mask as one byte for each pair.

    All numbers are little endian, and the floats begin at a multiple of four. The header holds ``tokens`` (labels), ``scaling``,
    ``softcap``, ``floats`` (their count) and ``matrices``: for each name rows, columns, offset (in floats), limit (full colour) and
    how it is drawn. "masked" shares the numbers of the step before it.
    """
    if head.mask.shape != head.scores.shape:
        raise ValueError(f"mask: expected {head.scores.shape}, found {head.mask.shape}")
    offsets: dict[int, int] = {}  # id of an array → where its numbers begin
    parts, told, floats = [], {}, 0
    for name, matrix in matrices(head).items():
        if id(matrix) not in offsets:
            offsets[id(matrix)] = floats
            parts.append(matrix.astype("<f4").tobytes())
            floats += matrix.size
        drawn = MATRICES[name]
        told[name] = {
            "rows": matrix.shape[0],
            "columns": matrix.shape[1],
            "offset": offsets[id(matrix)],
            "limit": 1.0 if drawn.colour == "pattern" else float(np.quantile(np.abs(matrix), FULL)),
            "symbol": drawn.symbol,
            "colour": drawn.colour,
            "axes": [drawn.rows, drawn.columns],
            "masked": drawn.masked,
        }
    labels = [visible(token.text) for token in head.tokens]
    about = {"tokens": labels, "scaling": head.scaling, "softcap": head.softcap, "floats": floats, "matrices": told}
    header = json.dumps(about).encode()
    header += b" " * (-(PREFIX.size + len(header)) % 4)
    rest = header + b"".join(parts) + head.mask.astype(np.uint8).tobytes()
    return PREFIX.pack(len(header), hashlib.blake2b(rest, digest_size=16).digest()) + rest


def carrier(packed: bytes, key: str) -> str:
    """Mounts the carrier of ``pack(head)``; returns the digest by which the steps find it."""
    _carrier(key=f"{key}-carrier", data=packed, height=1)
    return PREFIX.unpack_from(packed)[1].hex()


def step(name: str, sums: tuple[Sum, ...], digest: str, words: dict[str, str], key: str) -> None:
    """Draws one step: for each sum its matrices and, written out, the chosen cell. Steps with the same ``key`` share that cell.

    words: ``open``, ``close`` (the button that enlarges), ``more`` ({count}), ``fold``, ``forbidden``, ``changed`` ({value}),
    ``check`` ({count}, {total}, {value}), ``length`` ({before}, {after}), and the axes' names ``query``, ``key``, ``position``.
    """
    data = {"group": key, "step": name, "digest": digest, "sums": [asdict(each) for each in sums], "words": words, "colours": COLOURS}
    _step(key=f"{key}-{name}", data=[data])


PLAIN = 4  # place on the attention scale of what has no role: far from ink in both appearances


def _colours(look: theme.Theme) -> dict:
    """Zero is paper; positive numbers have their matrix's hue, negative ones ink's."""
    roles = {"query": theme.QUERY, "key": theme.KEY, "value": theme.VALUE, "output": theme.OUTPUT, "plain": look.attention[PLAIN]}
    return {"roles": roles, "negative": look.ink, "accent": look.accent, "pattern": look.attention}


COLOURS = {"light": _colours(theme.LIGHT), "dark": _colours(theme.DARK)}
