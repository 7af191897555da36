"""What the pictures of encodings share: which encoding, its settings as sliders, and what of it a link restores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace

import streamlit as st

from aigc_core import positions
from aigc_core.errors import AigcError
from aigc_core.positions import ENCODINGS, FROM_MODEL, Biasing, Encoding
from aigc_core.positions.encoding import plain as written
from aigc_core.text import Words
from aigc_core.ui import cache, plain, share
from aigc_core.ui.components.encoding_lab import Slider, closest, dimensions

CUSTOM = "custom"
FORMULAS = {"a": "sin(pos / 10000^(i/d))", "b": "cos(pos × (i + 1) / d)"}
AROUND = 30  # characters of a formula that are shown on either side of its fault
DIGITS = (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8)  # about evenly spaced on a logarithmic scale
FACTORS = tuple(number / 2 for number in range(2, 17))
STOPS: dict[str, tuple[float, ...]] = {
    "positions": tuple(range(8, 513, 4)),
    "context": tuple(range(16, 513, 16)),
    "times": (1.5, 2, 3, 4),
    "width": tuple(range(4, 257, 4)),
    "base": (*(round(10**power * digit, 6) for power in range(1, 6) for digit in DIGITS), 10**6),
    "interpolation": FACTORS,
    "ntk": FACTORS,
    "factor": FACTORS,
    "heads": tuple(range(1, 17)),
    "bias_head": tuple(range(16)),
    "drawn": tuple(range(21)),
    "position": tuple(range(512)),
    "k": tuple(range(512)),
    "one_scale": (0, 1),
}
DEFAULTS = {
    "positions": 64, "context": 256, "times": 2, "width": 64, "base": 10000, "interpolation": 1, "ntk": 1, "factor": 2, "heads": 8,
    "bias_head": 0, "drawn": 0, "position": 7, "k": 5, "one_scale": 0,
}  # fmt: skip
DIMENSIONS = (0, 4, 16, 32)
OWN = ("base", "interpolation", "ntk")  # settings that are an encoding's own fields


@dataclass(frozen=True)
class Chosen:
    """An encoding by its id, or the reason why there is none; ``formula`` as it was typed. ``waiting``: its model is still to be loaded."""

    id: str
    encoding: Encoding | None
    problem: AigcError | None = None
    formula: str = ""
    waiting: bool = False

    def with_settings(self, values: dict[str, float]) -> Encoding:
        return replace(self.encoding, **{name: float(values[name]) for name in self.own()})

    def own(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self.encoding) if field.name in OWN) if self.encoding else ()

    def acts(self, *acts: str) -> bool:
        return self.encoding is not None and self.encoding.acts in acts


def names(words: Words) -> dict[str, str]:
    """Every encoding that there is, by id and name: those with a name in the words' own order, then what was added since."""
    known, there = words.table("encoding"), (*ENCODINGS, *FROM_MODEL, CUSTOM)
    return {name: known.get(name, name) for name in sorted(there, key=lambda name: [*known, *there].index(name))}


def find(name: str, model: str, words: Words, formula: str = "") -> Chosen:
    """The encoding of that id; a model's own is the loaded model's."""
    try:
        if name == CUSTOM:
            return Chosen(name, positions.custom(formula), formula=formula)
        if name in ENCODINGS:
            return Chosen(name, ENCODINGS[name])
        if not cache.backend().ready(model) and model not in st.session_state.get("lab_tried", ()):
            return Chosen(name, None, waiting=True)
        return Chosen(name, cache.ask(f"positions.{name}.from_model", model))
    except AigcError as problem:
        return Chosen(name, None, problem, formula)


def live(draw: Callable[[Sequence[Chosen], str, Words], None], chosen: Sequence[Chosen], model: str, words: Words) -> None:
    """``draw(chosen, model, words)`` as what runs again for each place of a slider.

    A model that is not there yet keeps nobody waiting: the pictures are painted without it, then the browser's own timer asks again.
    """
    waiting = any(each.waiting for each in chosen)

    def run() -> None:
        with plain.told(words):
            if waiting and st.session_state.get("lab_painted"):
                st.session_state["lab_tried"] = (model,)  # once: where it cannot be loaded, the next run says why
                with suppress(AigcError):
                    cache.backend().kind(model)
                st.rerun()
            draw(chosen, model, words)
            st.session_state["lab_painted"] = waiting

    st.session_state["lab_left"] = True
    st.fragment(run, run_every=0.3 if waiting else None)()


def formula_box(words: Words, name: str = "a", label: str = "formula") -> str:
    """The box for the learner's own formula, which a link restores and every view shares."""
    key = "formula" if name == "a" else f"formula_{name}"
    return share.typed(key, words(label), FORMULAS[name], help=words("formula_help"))


def missing(words: Words, chosen: Chosen, model: str, problem: AigcError | None) -> dict:
    """What the component shows in place of a picture: the sentence, and of a formula the part around the place of its fault."""
    if problem is None:
        return {"sentence": words("controls.loading", name=model), "formula": "", "place": None}
    sentence, place = words(f"error.{problem.key}", **problem.values), problem.values.get("place")
    if place is None or chosen.id != CUSTOM:
        return {"sentence": sentence, "formula": "", "place": None}
    start, end = max(place - 1 - AROUND, 0), place + AROUND
    before, after = "…" if start else "", "…" if end < len(chosen.formula) else ""
    cut = chosen.formula[start:end].encode("utf-8", "replace").decode()  # half a character cannot be sent
    return {"sentence": sentence, "formula": before + cut + after, "place": place - 1 - start + len(before)}


class Settings:
    """Where the sliders of a view stand: as the link says, then as the browser sends; the link follows when a slider is let go."""

    def __init__(self, view: str) -> None:
        self.state = st.session_state.setdefault(f"lab_{view}", {"turn": 0, "values": {}, "dims": None})

    def value(self, name: str, stops: Sequence[float] | None = None, default: float | None = None) -> float:
        """Where a slider stands, of the places where it can stand now."""
        stops, values = stops or STOPS[name], self.state["values"]
        if name not in values:
            asked = share.asked(name)
            values[name] = number(asked) if asked else None
        wanted = values[name] if values[name] is not None else DEFAULTS[name] if default is None else default
        return closest(stops, wanted)

    def dims(self, width: int) -> list[int]:
        if self.state["dims"] is None:
            asked = share.asked("dims") or ""
            self.state["dims"] = [int(part) for part in asked.split(".") if part.isascii() and part.isdigit() and len(part) < 4]
        return dimensions(self.state["dims"] or list(DIMENSIONS), width) or [0]

    def take(self, moved: dict) -> None:
        """What the browser sent, of which anything may be missing or wrong."""
        turn, values, dims = moved.get("turn"), moved.get("values"), dimensions(moved.get("dims"), STOPS["width"][-1])
        if isinstance(turn, int) and 0 < turn < 2**31:
            self.state["turn"] = turn
        if isinstance(values, dict):
            self.state["values"] |= {name: values[name] for name in STOPS if number(values.get(name)) is not None}
        if dims:
            self.state["dims"] = dims
        if moved.get("left") is True:
            st.session_state["lab_left"] = True

    def mirror(self, sliders: Iterable[Slider], dims: Sequence[int] = DIMENSIONS, **defaults: float) -> None:
        """Writes to the link what was let go, and after a run of the whole page everything."""
        if not st.session_state.pop("lab_left", False):
            return
        shown = {each.name: written(each.value) for each in sliders}
        for name, default in (DEFAULTS | defaults).items():
            share.asked(name)  # remembered, also for a slider that is drawn only later
            share.mirror(name, shown.get(name, ""), written(default) if name in shown else "")
        share.mirror("dims", ".".join(map(str, dims)), ".".join(map(str, DIMENSIONS)))


def number(value: object) -> float | None:
    """A finite number that a link or a browser gave, or None."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def slider(words: Words, settings: Settings, name: str, stops: Sequence[float] | None = None, **more: object) -> Slider:
    stops = tuple(stops or STOPS[name])
    default = more.pop("default", None)
    return Slider(name, words(f"slider.{name}"), stops, settings.value(name, stops, default), **more)


def own_sliders(words: Words, settings: Settings, chosen: Sequence[Chosen], among: Sequence[str] = OWN) -> list[Slider]:
    """The settings that one of the encodings has as its own."""
    there = {name for each in chosen for name in each.own()}
    return [slider(words, settings, name) for name in among if name in there]


def bias_sliders(words: Words, settings: Settings, chosen: Sequence[Chosen]) -> list[Slider]:
    """How many heads, and which of them is shown; where the number is a model's own, it cannot be chosen."""
    biases = [each.encoding for each in chosen if isinstance(each.encoding, Biasing)]
    if not biases:
        return []
    own = [each.n_heads for each in biases if each.n_heads]
    idle = words("idle.heads", count=own[0]) if len(own) == len(biases) else ""
    heads = slider(words, settings, "heads", idle=idle)
    count = max(own + [int(heads.value)] * (len(own) < len(biases)))
    alone = words("idle.one_head") if count == 1 else ""
    return [heads, slider(words, settings, "bias_head", range(count), idle=alone)]


def values_of(sliders: Iterable[Slider]) -> dict[str, float]:
    return DEFAULTS | {each.name: each.value for each in sliders}


def title(words: Words, chosen: Chosen, model: str) -> str:
    name = names(words)[chosen.id]
    return f"{name} · {model}" if chosen.id in FROM_MODEL and chosen.encoding else name
