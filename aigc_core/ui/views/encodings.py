"""Two positional encodings side by side, as pictures that follow every slider while it moves. No model is run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from aigc_core.errors import AigcError
from aigc_core.figures.encodings import Picture, Size, picture
from aigc_core.text import Words
from aigc_core.ui import share
from aigc_core.ui.components.encoding_lab import Slider, lab
from aigc_core.ui.views import encoding_settings as common
from aigc_core.ui.views.encoding_settings import Chosen, Settings, slider

PICTURES = ("head", "heat", "curves", "clock", "distance")
SIDES = {"a": "sinusoidal", "b": "learned"}
MOST_HANDS = 32
FULL = 0.99  # this share of a table's numbers lies below the full colour, so that one outlier does not pale all others


def draw(model: str, words: Words) -> None:
    chosen = []
    for column, (name, default) in zip(st.columns(2, gap="medium"), SIDES.items()):
        with column:
            found = share.listed(name, words(f"side.{name}"), common.names(words), default)
            chosen.append(common.find(found, model, words, common.formula_box(words, name) if found == common.CUSTOM else ""))
    common.live(pictures, chosen, model, words)


def pictures(chosen: Sequence[Chosen], model: str, words: Words) -> None:
    settings = Settings("pictures")
    sliders = all_sliders(words, settings, chosen)
    values = common.values_of(sliders)
    size = Size(*(int(values[name]) for name in ("positions", "width", "heads", "bias_head", "drawn", "k")))
    dims = settings.dims(size.width)
    sides, arrays = [], {}
    for index, each in enumerate(chosen):
        told, numbers = side(index, each, size, values, dims, model, words)
        sides.append(told)
        arrays |= {f"{index}.{name}": array for name, array in numbers.items()}
    if values["one_scale"]:
        most = max(each["full"] for each in sides)
        sides = [each | {"full": most} for each in sides]
    header = {
        "turn": settings.state["turn"],
        "pictures": PICTURES,
        "rows": size.n_positions,
        "columns": size.width,
        "dims": dims,
        "k": size.k,
        "sides": sides,
    }
    lab(header, arrays, sliders, words.table("lab"), "encoding_lab", settings.take)
    settings.mirror(sliders, dims)


def all_sliders(words: Words, settings: Settings, chosen: Sequence[Chosen]) -> list[Slider]:
    """Those that have to do with one of the two encodings; one that changes nothing says why."""
    flat = "" if any(each.acts("added", "rotates") for each in chosen) else words("idle.flat")
    positions = slider(words, settings, "positions")
    found = [positions, slider(words, settings, "width", idle=flat), *common.own_sliders(words, settings, chosen)]
    found += common.bias_sliders(words, settings, chosen)
    if any(each.acts("rotates") for each in chosen):
        found.append(slider(words, settings, "drawn", zero=words("equal")))
    found.append(slider(words, settings, "one_scale", check=True, place="heat"))
    places = range(int(positions.value))
    found.append(slider(words, settings, "position", places, idle=flat, local=True, place="clock"))
    return [*found, slider(words, settings, "k", places, idle=flat, place="clock")]


def side(
    index: int, chosen: Chosen, size: Size, values: dict[str, float], dims: Sequence[int], model: str, words: Words
) -> tuple[dict, dict[str, np.ndarray]]:
    """What the component is told of one encoding, and its numbers."""
    about = {
        "index": index,
        "title": common.title(words, chosen, model),
        "said": words(f"acts.{chosen.encoding.acts}") if chosen.encoding else "",
        "about": words.table("about").get(chosen.id, ""),
        "full": 0.0,
    }
    try:
        encoding = chosen.encoding and chosen.with_settings(values)
        drawn = encoding and picture(encoding, size)
    except AigcError as problem:
        return about | {"problem": common.missing(words, chosen, model, problem)}, {}
    if drawn is None:
        return about | {"problem": common.missing(words, chosen, model, chosen.problem)}, {}
    about |= {"problem": None, "acts": encoding.acts, "templates": drawn.templates}
    if encoding.acts == "biases":
        return biasing(about, drawn, size, words)
    return tabled(about, drawn, size, dims, words)


def tabled(about: dict, drawn: Picture, size: Size, dims: Sequence[int], words: Words) -> tuple[dict, dict[str, np.ndarray]]:
    """An encoding with a vector for each position: added, or one vector turned."""
    table, most = drawn.table, float(np.abs(drawn.table).max())
    hands = drawn.pairs[np.unique(np.linspace(0, len(drawn.pairs) - 1, MOST_HANDS).round().astype(int))]
    kind = "similarity" if about["acts"] == "added" else "score"
    lines = {"lines": [{"array": "by_distance", "row": 0, "from": 0, "style": "main"}]}
    if len(drawn.by_distance) == 3:
        lines["band"] = [{"array": "by_distance", "row": row} for row in (1, 2)]
    last = size.n_positions - 1
    plots = {
        "curves": {"x": axis(0, last, words("axis.position")), "y": axis(-(most or 1), most or 1, words("axis.value"))},
        "distance": lines | {"x": axis(0, last, words("axis.distance")), "y": axis(-1, 1, words(f"axis.{kind}"))},
    }
    arrays = {name: getattr(drawn, name) for name in ("table", "residual", "by_distance")}
    arrays["stepped"] = drawn.stepped[:, hands.ravel()]  # of each hand that is shown: across, upwards
    pair_of: list[int] = []
    if drawn.angles.size:
        pair_of = (np.argsort(drawn.pairs.ravel()) // 2).tolist()
        arrays["angles"] = drawn.angles
    readings = {
        "heat": turning_reading(drawn, words) if drawn.angles.size else neighbours_reading(table, words),
        "curves": signs_reading(table, dims, words),
        "clock": step_reading(drawn, size.k, words),
        "distance": distance_reading(drawn.by_distance[0], kind, words),
    }
    none = {} if most else {"clock": words("none.hands"), "distance": words("none.similarity")}
    longest = float(np.sqrt((table[:, hands].astype(np.float64) ** 2).sum(axis=-1)).max())
    told = {
        "rows": len(table),
        "full": float(np.quantile(np.abs(table), FULL)) or most or 1.0,
        "axes": {"down": words("axis.down"), "along": words("axis.dimension")},
        "pairs": hands.tolist(),
        "pair_of": pair_of,
        "longest": longest,
        "exact": drawn.exact,
        "plots": plots,
        "readings": readings,
        "none": none,
        "ends": drawn.ends and {"at": drawn.ends, "sentence": words("lab.ends", n=drawn.ends)},
    }
    if drawn.ends:
        told["plots"] = {name: plot | {"ends": {"at": drawn.ends - 0.5}} for name, plot in plots.items()}
    return about | told, arrays


def biasing(about: dict, drawn: Picture, size: Size, words: Words) -> tuple[dict, dict[str, np.ndarray]]:
    """A number for each distance and head."""
    bias, last = drawn.by_distance, size.n_positions - 1  # [head, distance]
    head = min(size.head, len(bias) - 1)
    factor = np.exp(bias[head].astype(np.float64) - float(bias[head, last])).astype(np.float32)[None]
    array = "by_distance"
    heads = [{"array": array, "row": row, "from": -last, "style": "quiet"} for row in range(len(bias)) if row != head]
    low, high = float(min(bias.min(), 0)), float(max(bias.max(), 0))
    along = axis(-last, last, words("axis.key_minus_query"))
    plots = {
        "curves": {
            "lines": [*heads, {"array": array, "row": head, "from": -last, "style": "main"}],
            "x": along,
            "y": axis(low, high if high > low else low + 1, words("axis.bias")),
        },
        "distance": {
            "lines": [{"array": "factor", "row": 0, "from": -last, "style": "main"}],
            "x": along,
            "y": axis(0, float(factor.max()), words("axis.factor")),
        },
    }
    near, far = min(1, last), min(10, last)
    back = bias[:, last - far]
    values = dict(head=head, near=signed(bias[head, last - near]), far=far, value=signed(bias[head, last - far]))
    readings = {
        "heat": words("reading.bias", **values),
        "curves": words("reading.heads", far=far, count=len(bias), least=signed(back.min()), most=signed(back.max())),
        "distance": words("reading.factor", near=f"{factor[0, last - near]:.3g}", far=far, value=f"{factor[0, last - far]:.3g}"),
    }
    told = {
        "rows": size.n_positions,
        "head": head,
        "full": float(np.abs(bias[head]).max()) or 1.0,
        "axes": {"down": words("axis.query"), "along": words("axis.key")},
        "plots": plots,
        "readings": readings,
        "none": {"clock": words("none.bias")},
        "ends": None,
    }
    return about | told, {"by_distance": bias, "factor": factor}


def axis(low: float, high: float, title: str) -> dict:
    return {"low": low, "high": high, "title": title}


def signed(value: float) -> str:
    return f"{float(value) + 0.0:.4g}".replace("-", "−")


# One sentence for each picture, from the numbers that it shows


def neighbours_reading(table: np.ndarray, words: Words) -> str:
    vectors = table.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    if not lengths.any():
        return words("reading.zero", n=len(table))
    step = float(np.linalg.norm(np.diff(vectors, axis=0), axis=1).mean())
    sizes = {name: f"{found:.3g}" for name, found in (("least", lengths.min()), ("most", lengths.max()))}
    if np.ptp(lengths) < 1e-3 * lengths.max():
        return words("reading.neighbours_alike", step=f"{step:.3g}", most=sizes["most"])
    return words("reading.neighbours", step=f"{step:.3g}", shortest=int(lengths.argmin()), longest=int(lengths.argmax()), **sizes)


def turning_reading(drawn: Picture, words: Words) -> str:
    fastest, slowest = float(drawn.angles[1].max()), float(drawn.angles[1].min())
    return words("reading.turning", pairs=drawn.angles.shape[1], fast=f"{fastest:.3g}", slow=f"{slowest:.3g}")


def signs_reading(table: np.ndarray, dims: Sequence[int], words: Words) -> str:
    """How often the first and the last of the chosen dimensions change sign."""
    there = [each for each in dims if each < table.shape[1]]
    if not there:
        return words("reading.no_dimension")
    changes = [int((np.diff(np.sign(table[:, each][table[:, each] != 0])) != 0).sum()) for each in (there[0], there[-1])]
    if len(there) == 1:
        return words("reading.sign", n=len(table), first=there[0], changes=changes[0])
    return words("reading.signs", n=len(table), first=there[0], changes=changes[0], last=there[-1], others=changes[1])


def step_reading(drawn: Picture, k: int, words: Words) -> str:
    """Whether one and the same turn leads from every position to the one k later."""
    if not len(drawn.residual):
        return words("reading.step_none", k=k)
    if drawn.exact:
        return words("reading.step_exact", k=k, most=f"{drawn.residual.max():.1e}".replace("e-0", "e−"))
    length = float(np.linalg.norm(drawn.table[k:].astype(np.float64)))
    share = float(np.linalg.norm(drawn.residual)) / length if length else 0.0  # of all positions together, as root mean squares
    return words("reading.step_best", k=k, share=f"{share:.2%}")


def distance_reading(curve: np.ndarray, kind: str, words: Words) -> str:
    last = int(np.flatnonzero(np.isfinite(curve))[-1]) if np.isfinite(curve).any() else 0
    near, middle = min(1, last), min(10, last)
    values = {name: f"{curve[at]:.2f}".replace("-", "−") for name, at in (("a", near), ("b", middle), ("c", last))}
    return words(f"reading.{kind}", near=near, middle=middle, far=last, **values)
