"""Where a beam search's nodes stand, and the numbers told about them."""

from __future__ import annotations

import math
import random
import time

import pytest

from aigc_core.analysis.tree import ROOT, layout
from aigc_core.traces import BeamCandidate, BeamStep, Hypothesis, Token


def step(index: int, *rows: tuple) -> BeamStep:
    """A step from rows (id, parent, cumulative, fate), in their order of rank; "late" is an end that was pruned."""
    fates = {"late": ("pruned", True), "finished": ("finished", True)}
    made = [
        BeamCandidate(
            id, parent, Token(id, f" w{id}", f"w{id}", False), -1.0, total, total / (index + 1), rank, *fates.get(fate, (fate, False))
        )
        for rank, (id, parent, total, fate) in enumerate(rows)
    ]
    return BeamStep(index, tuple(made), ())


def search(beams: int, length: int, seed: int, ends: float = 0.1) -> list[BeamStep]:
    """A beam search over drawn log-probabilities; the last step ends all."""
    draw, ids, steps, running, best = random.Random(seed), iter(range(10**6)), [], {None: 0.0}, []
    for index in range(length):
        found = []
        for parent, total in running.items():
            for _ in range(max(2, 2 * beams // len(running))):
                log_prob = -draw.expovariate(0.7)
                found.append((total + log_prob, parent, log_prob, draw.random() < ends or index == length - 1))
        found = sorted(found, key=lambda each: -each[0])[: 2 * beams]
        candidates, kept = [], {}
        for rank, (total, parent, log_prob, ended) in enumerate(found):
            id = next(ids)
            fate = "finished" if ended and rank < beams else "kept" if not ended and len(kept) < beams else "pruned"
            if fate == "kept":
                kept[id] = total
            token = Token(rank, f" t{rank}", "", False)
            candidates.append(BeamCandidate(id, parent, token, log_prob, total, total / (index + 1), rank, fate, ended))
            if fate == "finished":
                best.append(Hypothesis(id, (), "", total / (index + 1)))
        best = sorted(best, key=lambda each: -each.score)[:beams]
        steps.append(BeamStep(index, tuple(candidates), tuple(best)))
        running = kept
        if not running:
            break
    return steps


SEARCHES = [(beams, seed) for beams in (1, 2, 5, 8, 16) for seed in range(4)]
searches = pytest.mark.parametrize(("beams", "seed"), SEARCHES)


def by_id(tree) -> dict:
    return {node.id: node for node in tree.nodes}


def test_a_small_tree_by_hand():
    steps = [
        step(0, (0, None, -0.1, "kept"), (1, None, -0.5, "kept"), (2, None, -0.9, "pruned"), (3, None, -1.0, "pruned")),
        step(1, (4, 1, -0.6, "kept"), (5, 0, -0.7, "finished"), (6, 0, -0.8, "kept"), (7, 1, -1.22, "pruned")),
    ]
    tree = layout(steps)
    places = {node.id: (node.step, node.x, round(node.y, 2)) for node in tree.nodes}
    assert places == {
        ROOT: (0, 0, 0.5),
        0: (1, 1, 0),
        1: (1, 1, 1),
        2: (1, 0.1, 0.82),  # twigs, one below the other
        3: (1, 0.1, 1.02),
        6: (2, 2, 0),  # the upper parent's child stands above, though its rank is lower
        4: (2, 2, 1),
        5: (2, 2, -0.5),  # ended: before its kept sibling, which ranks below it
        7: (2, 1.1, 1.32),
    }
    assert (tree.rows, tree.beams, tree.counts, tree.n_steps, tree.more) == (2, 2, (4, 4), 2, ())
    reason = by_id(tree)[7].reason
    assert (reason.rank, reason.count, reason.beams, reason.ends_late) == (3, 4, 2, False)
    assert reason.behind == pytest.approx(0.42)
    assert by_id(tree)[0].probability == pytest.approx(math.exp(-1))


def test_before_the_first_step_there_is_the_prompt():
    tree = layout([], beams=5)
    assert [node.fate for node in tree.nodes] == ["root"] and tree.nodes[0].y == 2 and tree.rows == 5 and tree.best is None


def test_the_lead_is_the_leading_beams_until_a_hypothesis_has_ended():
    first = step(0, (0, None, -0.1, "kept"), (1, None, -0.5, "kept"))
    second = step(1, (2, 1, -0.6, "kept"), (3, 0, -0.7, "kept"))
    assert layout([first]).leads == (0,) and layout([first, second]).leads == (0, 2) and layout([first, second]).best == 2
    ended = step(1, (2, 1, -0.6, "kept"), (3, 0, -0.7, "finished"))
    assert layout([first, BeamStep(1, ended.candidates, (Hypothesis(3, (0, 3), "", -0.35),))]).leads == (0, 3)


def test_an_end_token_that_ranks_too_low_is_ahead_of_the_last_kept():
    steps = [step(0, (0, None, -0.1, "kept"), (1, None, -0.2, "finished"), (2, None, -0.3, "late"), (3, None, -0.9, "kept"))]
    reason = by_id(layout(steps))[2].reason
    assert reason.ends_late and reason.behind == pytest.approx(-0.6)


def test_one_forced_first_token_takes_the_middle_row():
    tree = layout([step(0, (0, None, 0.0, "kept"))], beams=5)
    assert (by_id(tree)[0].y, tree.nodes[0].y, tree.rows) == (2, 2, 5)


def test_twigs_beyond_the_third_are_counted():
    rows = [(id, None, -float(id), "kept" if id < 5 else "pruned") for id in range(10)]
    tree = layout([step(0, *rows)])
    assert [node.id for node in tree.nodes if node.fate == "pruned"] == [5, 6, 7]
    assert [(each.beside, each.step, each.count) for each in tree.more] == [(7, 1, 2)] and tree.counts == (10,)


@searches
def test_a_drawn_node_never_moves(beams, seed):
    steps = search(beams, 12, seed)
    whole = [(node.id, node.x, node.y, node.fate, node.reason) for node in layout(steps, beams).nodes]
    for n in range(len(steps)):
        part = layout(steps[:n], beams)
        assert [(node.id, node.x, node.y, node.fate, node.reason) for node in part.nodes] == whole[: len(part.nodes)]


@searches
def test_no_two_edges_of_kept_or_ended_nodes_cross(beams, seed):
    tree = layout(search(beams, 12, seed), beams)
    known = by_id(tree)
    for at in range(1, tree.n_steps + 1):
        edges = sorted((known[node.parent].y, node.y) for node in tree.nodes if node.step == at and node.fate in ("kept", "finished"))
        assert [below for _, below in edges] == sorted(below for _, below in edges)
        assert len({below for _, below in edges}) == len(edges)  # and no two stand in one place


@searches
def test_every_kept_node_has_a_row_of_its_own(beams, seed):
    tree = layout(search(beams, 12, seed), beams)
    for at in range(1, tree.n_steps + 1):
        rows = [node.y for node in tree.nodes if node.step == at and node.fate == "kept"]
        assert len(rows) == len(set(rows)) and all(row in range(beams) for row in rows)


@searches
def test_every_candidate_is_drawn_or_counted_and_every_reason_holds(beams, seed):
    steps = search(beams, 12, seed)
    tree = layout(steps, beams)
    known = by_id(tree)
    assert len(tree.nodes) - 1 + sum(each.count for each in tree.more) == sum(tree.counts)
    for recorded in steps:
        kept, ended = ([each.cumulative_log_prob for each in recorded.candidates if each.fate == fate] for fate in ("kept", "finished"))
        last = min(kept or ended)
        for each in recorded.candidates:
            node = known.get(each.id)
            if each.fate != "pruned":
                assert node.reason is None
                assert (node.log_prob, node.cumulative, node.score) == (each.log_prob, each.cumulative_log_prob, each.score)
            elif node:
                assert node.reason.behind == last - each.cumulative_log_prob and node.reason.count == len(recorded.candidates)
                assert node.reason.rank == each.rank and node.reason.beams == beams


def test_sixteen_beams_and_sixty_tokens_are_quick():
    steps = search(16, 60, 0, ends=0.0)
    assert sum(len(each.candidates) for each in steps) == 1920

    def seconds() -> float:
        began = time.perf_counter()
        layout(steps, 16)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.05
