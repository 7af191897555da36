"""Where the nodes of a beam search's tree stand.

Time runs left to right: a token's column is its step. Each step's kept candidates are sorted by their parents' rows, then by rank,
and take the rows 0, 1, 2, … in that order, so that no two of their edges cross. An ended candidate stands between the rows where
its turn comes. A pruned one is a twig: just below its parent. Every step is placed from the steps before it
alone, so that a node never moves when the tree grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from aigc_core.traces import BeamCandidate, BeamStep

ROOT = -1  # the id of the prompt's node
TWIG = (0.1, 0.32, 0.2)  # of a pruned node: columns after its parent; rows below it, the first and each further one


@dataclass(frozen=True)
class Pruned:
    """Why a candidate was not taken: its place among all, and its distance to the worst that was."""

    rank: int  # 0 is the first of its step
    count: int  # candidates of its step
    beams: int
    behind: float  # nats of cumulative log-probability behind the last kept, or, where all end, behind the last that counts as ended
    ends_late: bool  # it ends the text below the first ``beams`` ranks, where an end does not count; an ended text is never kept


@dataclass(frozen=True)
class TreeNode:
    """A node in its place. x counts columns (0: the prompt), y rows (0: the uppermost); both may lie between two."""

    id: int
    parent: int | None  # ROOT for the first tokens; None for the root itself
    step: int  # 0 for the prompt, 1 for the first new token
    x: float
    y: float
    text: str  # readable, as in Token.text
    special: bool
    log_prob: float  # nats
    cumulative: float  # nats
    score: float
    rank: int
    fate: Literal["root", "kept", "finished", "pruned"]
    reason: Pruned | None = None  # of a pruned node

    @property
    def probability(self) -> float:
        return math.exp(self.log_prob)


@dataclass(frozen=True)
class MoreTwigs:
    """Pruned candidates of one parent that are not drawn: how many, and the last twig that is."""

    beside: int
    step: int
    count: int


@dataclass(frozen=True)
class TreeLayout:
    """A tree in rows and columns. The nodes stand in the order of their steps, the root first."""

    nodes: tuple[TreeNode, ...]
    more: tuple[MoreTwigs, ...]
    rows: int
    beams: int
    counts: tuple[int, ...]  # candidates of each step, drawn or not
    leads: tuple[int | None, ...]  # after each step, the last node of the best path: of the best ended hypothesis, else of the leading beam

    @property
    def best(self) -> int | None:
        return self.leads[-1] if self.leads else None

    @property
    def n_steps(self) -> int:
        return len(self.counts)


class Growth:
    """A search's tree, placed step by step; ``beams`` is num_beams, so that the picture's height is known before the first step."""

    def __init__(self, beams: int) -> None:
        self._beams = self._rows = beams
        root = TreeNode(ROOT, None, 0, 0.0, (beams - 1) / 2, "", False, 0.0, 0.0, 0.0, 0, "root")
        self._nodes, self._heights = [root], {ROOT: root.y}
        self._more: list[MoreTwigs] = []
        self._counts: list[int] = []
        self._leads: list[int | None] = []

    def grow(self, steps: Sequence[BeamStep]) -> TreeLayout:
        """The tree of these steps, which begin with those of the last call."""
        for step in steps[len(self._counts) :]:
            self._place(step)
        return TreeLayout(tuple(self._nodes), tuple(self._more), self._rows, self._beams, tuple(self._counts), tuple(self._leads))

    def _place(self, step: BeamStep) -> None:
        places = _places(step.candidates, self._heights, self._beams)
        places |= _twigs(step, self._heights, self._more, 3 if self._beams <= 8 else 2)
        why = reasons(step, self._beams)
        for each in step.candidates:
            if each.id not in places:
                continue
            self._nodes.append(
                TreeNode(
                    each.id,
                    _parent(each),
                    step.index + 1,
                    step.index + (TWIG[0] if each.fate == "pruned" else 1.0),
                    places[each.id],
                    each.token.text,
                    each.token.special,
                    each.log_prob,
                    each.cumulative_log_prob,
                    each.score,
                    each.rank,
                    each.fate,
                    why.get(each.id),
                )
            )
        self._heights = {each.id: places[each.id] for each in step.candidates if each.fate == "kept"}
        self._rows = max(self._rows, len(self._heights))
        self._counts.append(len(step.candidates))
        self._leads.append(_best(step))


def layout(steps: Sequence[BeamStep], beams: int | None = None) -> TreeLayout:
    """Places the steps of a search, complete or not; without ``beams`` there are as many as were kept or ended at once."""
    kept, ended = (max((sum(each.fate == fate for each in step.candidates) for step in steps), default=1) for fate in ("kept", "finished"))
    return Growth(beams or max(kept, 0 if kept > 1 else ended, 1)).grow(steps)


def _parent(candidate: BeamCandidate) -> int:
    return ROOT if candidate.parent is None else candidate.parent


def reasons(step: BeamStep, beams: int) -> dict[int, Pruned]:
    """Why each pruned candidate of a step was pruned, by its id."""
    taken = {fate: [each.cumulative_log_prob for each in step.candidates if each.fate == fate] for fate in ("kept", "finished")}
    last = min(taken["kept"] or taken["finished"], default=-math.inf)

    def reason(each: BeamCandidate) -> Pruned:
        behind = last - each.cumulative_log_prob
        # at the last step all end: there the ranks alone decide, and sampled beams are ranked as they were drawn
        late = each.ends and (bool(taken["kept"]) or behind < 0)
        return Pruned(each.rank, len(step.candidates), beams, behind, late)

    return {each.id: reason(each) for each in step.candidates if each.fate == "pruned"}


def _best(step: BeamStep) -> int | None:
    if step.best:
        return step.best[0].node
    running = [each for each in step.candidates if each.fate == "kept"]
    return max(running, key=lambda each: each.score).id if running else None


def _places(candidates: Iterable[BeamCandidate], heights: dict[int, float], rows: int) -> dict[int, float]:
    """The rows of a step's kept and ended candidates: id → y."""
    turn = sorted((each for each in candidates if each.fate != "pruned"), key=lambda each: (heights[_parent(each)], each.rank))
    # an ended one gets a row of its own where there is one
    whole = turn if len(turn) <= rows else [each for each in turn if each.fate == "kept"]
    lanes = _lanes([heights[_parent(each)] for each in whole], max(rows, len(whole)))
    places = {each.id: float(lane) for each, lane in zip(whole, lanes)}
    above, waiting = -1.0, []
    for each in turn:
        if each.id not in places:
            waiting.append(each.id)
            continue
        places |= _between(above, places[each.id], waiting)
        above, waiting = places[each.id], []
    return places | _between(above, above + 1, waiting)


def _between(above: float, below: float, ids: list[int]) -> dict[int, float]:
    """Evenly between two rows."""
    return {id: above + (below - above) * index / (len(ids) + 1) for index, id in enumerate(ids, 1)}


def _lanes(wanted: list[float], rows: int) -> list[int]:
    """Increasing whole rows for rising wishes, with the least sum of distances."""
    n = len(wanted)
    if n == rows:
        return list(range(n))
    # cost[i][r]: the first i wishes use rows below r; a wish takes the last of them or leaves it free
    cost = [[0.0] * (rows + 1)] + [[math.inf] * (rows + 1) for _ in range(n)]
    for i in range(1, n + 1):
        for r in range(i, rows + 1):
            cost[i][r] = min(cost[i][r - 1], cost[i - 1][r - 1] + abs(r - 1 - wanted[i - 1]))
    lanes, r = [], rows
    for i in range(n, 0, -1):
        while cost[i][r - 1] <= cost[i][r]:
            r -= 1
        r -= 1
        lanes.append(r)
    return lanes[::-1]


def _twigs(step: BeamStep, heights: dict[int, float], more: list[MoreTwigs], most: int) -> dict[int, float]:
    """The heights of a step's pruned candidates, ``most`` a parent; the rest are counted in ``more``."""
    families: dict[int, list[BeamCandidate]] = {}
    for each in sorted((each for each in step.candidates if each.fate == "pruned"), key=lambda each: each.rank):
        families.setdefault(_parent(each), []).append(each)
    places = {}
    for parent, family in families.items():
        for index, each in enumerate(family[:most]):
            places[each.id] = heights[parent] + TWIG[1] + TWIG[2] * index
        if len(family) > most:
            more.append(MoreTwigs(family[most - 1].id, step.index + 1, len(family) - most))
    return places
