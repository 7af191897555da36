"""Every encoding past the length that a model was trained with: what stays as it was, what becomes new, and what ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aigc_core.analysis.distances import nearest
from aigc_core.errors import AigcError
from aigc_core.figures.encodings import Size, reach, rows
from aigc_core.positions import Added, Encoding, Rotating
from aigc_core.text import Words
from aigc_core.ui.components.encoding_lab import lab
from aigc_core.ui.views import encoding_settings as common
from aigc_core.ui.views.encoding_settings import Chosen, Settings, slider
from aigc_core.ui.views.encodings import axis, signed

SCALINGS = {"interpolation": "second", "ntk": "third"}  # ways to reach farther: an encoding's field → the line's style


def draw(model: str, words: Words) -> None:
    formula = common.formula_box(words, "a")
    common.live(curves, [common.find(name, model, words, formula) for name in common.names(words)], model, words)


def curves(chosen: Sequence[Chosen], model: str, words: Words) -> None:
    settings, own = Settings("beyond"), len(next((each.encoding.rows for each in chosen if hasattr(each.encoding, "rows")), ()))
    trained = own or common.DEFAULTS["context"]
    contexts = sorted({*common.STOPS["context"], trained})
    sliders = [slider(words, settings, "context", contexts, default=trained), slider(words, settings, "times")]
    sliders += [slider(words, settings, "width"), *common.own_sliders(words, settings, chosen, ("base",))]
    sliders.append(slider(words, settings, "factor"))
    sliders += [*common.bias_sliders(words, settings, chosen), slider(words, settings, "drawn", zero=words("equal"))]
    values = common.values_of(sliders)
    context = int(values["context"])
    size = Size(round(context * values["times"]), *(int(values[name]) for name in ("width", "heads", "bias_head", "drawn")))
    sides, arrays = [], {}
    for index, each in enumerate(chosen):
        told, lines = card(index, each, size, context, values, model, words)
        sides.append(told)
        arrays |= lines
    header = {
        "turn": settings.state["turn"],
        "pictures": ["reach"],
        "rows": size.n_positions,
        "columns": size.width,
        "dims": [0],
        "k": 0,
        "sides": sides,
    }
    lab(header, arrays, sliders, words.table("lab"), "reach_lab", settings.take)
    settings.mirror(sliders, context=trained)


def card(
    index: int, chosen: Chosen, size: Size, context: int, values: dict[str, float], model: str, words: Words
) -> tuple[dict, dict[str, np.ndarray]]:
    """What the component is told of one encoding, and its curves."""
    about = {"index": index, "title": common.title(words, chosen, model), "about": "", "full": 1.0, "none": {}, "ends": None}
    about["said"] = words(f"acts.{chosen.encoding.acts}") if chosen.encoding else ""
    if chosen.encoding is None:
        return about | {"problem": common.missing(words, chosen, model, chosen.problem)}, {}
    try:
        encoding = chosen.with_settings(values | {name: 1 for name in SCALINGS})
        scaled = {name: replace(encoding, **{name: values["factor"]}) for name in SCALINGS if name in chosen.own()}
        found = [reach(each, size) for each in (encoding, *scaled.values())]
        reading = read(encoding, scaled, found[0][0], size, context, words)
    except AigcError as problem:
        return about | {"problem": common.missing(words, chosen, model, problem)}, {}
    ends, lines = found[0][1], []
    if encoding.acts == "biases":
        curves = found[0][0]
        head = min(size.head, len(curves) - 1)
        lines = [{"array": "reach", "row": row, "from": 0, "style": "quiet"} for row in range(len(curves)) if row != head]
        low, high = float(min(curves.min(), 0)), float(max(curves.max(), 0))
        up = axis(low, high if high > low else low + 1, words("axis.bias"))
    else:
        curves, head = np.concatenate([each for each, _ in found]), 0
        up = axis(-1, 1, words(f"axis.{'similarity' if encoding.acts == 'added' else 'score'}"))
    named = {"name": words("line.plain")} if scaled else {}
    lines.append({"array": "reach", "row": head, "from": 0, "style": "main"} | named)
    for row, name in enumerate(scaled, 1):
        title = words(f"line.{name}", factor=f"{values['factor']:g}")
        lines.append({"array": "reach", "row": row, "from": 0, "style": SCALINGS[name], "name": title})
    plot = {
        "lines": lines,
        "x": axis(0, size.n_positions - 1, words("axis.distance")),
        "y": up,
        "marks": [{"at": context, "text": words("line.context")}],
    }
    if ends:
        plot["ends"] = {"at": ends - 0.5}
        about["ends"] = {"at": ends, "sentence": words("error.positions_end", limit=ends, found=size.n_positions)}
    empty = {} if np.isfinite(curves).any() else {"reach": words("none.similarity")}
    told = {"problem": None, "acts": encoding.acts, "plots": {"reach": plot}, "readings": {"reach": reading}, "none": empty}
    return about | told, {f"{index}.reach": curves}


def read(encoding: Encoding, scaled: dict[str, Rotating], curves: np.ndarray, size: Size, context: int, words: Words) -> str:
    """What is different past the context, in one sentence."""
    end = size.n_positions - 1
    if isinstance(encoding, Rotating):
        counts = {name: unseen(each, size.width, context, end) for name, each in {"plain": encoding, **scaled}.items()}
        sentence = words("reading.unseen", count=counts["plain"], pairs=len(encoding.pairs(size.width)), context=context, end=end)
        both = scaled.keys() == SCALINGS.keys()
        return f"{sentence} {words('reading.rescued', interpolation=counts['interpolation'], ntk=counts['ntk'])}" if both else sentence
    if isinstance(encoding, Added):
        table, ends = rows(encoding, size.n_positions, size.width)
        if ends:
            return words("reading.ends", n=ends, missing=size.n_positions - ends)
        if not table.any():
            return words("reading.zero", n=len(table))
        if end < context:
            return words("reading.inside", n=len(table))
        like, cosine = nearest(table, end, min(context, len(table)))
        return words("reading.like", end=end, context=context, like=like, cosine=signed(round(cosine, 4)))
    head = min(size.head, len(curves) - 1)
    last = float(curves[head, min(context, end)])
    return words("reading.bias_far", head=head, context=context, last=signed(last), end=end, value=signed(curves[head, end]))


def unseen(encoding: Rotating, d_head: int, context: int, end: int) -> int:
    """How many pairs stand at ``end`` at an angle that no position of the context had: slow ones, which had not gone round once by then.

    What training saw was not scaled.
    """
    trained = replace(encoding, **{name: 1.0 for name in SCALINGS if hasattr(encoding, name)})
    seen, found = trained.angles(np.array([context]), d_head)[0], encoding.angles(np.array([end]), d_head)[0]
    return int(((seen < 2 * math.pi) & (found >= seen)).sum())
