"""The table from logits to a token, worked by hand; and the numbers of a distribution and of a text."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_core.analysis.columns import columns, repetition, spread
from aigc_core.analysis.rivals import softmax, surprisal
from aigc_core.decoding import SamplingSettings, drawn, draws
from aigc_core.decoding.logits import process, processors
from aigc_core.traces import Stages

# probabilities ½, ¼, ⅛, ⅛ of the tokens 2, 0, 1, 3
LOGITS = np.log(np.array([0.25, 0.125, 0.5, 0.125], np.float32))


def read(logits: np.ndarray = LOGITS, context=(3,), **settings) -> Stages:
    import torch

    chain = processors(SamplingSettings(**settings))
    (found,) = process(chain, torch.tensor([list(context)]), torch.from_numpy(logits.copy())[None])
    return found


def test_without_settings_the_columns_are_the_models_own():
    found = columns(read(), (3,), 9)
    assert found.ids.tolist() == [2, 0, 1, 3]
    np.testing.assert_allclose(found.probabilities, [0.5, 0.25, 0.125, 0.125], atol=1e-6)
    np.testing.assert_allclose(found.sums, [0.5, 0.75, 0.875, 1], atol=1e-6)
    assert (found.decides, found.left, found.remaining, found.vocabulary) == ({}, {}, 4, 4)
    assert not found.occurred.any()


def test_each_filter_shows_the_number_on_which_it_decides():
    logits = np.log(np.array([0.25, 0.15, 0.5, 0.1], np.float32))
    found = columns(read(logits, top_k=3, top_p=0.8, min_p=0.6), (3,), 9)
    assert found.decides["top_k"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(found.decides["top_p"], [5 / 9, 7.5 / 9, 1, 1], atol=1e-6)  # over the 0.9 that top-k left
    np.testing.assert_allclose(found.decides["min_p"], [1, 0.5, 0, 0], atol=1e-6)
    assert dict(found.left) == {"top_k": 3, "top_p": 2, "min_p": 1} and found.remaining == 1
    np.testing.assert_allclose(found.probabilities, [1, 0, 0, 0], atol=1e-6)


def test_the_penalty_marks_what_has_occurred_and_changes_the_order():
    found = columns(read(np.array([2.0, 1.9, -1.0, 0.0], np.float32), context=(0, 2), repetition_penalty=2.0), (0, 2), 9)
    assert found.ids.tolist() == [1, 0, 3, 2]
    assert found.penalized.tolist() == pytest.approx([1.9, 1.0, 0.0, -2.0])
    assert found.occurred.tolist() == [False, True, False, True]


@pytest.mark.parametrize("seed", range(60))
def test_what_is_left_is_the_beginning_of_the_table(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, 200).round(1).astype(np.float32)  # rounded: many are equal
    settings = dict(
        temperature=rng.uniform(0.1, 3), top_k=int(rng.integers(0, 60)), top_p=rng.uniform(0.1, 1), min_p=rng.uniform(0, 0.4),
        repetition_penalty=rng.uniform(0.6, 2),
    )  # fmt: skip
    context = tuple(rng.integers(0, 200, 20).tolist())
    stages = read(logits, context, **settings)
    found = columns(stages, context, 200)
    kept = found.probabilities > 0
    assert kept[: found.remaining].all() and not kept[found.remaining :].any()
    assert (np.diff(found.tempered) <= 0).all() and found.sums[-1] == 1
    assert sorted(found.ids.tolist()) == list(range(200))
    for name, decide in found.decides.items():  # the last kept fits the rule and the first cut does not
        names = list(found.decides)
        left, before = found.left[name], [found.left[each] for each in names[: names.index(name)]]
        if left < min([200, *before]):
            if name == "top_p":
                assert decide[left - 1] >= settings["top_p"] - 1e-5 and (left == 1 or decide[left - 2] < settings["top_p"] + 1e-5)
            if name == "min_p":
                assert decide[left - 1] >= settings["min_p"] - 1e-6 > decide[left] - 2e-6


def test_the_number_falls_into_one_tokens_stretch():
    stages = read()
    assert [drawn(stages, number) for number in (0, 0.499, 0.501, 0.749, 0.751, 0.874, 0.876, 0.9999999)] == [2, 2, 0, 0, 1, 1, 3, 3]
    filtered = read(top_k=1)
    assert {drawn(filtered, number) for number in np.linspace(0, 1, 50, endpoint=False)} == {2}


def test_every_place_has_its_own_number():
    whole = draws(7, 0, 20)
    assert (whole[5:12] == draws(7, 5, 7)).all() and len(set(whole)) == 20
    assert ((0 <= whole) & (whole < 1)).all() and (draws(8, 0, 20) != whole).all()


def test_entropy_and_perplexity_by_hand():
    assert spread(np.array([0.5, 0.25, 0.125, 0.125], np.float32)).bits == pytest.approx(1.75)
    assert spread(np.full(8, 1 / 8, np.float32)).perplexity == pytest.approx(8)
    assert spread(np.array([1, 0, 0], np.float32)).bits == 0


def test_surprisal_by_hand():
    assert [surprisal(LOGITS + shift, token) for shift in (0, 50) for token in (2, 3)] == pytest.approx([1, 3, 1, 3], abs=1e-5)


def test_surprisals_are_those_of_softmax_and_never_infinite():
    logits = np.random.default_rng(0).normal(0, 4, 30).astype(np.float32)
    expected = -np.log2(softmax(logits))
    np.testing.assert_allclose([surprisal(logits, token) for token in range(30)], expected, rtol=1e-4)
    assert surprisal(np.array([0, -1000], np.float32), 1) == pytest.approx(1000 / np.log(2))


def test_rows_beyond_the_first_are_there_where_they_are_asked_for():
    found = columns(read(), (3,), 2, also=(3, 2))
    assert found.ids.tolist() == [2, 0, 3] and found.ranks.tolist() == [1, 2, 4]
    np.testing.assert_allclose(found.sums, [0.5, 0.75, 1], atol=1e-6)


def test_repetition_by_hand():
    assert repetition([1, 2, 3, 1, 2, 3, 1]) == pytest.approx(2 / 5)  # 123 231 312 123 231
    assert repetition([1, 2, 3, 4]) == 0 and repetition([5] * 5) == pytest.approx(2 / 3)
    assert repetition([1, 2]) is None
