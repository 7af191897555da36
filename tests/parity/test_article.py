"""The article's lines beside the real ones: every number against plain transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aigc_core import article, attention, masked, models, pairs
from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, places
from tests.models import CAUSAL, MASKED, TEXT

UNSCALED = attention.Intervention(scale=False)
STORY = "Tom and Lily went to the park. They saw a big red ball there."


def plain(model, ids: list[int]) -> torch.Tensor:
    """log P of the vocabulary at every position, by the model itself."""
    with torch.inference_mode():
        output = model.module(input_ids=torch.tensor([ids]))
    return (output.logits if hasattr(output, "logits") else output.prediction_logits)[0].float().log_softmax(-1)


def ids_of(tokens) -> list[int]:
    return [token.id for token in tokens]


@pytest.fixture(scope="module")
def story_bert():
    return models.load("story-bert")


# GPT's objective


@pytest.mark.parametrize("family", CAUSAL)
def test_the_objective_is_the_loss_of_transformers(family, model_of):
    model = model_of(family)
    found, encoded = article.objective(model, TEXT), encode(model, TEXT)
    with torch.inference_mode():
        loss = model.module(**encoded, labels=encoded["input_ids"]).loss
    assert found.loss == pytest.approx(float(loss), abs=1e-5)
    assert np.isnan(found.losses[0]) and not np.isnan(found.losses[1:]).any()
    assert not found.has_mask and "".join(token.text for token in found.mask) == "[MASK]" and len(found.mask) > 1


def test_without_its_factor_a_model_is_another_one(model_of):
    """Against a copy whose factor is 1."""
    import copy

    model = model_of("gpt2")
    found = article.objective(model, TEXT, UNSCALED)
    other = copy.deepcopy(model.module)
    for block in other.transformer.h:
        block.attn.scaling = 1.0
    encoded = encode(model, TEXT)
    with torch.inference_mode():
        loss = other(**encoded, labels=encoded["input_ids"]).loss
    assert found.loss == pytest.approx(float(loss), abs=1e-4) and abs(found.loss - article.objective(model, TEXT).loss) > 1e-2


def test_a_model_that_fills_masks_has_another_objective(model_of):
    with pytest.raises(AigcError) as told:
        article.objective(model_of("bert"), TEXT)
    assert told.value.key == "wrong_kind_causal"


# What stands to the right


@pytest.mark.parametrize("family", CAUSAL)
def test_nothing_to_the_right_is_seen_under_a_causal_mask(family, model_of):
    for seed in range(3):
        found = article.rightwards(model_of(family), TEXT, seed)
        assert found.largest == 0 and found.before == found.after
        assert len(found.changes) == found.place


@pytest.mark.parametrize("family", MASKED)
def test_a_model_that_reads_both_ways_sees_it(family, model_of):
    model = model_of(family)
    found = article.rightwards(model, TEXT, seed=1)
    read, then = ids_of(found.tokens), ids_of(found.replaced)
    before, after = plain(model, read), plain(model, then)
    logits = [model.module(input_ids=torch.tensor([ids])).logits[0].detach() for ids in (read, then)]
    expected = (logits[0] - logits[1])[: found.place + 1].abs().amax(-1).numpy()
    assert found.largest > 1e-2 and np.abs(found.changes - expected).max() < 1e-4
    assert read[found.place] == then[found.place] == model.tokenizer.mask_token_id
    for chance, scores in ((found.before, before), (found.after, after)):
        assert chance == pytest.approx(float(scores[found.place, found.pieces[0].id].exp()), abs=1e-6)


@pytest.mark.parametrize("family", ["gpt2", "bert", "roberta bytes"])
def test_all_that_follow_the_word_in_the_middle_are_replaced_and_nothing_else(family, model_of):
    model = model_of(family)
    found = article.rightwards(model, TEXT)
    end = TEXT.index(" cat")
    assert found.word == "big" and TEXT[:end].endswith(found.word)
    spans = places(model, TEXT)["spans"]
    for was, became, span in zip(found.tokens, found.replaced, spans):
        follows = span.end > end
        assert (was.id != became.id) == follows and not (follows and became.special)


@pytest.mark.parametrize("text, word", [("He didn't go, did he?", "go"), ("Yes, well-known dogs (ran) away", "dogs"), ("狗在公园叫", "公")])
def test_the_word_in_the_middle_is_the_same_for_every_model(text, word, model_of):
    found = [article.rightwards(model_of(family), text) for family in ("gpt2", "bert", "roberta bytes")]
    assert {each.word for each in found} == {word}
    for each in found:
        assert each.pieces[0].id == each.tokens[each.place].id or each.tokens[each.place].special  # [MASK]
    for each in found if word == "go" else ():
        letters = "".join(piece.text for piece in each.pieces).replace("##", "")
        assert letters.strip(" Ġ▁").lower() == word


def test_a_text_without_two_sides_is_refused(model_of):
    with pytest.raises(AigcError) as told:
        article.rightwards(model_of("gpt2"), "The dog")
    assert (told.value.key, told.value.values) == ("few_words_right", {"found": 2})


def test_a_tokenizer_that_cannot_say_where_its_tokens_stand_is_refused(model_of, monkeypatch):
    monkeypatch.setattr(article, "places", lambda model, text: {})
    with pytest.raises(AigcError) as told:
        article.rightwards(model_of("gpt2"), TEXT)
    assert told.value.key == "no_places"


# The masked objective


@pytest.mark.parametrize("family", ["bert", "roberta bytes", "distilbert", "albert unigram"])
def test_both_losses_are_the_models_own(family, model_of):
    model = model_of(family)
    found = article.masking(model, TEXT, seed=4)
    read, then = ids_of(found.tokens), ids_of(found.corrupted)
    copied, losses = -plain(model, read), -plain(model, then)
    mask_id, chosen = model.tokenizer.mask_token_id, 0
    for place, token in enumerate(found.tokens):
        assert np.isnan(found.copied[place]) == token.special
        if not token.special:
            assert found.copied[place] == pytest.approx(float(copied[place, token.id]), abs=1e-4)
        fate = found.fates[place]
        assert np.isnan(found.losses[place]) == (fate == "")
        if fate:
            chosen += 1
            assert found.losses[place] == pytest.approx(float(losses[place, token.id]), abs=1e-4)
        became = {"": token.id, "kept": token.id, "mask": mask_id}.get(fate)
        assert then[place] == became if fate != "random" else then[place] not in (token.id, mask_id)
    assert chosen and found.copying == pytest.approx(float(np.nanmean(found.copied)), abs=1e-6)
    assert found.loss == pytest.approx(float(np.nanmean(found.losses)), abs=1e-6)


def test_a_seed_repeats_the_draw_and_another_gives_another(model_of):
    drawn = [article.masking(model_of("bert"), TEXT, seed) for seed in (1, 1, 2)]
    assert drawn[0].fates == drawn[1].fates and drawn[0].average == drawn[1].average != drawn[2].average


def test_copying_is_easier_than_filling(story_bert):
    found = article.masking(story_bert, STORY)
    assert found.copying < 0.5 < found.average


def test_without_the_factor_masks_are_filled_worse(story_bert):
    assert article.masking(story_bert, STORY, intervention=UNSCALED).average > article.masking(story_bert, STORY).average + 0.3


def test_a_text_of_added_tokens_alone_has_nothing_to_choose(model_of):
    with pytest.raises(AigcError) as told:
        article.masking(model_of("bert"), "[SEP] [SEP]")
    assert told.value.key == "text_empty"


# x̃ itself


def test_x_tilde_has_the_shares_of_the_paper():
    ids, may = torch.full((400, 500), 7), torch.ones(400, 500, dtype=torch.bool)
    may[:, :100] = False
    read, chosen = masked.corrupt(ids, may, 0.15, 3, 1000, torch.Generator().manual_seed(0))
    assert not chosen[:, :100].any() and (read[~chosen] == 7).all()
    assert float(chosen[may].float().mean()) == pytest.approx(0.15, abs=0.004)  # four standard deviations
    shares = [float(each.float().mean()) for each in (read[chosen] == 3, read[chosen] == 7)]
    assert shares == pytest.approx([0.8, 0.1], abs=0.01)  # a random piece is one of these two in a five-hundredth of its cases


# Next sentence


def test_next_sentence_and_the_sum_of_attentions(story_bert):
    other = "The red car was very fast."
    found = article.next_sentences(story_bert, STORY, other)
    assert (found.first, found.second) == ("Tom and Lily went to the park.", "They saw a big red ball there.")
    for value, (first, second) in {
        "follows": (found.first, found.second), "swapped": (found.second, found.first), "unrelated": (found.first, other)
    }.items():  # fmt: skip
        inputs = story_bert.tokenizer(first, second, return_tensors="pt")
        with torch.inference_mode():
            scores = story_bert.module(**inputs).seq_relationship_logits[0].softmax(-1)
        assert getattr(found, value) == pytest.approx(float(scores[0]), abs=1e-6)
    kept = []
    layer = story_bert.module.bert.encoder.layer[-1].attention.output.dense
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output[0]))
    with torch.inference_mode():
        story_bert.module(**story_bert.tokenizer(found.first, found.second, return_tensors="pt"))
    hook.remove()
    assert np.abs(found.summed - kept[0].sum(0).softmax(-1).numpy()).max() < 1e-5
    assert found.summed.shape == (story_bert.module.config.hidden_size,) and found.summed.sum() == pytest.approx(1, abs=1e-5)


def test_one_sentence_is_no_pair(story_bert):
    with pytest.raises(AigcError) as told:
        article.next_sentences(story_bert, "The dog barked.", "The cat ran.")
    assert told.value.key == "one_sentence"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('"Stop!" he said. "Why?" she asked.', ['"Stop!"', "he said.", '"Why?"', "she asked."]),
        ("狗叫了。猫跑了！“为什么？”她问。", ["狗叫了。", "猫跑了！", "“为什么？”她问。"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_where_they_end(text, expected):
    assert pairs.sentences_of(text) == expected
