"""The tree of continuations, by hand, and its way through a link."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from aigc_core.analysis.branches import MOST, ORIGINS, Branch, Branches, from_link, shared, to_link
from aigc_core.errors import AigcError

ONE = Branches((Branch("A", (1, 2, 3, 4)),))


def test_a_token_picked_in_the_middle_leaves_the_text_and_opens_the_new_one():
    tree = ONE.picked(2, 9)
    assert [each.ids for each in tree.all] == [(1, 2, 3, 4), (1, 2, 9)] and tree.open == 1
    assert tree.active.origin == "picked" and tree.active.name == "B"
    assert tree.forks() == [(-1, 0), (0, 2)]


def test_a_token_picked_at_the_end_goes_on():
    tree = ONE.picked(4, 9)
    assert [each.ids for each in tree.all] == [(1, 2, 3, 4, 9)] and tree.open == 0


def test_the_token_that_stands_there_changes_nothing():
    assert ONE.picked(1, 2) == ONE


def test_the_same_text_is_opened_and_not_made_twice():
    tree = ONE.picked(2, 9).grown((1, 2, 3, 4), "drawn")
    assert len(tree.all) == 2 and tree.open == 0


def test_a_branch_leaves_the_one_it_shares_most_with():
    tree = Branches((Branch("A", (1, 2, 3)), Branch("B", (1, 2, 4, 5)), Branch("C", (1, 2, 4, 6)), Branch("D", (7,))))
    assert tree.forks() == [(-1, 0), (0, 2), (1, 3), (0, 0)]


def test_pruning_keeps_the_open_one_open_and_the_last_one_alive():
    tree = Branches((Branch("A", (1,)), Branch("B", (2,)), Branch("C", (3,))), open=2)
    assert tree.pruned(0).active.name == "C" and tree.pruned(2).active.name == "B"
    assert Branches(tree.all, 0).pruned(2).active.name == "A"
    assert ONE.pruned(0) == ONE


def test_a_name_is_free_again_after_pruning():
    tree = ONE.picked(0, 9).picked(0, 8).pruned(1)
    assert [each.name for each in tree.picked(0, 7).all] == ["A", "C", "B"]


def test_names_are_short_and_never_empty():
    assert ONE.renamed(0, "  a   long name " * 9).active.name == ("a long name " * 9)[:24]
    assert ONE.renamed(0, "  ").active.name == "A"


def test_no_two_have_one_name():
    tree = ONE.picked(2, 9).renamed(1, "A")
    assert [each.name for each in tree.all] == ["A", "A 2"]
    assert [each.name for each in tree.joined("A", (5,), "greedy").all] == ["A", "A 2", "A 3"]
    twice = from_link("0!dA**1!dA**2", 20)
    assert [each.name for each in twice.all] == ["A", "A 2"]
    assert ONE.renamed(0, "A").active.name == "A"


def test_there_are_at_most_so_many():
    tree = ONE
    for token in range(20, 20 + MOST - 1):
        tree = replace(tree.picked(2, token), open=0)
    assert len(tree.all) == MOST and tree.full
    with pytest.raises(AigcError) as caught:
        tree.picked(2, 99)
    assert caught.value.key == "branches_full" and str(MOST) in str(caught.value)
    assert tree.picked(2, 20).open == 1  # what is there already can be opened


def test_half_of_a_surrogate_pair_does_not_stop_a_link():
    assert from_link(to_link(ONE.renamed(0, "a\ud800")), 20).active.name == "a?"


def test_what_two_texts_share():
    assert [shared((1, 2), other) for other in [(), (1,), (1, 3), (1, 2), (1, 2, 3)]] == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("seed", range(40))
def test_a_link_brings_every_tree_back(seed):
    draw = random.Random(seed)
    ids = [tuple(draw.randrange(260_000) for _ in range(draw.randint(0, 60))) for _ in range(draw.randint(1, MOST))]
    ids = [ids[0][: draw.randint(0, 60)] + each if draw.random() < 0.5 else each for each in ids]
    names = [f"{place}" + "".join(draw.choice("ab *!~:%小&=#.") for _ in range(8)).strip() for place in range(len(ids))]
    branches = [Branch(" ".join(name.split()), each, draw.choice(list(ORIGINS.values()))) for name, each in zip(names, ids)]
    tree = Branches(tuple(branches), draw.randrange(len(ids)))
    assert from_link(to_link(tree), 200) == tree


def test_a_link_holds_what_branches_share_once():
    long = tuple(range(1000, 1100))
    two = to_link(Branches((Branch("A", long), Branch("B", (*long, 5)))))
    assert len(two) < len(to_link(Branches((Branch("A", long),)))) + 16


@pytest.mark.parametrize(
    "text",
    ["", "0", "0!", "x!dA**1", "1!dA**1", "²!dA**1", "0!dA*0:1*1", "0!dA**1!dB*0:2*1", "0!dA**1!dB*5:1*1", "0!zA**1", "0!dA**1;2",
     "0!dA**zzzzzzz", "0!" + "!".join(["dA**1"] * (MOST + 1)), "0!dA**" + ".".join(["1"] * 21), "000000000000!dA**1"],
)  # fmt: skip
def test_what_no_tree_wrote_is_none(text):
    assert from_link(text, 20) is None
