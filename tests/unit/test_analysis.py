"""Readings of heads and choices, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aigc_core.analysis import heads, rivals, scripts
from aigc_core.traces import SamplingStep, Token


def rows(*lists) -> np.ndarray:
    return np.array(lists, np.float32)


def test_entropy_by_hand():
    found = heads.entropy(rows([1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0.5, 0.25, 0.25, 0]))
    np.testing.assert_allclose(found, [0, math.log(2), math.log(4), 1.5 * math.log(2)], atol=1e-6)  # nats


def test_entropy_keeps_the_other_axes():
    assert heads.entropy(np.full((2, 3, 5, 4), 0.25, np.float32)).shape == (2, 3, 5)


def test_a_head_that_looks_at_the_previous_token():
    """Rows 2 and 3 give 0.9 and 0.7 to their predecessor: 0.8; rows 0 and 1 do not count."""
    found = heads.read(rows([1, 0, 0, 0], [0, 1, 0, 0], [0.1, 0.9, 0, 0], [0.1, 0.1, 0.7, 0.1]))
    assert found.key == "previous" and found.share == pytest.approx(0.8)


def test_a_head_that_looks_at_the_first_token():
    found = heads.read(rows([1, 0, 0, 0], [1, 0, 0, 0], [0.6, 0.2, 0.2, 0], [0.5, 0.2, 0.2, 0.1]))
    assert found.key == "first" and found.share == pytest.approx(0.55)


def test_a_head_that_looks_at_the_token_itself():
    found = heads.read(np.eye(4, dtype=np.float32))
    assert (found.key, found.share, found.effective) == ("own", 1, 1)


def test_a_head_that_looks_at_the_next_token():
    """Means over the rows that have a next token, the first two among them: (1 + 1 + 0.4) / 3."""
    found = heads.read(rows([0, 1, 0, 0], [0, 0, 1, 0], [0.2, 0.2, 0.2, 0.4], [0.25] * 4))
    assert found.key == "next" and found.share == pytest.approx(0.8)


def test_a_head_without_a_favourite():
    """Even rows over four tokens: as wide as four."""
    found = heads.read(np.full((4, 4), 0.25, np.float32))
    assert found.key == "broad" and found.share == pytest.approx(0.25) and found.effective == pytest.approx(4)


def test_a_share_just_below_the_bound_is_broad():
    at, below = heads.DOMINANT + 1e-6, heads.DOMINANT - 1e-3
    for share, key in ((at, "first"), (below, "broad")):
        rest = (1 - share) / 3
        assert heads.read(np.tile(rows([share, rest, rest, rest]), (4, 1))).key == key


@pytest.mark.parametrize("n", [1, 2])
def test_two_tokens_are_no_choice(n):
    assert heads.read(np.eye(n, dtype=np.float32)).key == "short"


def test_softmax_by_hand():
    found = rivals.softmax(np.log(np.array([1, 2, 5], np.float32)))
    np.testing.assert_allclose(found, [0.125, 0.25, 0.625], atol=1e-7)
    assert found.dtype == np.float32


def test_softmax_of_large_and_filtered_logits():
    np.testing.assert_array_equal(rivals.softmax(np.array([1e4, -np.inf, 1e4, -1e4], np.float32)), [0.5, 0, 0.5, 0])


TOKENS = tuple(Token(index, letter, letter, False) for index, letter in enumerate("abcd"))
LOGITS = np.log(np.array([4, 3, 2, 1], np.float32))


def step(**changes) -> SamplingStep:
    """Four tokens with probabilities 0.4, 0.3, 0.2, 0.1; the third is taken."""
    own = np.array([0.4, 0.3, 0.2, 0.1], np.float32)
    taken = dict(index=0, token=TOKENS[2], candidates=(TOKENS[0], TOKENS[2]), draw=0.5, is_end=False)
    fields = taken | dict(logits=LOGITS, stages={}, probabilities=own)
    return SamplingStep(**fields | changes)


def test_a_choice_without_settings():
    found = rivals.choice(step())
    assert [(each.token.text, each.taken, each.removed) for each in found.rivals] == [("a", False, False), ("c", True, False)]
    np.testing.assert_allclose([each.before for each in found.rivals], [0.4, 0.2], atol=1e-6)
    assert (found.remaining, found.vocabulary, found.is_end) == (4, 4, False)
    assert found.probability == pytest.approx(0.2)


def test_a_choice_after_a_filter():
    """The filter leaves the second and the third: 3 to 2; the first candidate is removed, the probabilities stay those of all four."""
    filtered = np.where([False, True, True, False], LOGITS, -np.inf).astype(np.float32)
    after = np.array([0, 0.6, 0.4, 0], np.float32)
    found = rivals.choice(step(stages={"temperature": LOGITS.copy(), "top_k": filtered}, probabilities=after))
    first, taken = found.rivals
    assert (first.removed, first.after, taken.removed) == (True, 0, False)
    assert taken.after == pytest.approx(0.4) and taken.before == pytest.approx(0.2)
    assert (found.remaining, found.vocabulary) == (2, 4)


def test_a_choice_of_a_live_step(model_of):
    from aigc_core.decoding import SamplingSettings, sample

    for drawn in sample(model_of("gpt2"), "The dog", SamplingSettings(top_k=5, temperature=2.0, max_new_tokens=5)):
        found = rivals.choice(drawn)
        assert found.remaining == 5 and found.vocabulary == 300
        assert sum(each.removed for each in found.rivals) == 5  # of the ten best the five best are left
        assert sum(each.after for each in found.rivals) == pytest.approx(1, abs=1e-5)
        befores = [each.before for each in found.rivals]
        assert befores == sorted(befores, reverse=True)
        assert [each.taken for each in found.rivals].count(True) == 1


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("The dog barked.", ("en",), False),
        ("naïve café – 12 % 🙂", ("en",), False),
        ("小狗叫了", ("en",), True),
        ("The 狗 barked", ("en",), True),
        ("小狗 GPT", ("zh",), False),
        ("собака", ("en", "zh"), True),
        ("小狗", ("en", "zh"), False),
        ("小狗", ("tlh",), False),  # a language that is not known here is not judged
        ("小狗", (), False),
        ("", ("en",), False),
        ("123 ?!", ("en",), False),
    ],
)
def test_writing_that_a_model_does_not_know(text, languages, expected):
    assert scripts.foreign(text, languages) is expected
