"""What a picture of a positional encoding is drawn from: its numbers as arrays, and for every cell the text that explains it.

All of it is worked out anew for each place of a slider, in a few milliseconds. What is done depends on what an encoding ``acts`` as.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from aigc_core.analysis.distances import best_turn, mean_similarity, similarity
from aigc_core.errors import AigcError
from aigc_core.positions import Added, Biasing, Encoding, Rotating


@dataclass(frozen=True)
class Size:
    """What the sliders set for every encoding."""

    n_positions: int
    width: int  # dimensions that are shown
    n_heads: int
    head: int  # the one shown of a bias
    drawn: int  # the query and key whose score is shown: 0 two equal ones, else a pair drawn by this seed
    k: int = 0  # a step from one position to another


@dataclass(frozen=True, eq=False)
class Picture:
    """An encoding's numbers. What it does not have is empty."""

    by_distance: np.ndarray  # float32 [line, distance]: mean, least, greatest similarity; a score; a bias by head, from key − query = 1 − n
    templates: tuple[str, ...]  # for each column with {pos} and {value}; of a bias for each distance, with {query}, {key} and {value}
    table: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # float32 [position, dimension]
    angles: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # float64 [position, pair]
    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))  # int [pair, 2]: the two dimensions of each hand
    stepped: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # R_k · P(pos), float32 [position, dimension]
    residual: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # |R_k · P(pos) − P(pos + k)|, float32 [position]
    exact: bool = False  # R_k follows from the encoding's own formula; otherwise it is the best that was found
    ends: int | None = None  # positions that there are, where there are fewer than asked for

    def __post_init__(self) -> None:
        for array in filter(lambda value: isinstance(value, np.ndarray), vars(self).values()):
            array.setflags(write=False)


@lru_cache(maxsize=16)  # of two encodings side by side one often stays as it is while the other's slider moves
def picture(encoding: Encoding, size: Size) -> Picture:
    """Raises AigcError: what the encoding itself raises."""
    if isinstance(encoding, Added):
        return of_added(encoding, size)
    return of_rotating(encoding, size) if isinstance(encoding, Rotating) else of_biasing(encoding, size)


def of_added(encoding: Added, size: Size) -> Picture:
    whole, ends = rows(encoding, size.n_positions, size.width)
    table = np.ascontiguousarray(whole[:, : size.width])  # of a table with a width of its own the first columns
    columns = table.shape[1]
    pairs = np.arange(columns - columns % 2).reshape(-1, 2)
    rotation = encoding.rotation(size.k, columns) if encoding.d_model is None and columns % 2 == 0 else None
    n = max(len(table) - size.k, 0)
    stepped = table[:n] @ rotation.T if rotation is not None else best_turn(table, pairs, size.k) if n else table[:0]
    return Picture(
        similarity(whole),
        tuple(encoding.template(column, whole.shape[1]) for column in range(columns)),
        table,
        pairs=pairs,
        stepped=stepped,
        residual=np.linalg.norm(stepped.astype(np.float64) - table[size.k :], axis=1).astype(np.float32),
        exact=rotation is not None,
        ends=ends,
    )


def of_rotating(encoding: Rotating, size: Size) -> Picture:
    """The table is one vector, 1 and 0 in each pair, turned by every position."""
    pairs, places = encoding.pairs(size.width), np.arange(size.n_positions)
    pair_of = np.empty(size.width, int)
    pair_of[pairs] = np.arange(len(pairs))[:, None]
    table = encoding.rotate(np.tile(unturned(encoding, size.width), (size.n_positions, 1)), places)
    n = max(len(table) - size.k, 0)
    stepped = encoding.rotate(table[:n], np.full(n, size.k))
    templates = [encoding.template(pair, size.width) for pair in range(len(pairs))]
    return Picture(
        score(encoding, size),
        tuple(templates[pair] for pair in pair_of),
        table,
        encoding.angles(places, size.width),
        pairs[:, ::-1],  # sine across, cosine upwards: at position 0 the hand points to twelve, and it turns as a clock's
        stepped,
        np.linalg.norm(stepped.astype(np.float64) - table[size.k :], axis=1).astype(np.float32),
        exact=True,
    )


def of_biasing(encoding: Biasing, size: Size) -> Picture:
    n_heads = encoding.n_heads or size.n_heads
    distances = np.arange(1 - size.n_positions, size.n_positions)
    head = min(size.head, n_heads - 1)
    templates = tuple(encoding.template(head, int(distance), n_heads) for distance in distances)
    return Picture(encoding.values(distances, n_heads).astype(np.float32), templates)


def reach(encoding: Encoding, size: Size) -> tuple[np.ndarray, int | None]:
    """By how far back a key lies: mean similarity, score, or the bias of each head, float32 [line, distance]; and where positions end."""
    if isinstance(encoding, Added):
        table, ends = rows(encoding, size.n_positions, size.width)
        return mean_similarity(table)[None], ends
    if isinstance(encoding, Rotating):
        return score(encoding, size), None
    return encoding.values(-np.arange(size.n_positions), encoding.n_heads or size.n_heads).astype(np.float32), None


def rows(encoding: Added, n_positions: int, width: int) -> tuple[np.ndarray, int | None]:
    """The table, and how many positions it has where it has not as many as asked for."""
    width = encoding.d_model or width
    try:
        return encoding.table(n_positions, width), None
    except AigcError as problem:
        if problem.key != "positions_end":
            raise
        return encoding.table(problem.values["limit"], width), problem.values["limit"]


def unturned(encoding: Rotating, d_head: int) -> np.ndarray:
    """1 in the first dimension of each pair, 0 in the second: float32 [d_head]."""
    vector = np.zeros(d_head, np.float32)
    vector[encoding.pairs(d_head)[:, 0]] = 1
    return vector


def score(encoding: Rotating, size: Size) -> np.ndarray:
    """A fixed query at each distance behind a fixed key at 0: q · k ÷ (|q| |k|) after both are turned, float32 [1, distance]."""
    if size.drawn:
        query, key = np.random.default_rng(size.drawn).normal(size=(2, size.width))
    else:
        query = key = unturned(encoding, size.width)
    scores = encoding.rotate(np.tile(query, (size.n_positions, 1)), np.arange(size.n_positions)) @ key
    return (scores / (np.linalg.norm(query) * np.linalg.norm(key)))[None].astype(np.float32)
