"""The order test and other rows of the own table, against models whose table is really another one."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from aigc_core import models, order, positions
from aigc_core.errors import AigcError
from aigc_core.models import tables
from aigc_core.models.tokens import encode
from aigc_core.positions import ENCODINGS
from tests.models import TEXT

BOTH_SIDES = ("bert", "roberta", "distilbert", "albert", "electra")
LEFT_TO_RIGHT = ("gpt2", "gpt_neo", "opt")
FORMULAS = ("pos", "pos + 0.01*sin(pos*i)", "pos + 10*sin(pos*i)")


@pytest.fixture(scope="module")
def story_bert():
    return models.load("story-bert")


def table_of(module: torch.nn.Module) -> torch.nn.Module:
    """The layer that hands out positions."""
    return next(each for name, each in module.named_modules() if name.rpartition(".")[2] in tables.NAMES)


def states(model, ids: list[int], rows: np.ndarray) -> np.ndarray:
    """The last hidden states [position, d] of a copy of the model whose table begins with ``rows``: the reference."""
    module = copy.deepcopy(model.module)
    weight = table_of(module).weight
    first = len(weight) - model.n_ctx
    weight.data[first : first + len(rows)] = torch.from_numpy(rows)
    with torch.inference_mode():
        return module.base_model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()


def ids_of(model, text: str) -> list[int]:
    return encode(model, text)["input_ids"][0].tolist()


# The order test


@pytest.mark.parametrize("name", ["none", "article"])
@pytest.mark.parametrize("family", BOTH_SIDES)
def test_without_an_order_in_the_encoding_no_order_is_seen(family, name, model_of):
    for seed in range(3):
        found = order.shuffled(model_of(family), TEXT, ENCODINGS[name], seed)
        assert found.largest < 1e-5 and found.level == 0


@pytest.mark.parametrize("family", BOTH_SIDES)
def test_with_an_order_in_the_encoding_it_is_seen(family, model_of):
    model = model_of(family)
    for encoding in (ENCODINGS["sinusoidal"], positions.custom("sin(pos / 10000^(i/d))"), positions.learned(model)):
        found = order.shuffled(model, TEXT, encoding)
        assert found.largest > 1e-2 and found.level == 2


def test_a_change_may_be_neither_rounding_nor_a_real_one(story_bert):
    """One number a position, and a hundredth of what differs between the columns."""
    changes = {text: order.shuffled(story_bert, "The dog bites the man.", positions.custom(text)) for text in FORMULAS}
    assert [found.level for found in changes.values()] == [0, 1, 2], [found.largest for found in changes.values()]


@pytest.mark.parametrize("family", LEFT_TO_RIGHT)
def test_a_causal_mask_reveals_the_order_but_the_article_still_says_nothing(family, model_of):
    model = model_of(family)
    assert order.shuffled(model, TEXT, ENCODINGS["none"]).level == 2
    assert order.against_none(model, TEXT, ENCODINGS["article"]).largest < 2e-5
    assert order.against_none(model, TEXT, ENCODINGS["none"]).largest == 0
    assert order.against_none(model, TEXT, ENCODINGS["sinusoidal"]).largest > 1e-2


@pytest.mark.parametrize("name", ["sinusoidal", "learned"])
@pytest.mark.parametrize("family", BOTH_SIDES + LEFT_TO_RIGHT)
def test_the_changes_are_those_of_a_model_with_another_table(family, name, model_of):
    model = model_of(family)
    encoding = ENCODINGS.get(name) or positions.learned(model)
    found = order.shuffled(model, TEXT, encoding, seed=3)
    ids, own = ids_of(model, TEXT), positions.learned(model).rows
    rows = encoding.table(len(ids), own.shape[1])
    assert found.scale == pytest.approx(np.linalg.norm(own[: len(ids)]) / np.linalg.norm(rows), rel=1e-5)
    if name == "learned":
        assert found.scale == 1
    rows = np.float32(found.scale) * rows
    words, names = order.words_of(model, TEXT, encode(model, TEXT))
    ordered, moved = order.reorder(words, ids, seed=3)
    first, second = states(model, ids, rows), states(model, [ids[place] for place in moved], rows)
    back = np.argsort(moved)  # where each token of the text stands in the second reading
    change = np.abs(first - second[back]).max(axis=1)
    expected = [max(change[place] for place in range(len(ids)) if words[place] == word) for word in range(len(names))]
    assert (found.words, found.order) == (names, tuple(ordered))
    assert np.abs(found.changes - expected).max() < 1e-5 and found.largest == pytest.approx(change.max(), abs=1e-5)


def test_the_model_is_as_it_was(model_of):
    model = model_of("bert")
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    order.shuffled(model, TEXT, ENCODINGS["sinusoidal"])
    order.repositioned(model, TEXT, "zero")
    after = model.module.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


# Another order


@pytest.mark.parametrize("family", ["bert", "gpt2", "roberta bytes", "xlm_roberta unigram"])
def test_whole_words_change_places(family, model_of):
    model = model_of(family)
    ids, (words, names) = ids_of(model, TEXT), order.words_of(model, TEXT, encode(model, TEXT))
    assert " ".join(names).replace(" .", ".") == TEXT
    ordered, moved = order.reorder(words, ids, seed=0)
    assert sorted(ordered) == list(range(len(names))) and sorted(moved) == list(range(len(ids)))
    pieces = [words[place] for place in moved if words[place] >= 0]
    assert pieces == [word for word in ordered for _ in range(words.count(word))]  # the pieces of a word stay together
    assert all(second == first + 1 for first, second in zip(moved, moved[1:]) if words[first] == words[second] >= 0)  # and in order
    assert all(moved[place] == place for place in range(len(ids)) if words[place] < 0)


def test_a_seed_repeats_the_order_and_another_gives_another(model_of):
    orders = [order.shuffled(model_of("bert"), TEXT, ENCODINGS["none"], seed).order for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_the_new_order_reads_differently():
    words, ids = [-1, 0, 1, 2, 3, -1], [2, 7, 7, 7, 8, 3]  # three words are the same
    for seed in range(30):
        moved = order.reorder(words, ids, seed)[1]
        assert [ids[place] for place in moved] != ids


def test_a_text_of_one_word_has_no_other_order(model_of):
    for text in ("dog", "dog dog dog"):
        with pytest.raises(AigcError) as caught:
            order.shuffled(model_of("bert"), text, ENCODINGS["none"])
        assert (caught.value.key, caught.value.values) == ("few_words", {"found": 1})


def test_each_token_is_a_word_where_the_tokenizer_cannot_say(model_of, monkeypatch):
    model = model_of("bert")
    monkeypatch.setattr(order, "places", lambda model, text: {})
    words, names = order.words_of(model, TEXT, encode(model, TEXT))
    assert words == (-1, *range(len(names)), -1) and len(names) == len(ids_of(model, TEXT)) - 2


@pytest.mark.parametrize(
    "family, name, key",
    [
        ("bert", "rotary", "encoding_not_added"),
        ("bert", "alibi", "encoding_not_added"),
        ("llama", "none", "no_position_table"),
        ("bart", "none", "wrong_kind_prediction"),
    ],
)
def test_what_cannot_be_tested_is_refused(family, name, key, model_of):
    for test in (order.shuffled, order.against_none):
        with pytest.raises(AigcError) as caught:
            test(model_of(family), TEXT, ENCODINGS[name])
        assert caught.value.key == key


def test_a_formula_without_a_finite_value_is_refused_with_its_place(model_of):
    with pytest.raises(AigcError) as caught:
        order.shuffled(model_of("bert"), TEXT, positions.custom("1 / (pos − 3)"))
    assert caught.value.values["pos"] == 3


# Other rows of the own table


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "gpt2"])
@pytest.mark.parametrize("how", ["shuffled", "shifted", "zero"])
def test_other_rows_are_other_position_ids(family, how, model_of):
    """Against transformers' own position_ids; RoBERTa counts them from its padding id on."""
    model = model_of(family)
    mask = model.tokenizer.mask_token
    text = f"The little {mask} barked." if mask else "The little dog barked"
    found = order.repositioned(model, text, how, k=5, seed=2, top_k=4)
    ids = ids_of(model, text)
    n, position = len(ids), ids.index(model.tokenizer.mask_token_id) if mask else len(ids) - 1
    expected = {"shuffled": range(n), "shifted": range(5, n + 5), "zero": [0] * n}[how]
    assert (sorted(found.rows) if how == "shuffled" else list(found.rows)) == list(expected)
    first = len(table_of(model.module).weight) - model.n_ctx
    for field, rows in (("before", range(n)), ("after", found.rows)):
        with torch.inference_mode():
            output = model.module(input_ids=torch.tensor([ids]), position_ids=torch.tensor([[first + row for row in rows]]))
        expected = output.logits[0, position].softmax(-1)
        for change in found.prediction.changes:
            assert getattr(change, field) == pytest.approx(float(expected[change.token.id]), abs=1e-5)
        assert {change.token.id for change in found.prediction.changes} >= set(expected.topk(4).indices.tolist())
    assert found.prediction.position == position and len(found.tokens) == n


def test_a_mask_may_be_typed_for_every_model(model_of):
    model = model_of("roberta bytes")
    found = order.repositioned(model, "The little [MASK] barked.", "zero")
    assert found.tokens[found.prediction.position].id == model.tokenizer.mask_token_id


def test_moves_beyond_the_table_are_refused(model_of):
    model = model_of("gpt2")
    room = model.n_ctx - len(ids_of(model, "The little dog"))
    assert max(order.repositioned(model, "The little dog", "shifted", k=room).rows) == model.n_ctx - 1
    for how, k in (("shifted", room + 1), ("shifted", -1), ("sideways", 0)):
        with pytest.raises(AigcError) as caught:
            order.repositioned(model, "The little dog", how, k=k)
        assert caught.value.key == "setting"
