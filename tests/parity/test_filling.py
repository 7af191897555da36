"""Three ways to fill a blank equal plain computations with transformers' own classes."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from aigc_core import filling, limits, masked
from aigc_core.errors import AigcError
from aigc_core.filling import blanks, left_only
from tests.models import CAUSAL, SPELLED

TEXT = "The little ___ barked because the cat ran."
TWO = "The ___ barked because the ___ ran."
SUITING = tuple(" .,!?;:%)]}")  # what a word after a space may begin with, and what may take the place of that space
BOTH_SIDES = ("bert", "roberta", "distilbert", "electra", "modernbert", *SPELLED)


def masked_ids(model, text: str, pieces: int) -> torch.Tensor:
    return model.tokenizer(text.replace("___", model.tokenizer.mask_token * pieces), return_tensors="pt")["input_ids"]


def log_probs(model, ids: torch.Tensor) -> torch.Tensor:
    """[position, vocab] of one plain pass."""
    with torch.no_grad():
        return model.module(input_ids=ids).logits[0].log_softmax(-1)


@pytest.mark.parametrize("family", BOTH_SIDES)
def test_one_piece_has_the_heads_own_probability(family, model_of, folder_of):
    model = model_of(family)
    direct = AutoModelForMaskedLM.from_pretrained(folder_of(family), attn_implementation="eager").eval()
    ids = masked_ids(model, TEXT, 1)
    with torch.no_grad():
        expected = direct(**model.tokenizer(TEXT.replace("___", model.tokenizer.mask_token), return_tensors="pt")).logits[0]
    (place,) = masked.masks(model, ids[0].tolist())
    expected = expected[place].log_softmax(-1)
    found = filling.bidirectional(model, TEXT, top_k=6)
    assert found.joint == found.independent[0] and len(found.joint) == 6
    least = found.joint[-1].log_prob
    for each in found.joint:
        assert each.log_prob == pytest.approx(float(expected[each.token_ids[0]]), abs=1e-5)
        filled = ids[0].tolist()
        filled[place] = each.token_ids[0]
        assert model.tokenizer(blanks.fill(blanks.parts(TEXT), each.texts))["input_ids"] == filled
    listed = {each.token_ids[0] for each in found.joint}
    for token_id in set((expected > least + 1e-5).nonzero()[:, 0].tolist()) - listed:  # passed over: it cannot be read there, or is none
        wanted = ids[0].tolist()
        wanted[place] = token_id
        text = model.tokenizer.decode([token_id]).strip()
        read = model.tokenizer(blanks.fill(blanks.parts(TEXT), (text,)))["input_ids"]
        assert token_id in model.tokenizer.all_special_ids or read != wanted


@pytest.mark.parametrize(("text", "pieces"), [(TEXT, 2), (TWO, 1)])
def test_two_places_are_filled_most_certain_first(text, pieces, model_of):
    """Against every pair of tokens, by the formula: the surest place, then the other one given it."""
    model = model_of("bert")
    ids, tokenizer = masked_ids(model, text, pieces), model.tokenizer
    places = masked.masks(model, ids[0].tolist())
    usable = torch.tensor([each for each in range(len(tokenizer)) if each not in tokenizer.all_special_ids])
    first = log_probs(model, ids)[places]
    surest = int(first[:, usable].max(dim=-1).values.argmax())
    every = {}
    for token_id in usable.tolist():
        given = ids.clone()
        given[0, places[surest]] = token_id
        second = log_probs(model, given)[places[1 - surest]]
        for other in usable.tolist():
            pair = (token_id, other) if surest == 0 else (other, token_id)
            every[pair] = float(first[surest, token_id] + second[other])
    found = filling.bidirectional(model, text, pieces, top_k=40).joint
    assert len(found) == 40
    for each in found:
        assert each.order == (surest, 1 - surest)
        assert each.log_prob == pytest.approx(every[each.token_ids], abs=1e-5)
    listed = {each.token_ids for each in found}
    firsts = (0,) if pieces == 2 else (0, 1)  # the first piece of a blank continues no word before it
    for pair, value in every.items():
        joined = any(tokenizer.convert_ids_to_tokens(pair[first]).startswith("##") for first in firsts)
        if value > found[-1].log_prob + 1e-5 and pair not in listed and not joined:
            filled = ids[0].clone()
            filled[places] = torch.tensor(pair)
            assert tokenizer(tokenizer.decode(filled, skip_special_tokens=True))["input_ids"] != filled.tolist()


def test_each_blank_for_itself_leaves_the_others_masked(model_of):
    model = model_of("roberta")
    ids = masked_ids(model, TWO, 1)
    places, expected = masked.masks(model, ids[0].tolist()), log_probs(model, ids)
    for place, found in zip(places, filling.bidirectional(model, TWO).independent, strict=True):
        assert [each.log_prob for each in found] == pytest.approx([float(expected[place, each.token_ids[0]]) for each in found], abs=1e-5)


@pytest.mark.parametrize(("text", "pieces"), [(TEXT, 1), (TEXT, 3), (TWO, 1)])
@pytest.mark.parametrize("family", ["bert", "roberta bytes", "albert unigram"])
def test_what_is_proposed_is_judged_alike(family, text, pieces, model_of, monkeypatch):
    monkeypatch.setattr(limits, "current", lambda: limits.Limits(logit_cells=9000))  # rows in several passes
    found = filling.bidirectional(model_of(family), text, pieces).joint
    judged = filling.judge(model_of(family), text, tuple(each.texts for each in found)).judged
    assert found
    for proposed, each in zip(found, judged, strict=True):
        assert each.pieces == (pieces,) * text.count("___")
        assert each.log_prob == pytest.approx(proposed.log_prob, abs=1e-5)


def test_a_word_of_other_pieces_is_judged_by_its_own_number(model_of):
    judged = filling.judge(model_of("bert"), TEXT, (("dog",), ("cat dog",), ("🙂",))).judged
    assert [each.pieces for each in judged] == [(1,), (2,), ()]
    assert judged[2].log_prob is None


@pytest.mark.parametrize("family", CAUSAL)
def test_a_whole_sentence_has_transformers_own_loss(family, model_of, folder_of):
    model = model_of(family)
    direct = AutoModelForCausalLM.from_pretrained(folder_of(family)).eval()
    fillings = (("dog", "big cat"), ("Lily", "barked"), ("park", "park"))
    ranked = filling.rank(model, TWO, fillings).ranked
    assert {each.texts for each in ranked} == set(fillings)
    assert [each.log_prob for each in ranked] == sorted((each.log_prob for each in ranked), reverse=True)

    def score(text: str) -> float:
        ids = model.tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            return -float(direct(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1) if ids.shape[1] > 1 else 0.0

    for each in ranked:
        first, second = each.texts
        ends = ["The", f"The {first}", f"The {first} barked because the", f"The {first} barked because the {second}"]
        totals = [score(text) for text in (*ends, blanks.fill(blanks.parts(TWO), each.texts))]
        assert each.log_prob == pytest.approx(totals[-1], abs=1e-4)
        assert each.scores == pytest.approx([totals[0], *(b - a for a, b in zip(totals, totals[1:]))], abs=2e-4)
        assert each.left + each.filling + each.follows == pytest.approx(each.log_prob)


@pytest.mark.parametrize("family", CAUSAL)
def test_the_right_side_does_not_reach_the_blank(family, model_of):
    """The causal mask: whatever follows, a word has the number that it has from the left alone."""
    model, before = model_of(family), "The little ___"
    words = filling.left_to_right(model, before, top_k=5).blanks[0].words
    assert len(words) == 5
    for text in (before, TEXT, f"{before}! No, Lily and Tom met a red ball."):
        ranked = filling.rank(model, text, tuple(each.texts for each in words)).ranked
        found = {each.texts: each.words for each in ranked}
        assert [found[each.texts] for each in words] == pytest.approx([each.log_prob for each in words], abs=1e-4)
        read = {each.texts: each.token_ids for each in ranked}
        assert [read[each.texts] for each in words] == [(each.token_ids,) for each in words]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_no_more_probable_word_is_missed(family, model_of, monkeypatch):
    """Against every word of one and two pieces."""
    monkeypatch.setattr(left_only, "MOST_PASSES", 500)
    model, tokenizer = model_of(family), model_of(family).tokenizer
    begun = tokenizer("The little")["input_ids"]
    text_of = [tokenizer.decode([token_id]) for token_id in range(len(tokenizer))]
    whole = [each not in tokenizer.all_special_ids and "\ufffd" not in text_of[each] for each in range(len(tokenizer))]
    begins = [each for each in range(len(text_of)) if whole[each] and text_of[each][:1] in SUITING and text_of[each].strip()]
    inside = [each for each in range(len(text_of)) if whole[each] and text_of[each][:1].isalnum()]
    part = [each for each in range(len(text_of)) if "\ufffd" in text_of[each]]
    opens = [each for each in range(len(text_of)) if each not in inside and each not in part]

    def scores(rows: list[list[int]]) -> torch.Tensor:
        with torch.no_grad():
            return model.module(input_ids=torch.tensor(rows)).logits[:, -1].log_softmax(-1)

    (first,) = scores([begun])
    one = scores([[*begun, each] for each in begins])
    two = {}
    pairs = [(a, b) for a, b in product(begins, inside) if text_of[a][-1].isalnum()]
    for start in range(0, len(pairs), 2000):
        some = pairs[start : start + 2000]
        for pair, found in zip(some, scores([[*begun, *pair] for pair in some])):
            two[pair] = float(first[pair[0]] + one[begins.index(pair[0])][pair[1]] + found[opens].logsumexp(-1))
    every = {(a,): float(first[a] + (row[opens].logsumexp(-1) if text_of[a][-1].isalnum() else 0)) for a, row in zip(begins, one)} | two
    written = {ids: "The little" + "".join(text_of[each] for each in ids) for ids in every}
    spelled = {ids: value for ids, value in every.items() if tokenizer(written[ids])["input_ids"] == [*begun, *ids]}
    (found,) = filling.left_to_right(model, "The little ___", top_k=12).blanks
    listed = {each.token_ids: each.log_prob for each in found.words}
    for ids, value in listed.items():
        if len(ids) <= 2:
            assert value == pytest.approx(spelled[ids], abs=1e-4)
    assert {ids for ids, value in spelled.items() if value > found.words[-1].log_prob + 1e-4} <= listed.keys()
    assert 0 < sum(math.exp(value) for value in every.values()) <= 1 + 1e-5


@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom"])
def test_the_free_continuation_is_generates_greedy_one(family, model_of):
    """After a first token that brings the space which was typed, or takes its place."""
    model, tokenizer = model_of(family), model_of(family).tokenizer
    ids = tokenizer("The little", return_tensors="pt")["input_ids"]
    suiting = [each for each in range(1, len(tokenizer)) if tokenizer.decode([each])[:1] in SUITING and tokenizer.decode([each]).strip()]
    scores = log_probs(model, ids)[-1]
    begun = torch.cat([ids, torch.tensor([[max(suiting, key=lambda each: scores[each])]])], dim=1)
    written = model.module.generate(begun, max_new_tokens=11, do_sample=False, pad_token_id=0)[0]
    (found,) = filling.left_to_right(model, "The little ___").blanks
    assert "The little" + found.continuation == tokenizer.decode(written, skip_special_tokens=True)


def test_a_later_blank_is_given_the_best_word_of_the_earlier_one(model_of):
    model = model_of("gpt2")
    first, second = filling.left_to_right(model, TWO).blanks
    assert second.left == f"The {first.words[0].texts[0]} barked because the "
    alone = filling.left_to_right(model, second.left + "___").blanks[0]
    assert (alone.words, alone.continuation) == (second.words, second.continuation)


def test_a_blank_that_begins_a_text_begins_after_the_start_token(model_of):
    model = model_of("gpt2")
    (found,) = filling.left_to_right(model, "___ dog barked.").blanks
    (first,) = filling.rank(model, "___ dog barked.", (("The",),)).ranked
    start = model.tokenizer.bos_token_id
    scores = log_probs(model, torch.tensor([[start, *model.tokenizer("The dog barked.")["input_ids"]]]))
    ids = model.tokenizer("The dog barked.")["input_ids"]
    assert first.log_prob == pytest.approx(sum(float(scores[place, token_id]) for place, token_id in enumerate(ids)), abs=1e-4)
    assert first.left == 0 and found.left == ""


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda bert, gpt: filling.bidirectional(gpt, TEXT), "wrong_kind_masked"),
        (lambda bert, gpt: filling.left_to_right(bert, TEXT), "wrong_kind_causal"),
        (lambda bert, gpt: filling.rank(bert, TEXT, (("dog",),)), "wrong_kind_causal"),
        (lambda bert, gpt: filling.bidirectional(bert, "no blank"), "no_blank"),
        (lambda bert, gpt: filling.bidirectional(bert, TEXT, 5), "setting"),
        (lambda bert, gpt: filling.left_to_right(gpt, "___ " * 5), "many_blanks"),
        (lambda bert, gpt: filling.rank(gpt, TEXT + " ran" * 90, (("dog",),)), "context_full"),
        (lambda bert, gpt: filling.left_to_right(gpt, "ran " * 90 + "___"), "context_full_new"),
    ],
)
def test_what_cannot_be_filled_is_told(call, key, model_of):
    with pytest.raises(AigcError) as told:
        call(model_of("bert"), model_of("gpt2"))
    assert told.value.key == key
