"""What is read from a search's record, on searches small enough to work out by hand."""

from __future__ import annotations

import math

import pytest

from aigc_core.analysis.beams import PENALTIES, Ended, changes, contest, ended, filled, follow, greedy, known, outcome, path
from aigc_core.figures import penalty_lines
from aigc_core.traces import BeamCandidate, BeamStep, Token
from aigc_core.ui.views.beam_knobs import stretches


def step(index: int, *rows: tuple) -> BeamStep:
    """Rows (id, parent, log_prob, cumulative, fate), in their order of rank."""
    made = [
        BeamCandidate(id, parent, Token(id, f" w{id}", "", False), own, total, total / (index + 1), rank, fate, fate == "finished")
        for rank, (id, parent, own, total, fate) in enumerate(rows)
    ]
    return BeamStep(index, tuple(made), ())


# two beams; 2 ends at once, 5 and 6 one token later
STEPS = [
    step(
        0, (0, None, -0.5, -0.5, "kept"), (2, None, -0.9, -0.9, "finished"), (1, None, -1.0, -1.0, "kept"), (3, None, -2.0, -2.0, "pruned")
    ),
    step(1, (4, 1, -0.1, -1.1, "kept"), (5, 0, -0.8, -1.3, "finished"), (7, 0, -0.9, -1.4, "kept"), (8, 1, -0.7, -1.7, "pruned")),
    step(2, (9, 4, -0.1, -1.2, "finished"), (10, 7, -0.1, -1.5, "finished"), (11, 4, -3.0, -4.1, "pruned"), (12, 7, -3.0, -4.4, "pruned")),
]  # fmt: skip


def test_the_path_and_the_contest_of_a_node():
    nodes = known(STEPS)
    assert [each.id for each in path(nodes, 10)] == [0, 7, 10]
    found = contest(STEPS, 8, beams=2)
    assert (found.step, found.taken) == (1, 3)  # an end among those kept stands above the line
    assert [each.candidate.id for each in found.competitors] == [4, 5, 7, 8]
    assert [each.reason and round(each.reason.behind, 6) for each in found.competitors] == [None, None, None, 0.3]
    assert contest(STEPS, 12, beams=2).taken == 2  # the last step: those that count as ended


def test_sampled_candidates_stand_by_what_decides():
    """As drawn they are out of order: the sum decides who goes on, so the table is sorted by it."""
    drawn = step(0, (0, None, -2.0, -2.0, "pruned"), (1, None, -0.5, -0.5, "kept"), (2, None, -1.0, -1.0, "kept"))
    found = contest([drawn], 0, beams=2)
    assert [each.candidate.id for each in found.competitors] == [1, 2, 0] and found.taken == 2
    assert found.competitors[2].reason.behind == 1.0


def test_every_ended_hypothesis_with_its_length():
    assert [(each.node, each.length, each.total) for each in ended(STEPS)] == [(2, 1, -0.9), (5, 2, -1.3), (9, 3, -1.2), (10, 3, -1.5)]
    assert ended(STEPS)[1].text == " w0 w5" and ended(STEPS)[1].score(2.0) == pytest.approx(-1.3 / 4)
    assert filled(STEPS, 2) == 2 and filled(STEPS, 4) == 3 and filled(STEPS, 5) is None


def test_where_other_knobs_would_have_ended():
    # two have ended after step 2: True stops there, whatever the penalty
    assert outcome(STEPS, 2, 1.0, True, 3).steps == 2 and outcome(STEPS, 2, -3.0, True, 3).best == (2, 5)
    # False weighs the best running beam at its present length: −1.1 ÷ 2 is better than the worst held, so on it goes
    assert outcome(STEPS, 2, 1.0, False, 3) == outcome(STEPS, 2, 1.0, "never", 3)
    assert outcome(STEPS, 2, 1.0, False, 3).best == (9, 10)
    # without normalisation −1.1 still beats the worst held, −1.3
    assert outcome(STEPS, 2, 0.0, False, 3).steps == 3 and outcome(STEPS, 2, 0.0, False, 3).best == (2, 9)
    # a negative penalty: −1.1 × 2³ against −0.9 and −1.3 × 2³
    assert outcome(STEPS, 2, -3.0, False, 3).steps == 3
    # the same record cut short: what follows is not known
    assert not outcome(STEPS[:2], 2, 1.0, False, 3).known and outcome(STEPS[:2], 2, 1.0, True, 3).known
    # one beam is greedy: the first end is the end
    assert outcome(STEPS, 1, 1.0, "never", 3).steps == 1


def test_greedy_follows_the_most_probable_continuation():
    found = greedy(STEPS)
    assert found.nodes == (0, 5) and found.complete  # of 0's continuations 5 is the most probable, and it ends
    assert follow(STEPS, [0, 5]) == found
    lost = follow(STEPS, [0, 99])
    assert lost.nodes == (0,) and not lost.complete
    assert greedy([]).nodes == () and not greedy([]).complete


def test_the_best_one_changes_where_the_quotients_are_equal():
    hypotheses = (Ended(0, "short", 2, -1.0), Ended(1, "long", 4, -3.0), Ended(2, "never", 4, -3.5), Ended(3, "longest", 16, -250.0))
    (start, first), (at, second) = changes(hypotheses)
    assert (start, first, second) == (PENALTIES[0], 0, 1)
    assert at == pytest.approx(math.log(3) / math.log(2))  # −1 ÷ 2^p = −3 ÷ 4^p
    assert hypotheses[0].score(at) == pytest.approx(hypotheses[1].score(at))
    assert changes(()) == ()


def test_the_curve_is_each_score_over_the_best_ones():
    hypotheses = (Ended(0, "short", 2, -1.0), Ended(1, "a <b>long</b> one", 4, -3.0), Ended(2, "other", 3, -9.0))
    figure = penalty_lines(hypotheses, 0.5, returned=[0])
    others, *strong, marks = figure.data
    assert [trace.name for trace in strong] == ["a·&lt;b&gt;long&lt;/b&gt;·one", "short"]
    for trace, hypothesis in zip(strong, (hypotheses[1], hypotheses[0])):
        best = [max(each.score(value) for each in hypotheses) for value in PENALTIES]
        assert list(trace.y) == pytest.approx([hypothesis.score(value) / top for value, top in zip(PENALTIES, best)])
        assert list(trace.customdata) == pytest.approx([hypothesis.score(value) for value in PENALTIES])
    assert list(marks.x) == pytest.approx([math.log(3) / math.log(2)])
    assert figure.layout.shapes[0].x0 == 0.5 and others.y[0] == pytest.approx(hypotheses[2].score(-3) / hypotheses[0].score(-3))
    assert len(penalty_lines((Ended(0, "certain", 1, 0.0),), 1.0).data) == 1  # its score is 0 whatever the penalty


def test_stretches_of_penalties_are_told_shortly():
    assert stretches([-3.0, -2.9, -2.8, 1.0, 2.9, 3.0]) == "−3 … −2.8, 1, 2.9 … 3"
