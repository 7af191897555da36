"""What a recorded beam search tells about its candidates and its knobs.

The beams never look at length_penalty or early_stopping: each step keeps what has the greatest summed log-probability and goes on. The two
only weigh hypotheses that have ended, and say when to stop. So a search under other values of them takes the very steps that were recorded,
for as long as both go on, and where it would have ended can be read from the record (transformers 5.23: ``_update_finished_beams``,
``_check_early_stop_heuristic``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_core.analysis.tree import Pruned, reasons
from aigc_core.traces import BeamCandidate, BeamStep

STOPPING = (True, False, "never")
PENALTIES = tuple(round(-3 + 0.1 * tenth, 1) for tenth in range(61))


@dataclass(frozen=True)
class Competitor:
    """A candidate of a step, the way to it, and why it was pruned, if it was."""

    candidate: BeamCandidate
    path: tuple[BeamCandidate, ...]  # from the first token to itself
    reason: Pruned | None


@dataclass(frozen=True)
class Contest:
    """All candidates of one step, the line between those that went on or ended and the rest after the first ``taken``."""

    step: int  # 0, 1, …
    competitors: tuple[Competitor, ...]
    taken: int  # below it none was kept, or where all end, none counted


@dataclass(frozen=True)
class Ended:
    """A hypothesis that ended, returned or not."""

    node: int
    text: str  # readable tokens, one after the other
    length: int  # tokens, the end token counted
    total: float  # nats

    def score(self, length_penalty: float) -> float:
        return self.total / self.length**length_penalty


@dataclass(frozen=True)
class Outcome:
    """Where a search would have ended under other knobs."""

    steps: int  # of the recorded ones, those that it would have taken
    known: bool  # False: it would have gone on after the last recorded one
    best: tuple[int, ...]  # the nodes of the hypotheses that it would then hold, best first


@dataclass(frozen=True)
class Greedy:
    """What one beam alone would have written, as far as the tree holds it."""

    nodes: tuple[int, ...]  # one for each token, from the first on; the last may be a pruned one, where it leaves the beams
    complete: bool  # the last one ends the text


def known(steps: Sequence[BeamStep]) -> dict[int, BeamCandidate]:
    return {each.id: each for step in steps for each in step.candidates}


def path(nodes: dict[int, BeamCandidate], last: int) -> tuple[BeamCandidate, ...]:
    """The nodes from the first token to this one."""
    way = [nodes[last]]
    while way[-1].parent is not None:
        way.append(nodes[way[-1].parent])
    return tuple(reversed(way))


def contest(steps: Sequence[BeamStep], node: int, beams: int) -> Contest:
    """The candidates that a node competed with, best first; sampled beams as they were drawn, where the draw alone decides."""
    step = next(step for step in steps if any(each.id == node for each in step.candidates))
    goes_on = any(each.fate == "kept" for each in step.candidates)
    ranked = sorted(step.candidates, key=lambda each: (-each.cumulative_log_prob if goes_on else 0, each.rank))
    nodes, why = known(steps), reasons(step, beams)
    taken = max((place for place, each in enumerate(ranked, 1) if each.fate == ("kept" if goes_on else "finished")), default=0)
    return Contest(step.index, tuple(Competitor(each, path(nodes, each.id), why.get(each.id)) for each in ranked), taken)


def ended(steps: Sequence[BeamStep]) -> tuple[Ended, ...]:
    """Every hypothesis that ended, in the order of ending."""
    nodes, found = known(steps), []
    for step in steps:
        for each in step.candidates:
            if each.fate == "finished":
                text = "".join(part.token.text for part in path(nodes, each.id))
                found.append(Ended(each.id, text, step.index + 1, each.cumulative_log_prob))
    return tuple(found)


def outcome(steps: Sequence[BeamStep], beams: int, length_penalty: float, early_stopping: bool | str, max_new_tokens: int) -> Outcome:
    """Where this search would have ended with these knobs, all else unchanged; float32 as the search itself has it."""
    early_stopping = True if beams == 1 else early_stopping  # greedy decoding ends with its first end token
    held: list[tuple[np.float32, int]] = []  # score, node; best first
    for step in steps:
        length = step.index + 1
        new = [(divided(each.cumulative_log_prob, length, length_penalty), each.id) for each in step.candidates if each.fate == "finished"]
        held = sorted(held + new, key=lambda each: -each[0])[:beams]
        running = max((each.cumulative_log_prob for each in step.candidates if each.fate == "kept"), default=None)
        over = length >= max_new_tokens or all(each.ends for each in step.candidates)
        if len(held) == beams and running is not None:
            reach = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
            over |= early_stopping is True or not divided(running, reach, length_penalty) > held[-1][0]
        if over or len(held) == beams and running is None:
            return Outcome(length, True, tuple(node for _, node in held))
    return Outcome(len(steps), False, tuple(node for _, node in held))


def divided(total: float, length: int, length_penalty: float) -> np.float32:
    return np.float32(total) / np.float32(float(length) ** length_penalty)


def changes(hypotheses: Sequence[Ended]) -> tuple[tuple[float, int], ...]:
    """From which penalty on which node is the best of these, over PENALTIES: (penalty, node), the first from the least penalty on.

    A longer one overtakes at the penalty where total ÷ length ^ penalty of both are equal.
    """
    at, found = float(PENALTIES[0]), []
    best = max(hypotheses, key=lambda each: each.score(at), default=None)
    while best:
        found.append((at, best.node))
        longer = [each for each in hypotheses if each.length > best.length and each.total < 0 > best.total]
        crossings = [(math.log(each.total / best.total) / math.log(each.length / best.length), each) for each in longer]
        later = [crossing for crossing in crossings if at <= crossing[0] <= PENALTIES[-1]]
        at, best = min(later, key=lambda crossing: (crossing[0], -crossing[1].length), default=(at, None))
    return tuple(found)


def filled(steps: Sequence[BeamStep], beams: int) -> int | None:
    """The step after which as many hypotheses had ended as there are beams: only from then on is anything asked of early_stopping."""
    count = 0
    for step in steps:
        count += sum(each.fate == "finished" for each in step.candidates)
        if count >= beams:
            return step.index + 1
    return None


def greedy(steps: Sequence[BeamStep]) -> Greedy:
    """The most probable token after the most probable one, and so on: of a node's continuations the best is always ranked first.

    Not for sampled beams, nor with a repetition penalty, which greedy decoding applies to logits and beam search to log-probabilities.
    """
    way: list[BeamCandidate] = []
    for step in steps:
        parent = way[-1].id if way else None
        children = [each for each in step.candidates if each.parent == parent]
        if not children:
            break
        way.append(max(children, key=lambda each: each.log_prob))
        if way[-1].fate != "kept":
            break
    return Greedy(tuple(each.id for each in way), bool(way) and way[-1].ends)


def follow(steps: Sequence[BeamStep], token_ids: Sequence[int]) -> Greedy:
    """A text's tokens, as far as the tree holds them."""
    way: list[BeamCandidate] = []
    for step, token_id in zip(steps, token_ids):
        parent = way[-1].id if way else None
        found = next((each for each in step.candidates if each.parent == parent and each.token_id == token_id), None)
        if found is None:
            break
        way.append(found)
    return Greedy(tuple(each.id for each in way), len(way) == len(token_ids))
