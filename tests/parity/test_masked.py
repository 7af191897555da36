"""Masked prediction and next sentence equal direct calls of transformers' own classes."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, BertForPreTraining

from aigc_core import masked, models, pairs
from aigc_core.errors import AigcError
from tests.models import SIZES, word_pieces

TEXT = "The [MASK] dog barked because the big [MASK] ran to the park."
FAMILIES = ("bert", "roberta", "distilbert", "albert", "electra", "modernbert")


@pytest.fixture(scope="module")
def both_heads(tmp_path_factory):
    """A BERT with both heads, as story-bert has them."""
    tokenizer, folder = word_pieces(True), tmp_path_factory.mktemp("bert") / "both"
    torch.manual_seed(1)
    BertForPreTraining(BertConfig(vocab_size=len(tokenizer), **SIZES)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return models.load(str(folder))


@pytest.mark.parametrize("family", FAMILIES)
def test_candidates_equal_a_direct_call(family, model_of, folder_of):
    model = model_of(family)
    direct = AutoModelForMaskedLM.from_pretrained(folder_of(family), attn_implementation="eager").eval()
    encoded = model.tokenizer(TEXT.replace("[MASK]", model.tokenizer.mask_token), return_tensors="pt")
    with torch.no_grad():
        expected = direct(**encoded).logits[0].softmax(-1)
    gaps = masked.predict(model, TEXT, top_k=7)
    assert [gap.position for gap in gaps] == (encoded["input_ids"][0] == model.tokenizer.mask_token_id).nonzero()[:, 0].tolist()
    assert len(gaps) == 2
    for gap in gaps:
        best = expected[gap.position].topk(7)
        assert [each.token.id for each in gap.candidates] == best.indices.tolist()
        assert [each.probability for each in gap.candidates] == pytest.approx(best.values.tolist(), abs=1e-6)


def test_both_heads_fill_the_same_masks(both_heads):
    encoded = both_heads.tokenizer(TEXT, return_tensors="pt")
    with torch.no_grad():
        expected = both_heads.module(**encoded).prediction_logits[0].softmax(-1)
    for gap in masked.predict(both_heads, TEXT):
        assert [each.probability for each in gap.candidates] == pytest.approx(expected[gap.position].topk(5).values.tolist(), abs=1e-6)


def test_next_sentence_is_index_zero_of_its_head(both_heads):
    first, second = "The dog barked.", "The cat ran."
    with torch.no_grad():
        logits = both_heads.module(**both_heads.tokenizer(first, second, return_tensors="pt")).seq_relationship_logits[0]
    found = pairs.next_sentence(both_heads, first, second)
    assert found.probability == pytest.approx(float(logits.softmax(-1)[0]), abs=1e-6)
    assert found.logits == pytest.approx(tuple(logits.tolist()), abs=1e-6)


def test_a_model_without_the_head_says_so(model_of):
    with pytest.raises(AigcError) as told:
        pairs.next_sentence(model_of("bert"), "The dog barked.", "The cat ran.")
    assert told.value.key == "no_pair_head"


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_pseudo_log_likelihood_masks_each_piece_in_turn(family, model_of):
    model, text = model_of(family), "The dog barked."
    ids = model.tokenizer(text, return_tensors="pt")["input_ids"]
    expected = 0.0
    for position in range(1, ids.shape[1] - 1):
        one = ids.clone()
        one[0, position] = model.tokenizer.mask_token_id
        with torch.no_grad():
            expected += float(model.module(input_ids=one).logits[0, position].log_softmax(-1)[ids[0, position]])
    assert masked.pseudo_log_likelihood(model, text, batch=2) == pytest.approx(expected, abs=1e-4)


def test_a_model_that_writes_cannot_fill(model_of):
    with pytest.raises(AigcError) as told:
        masked.predict(model_of("gpt2"), TEXT)
    assert told.value.key == "wrong_kind_masked"


def test_a_word_is_masked_piece_by_piece_and_filled_again(both_heads):
    text = "The dogs barked."
    read = masked.read(both_heads, text)
    word = read.words[read.words.index(1)]
    pieces = [index for index, found in enumerate(read.words) if found == word]
    hidden = masked.mask_word(read, word)
    assert hidden == "The " + " ".join(["[MASK]"] * len(pieces)) + " barked."
    again = masked.read(both_heads, hidden)
    assert len(again.gaps) == len(pieces)
    filled = masked.accept(again, 0, again.gaps[0].candidates[0])
    assert filled.count("[MASK]") == len(pieces) - 1


def test_a_continuing_piece_joins_the_word_before_it(both_heads):
    from aigc_core.traces import Candidate, Token

    read = masked.read(both_heads, "the dog [MASK] ran")
    assert masked.accept(read, 0, Candidate(Token(9, "##s", "##s", False), 0.5)) == "the dogs ran"
    assert masked.accept(read, 0, Candidate(Token(9, "cat", "cat", False), 0.5)) == "the dog cat ran"


def test_unknown_pieces_are_marked(both_heads):
    read = masked.read(both_heads, "the 🙂 dog")
    assert [token.piece for token, unknown in zip(read.tokens, read.unknown) if unknown] == ["[UNK]"]
    assert read.text[read.spans[read.unknown.index(True)].start : read.spans[read.unknown.index(True)].end] == "🙂"
