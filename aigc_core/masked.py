"""Masked prediction: a model that reads both sides fills the gaps of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, places, tokens, whole
from aigc_core.traces import Candidate, Gap, MaskedText, Span

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

MASK = "[MASK]"  # may be typed for every model; each tokenizer's own mask word works as well


def predict(model: LanguageModel, text: str, top_k: int = 5) -> tuple[Gap, ...]:
    """The candidates of every mask in ``text``, each gap filled for itself while the others stay masked.

    Probabilities are softmax over the full vocabulary.
    Raises AigcError: wrong_kind_masked, no_mask_token, text_empty, text_long, context_full.
    """
    return read(model, text, top_k).gaps


def read(model: LanguageModel, text: str, top_k: int = 5) -> MaskedText:
    """One forward pass over ``text``: its pieces with their places in the text, and the candidates of every mask."""
    import torch

    text, asked = spellings(model, text)
    tokenizer, encoded = model.tokenizer, encode(model, asked)
    ids = encoded["input_ids"][0].tolist()
    with torch.inference_mode():
        probabilities = torch.softmax(logits(model, encoded)[0].float(), dim=-1)  # [position, vocab]
    gaps = []
    for position in masks(model, ids):
        best = probabilities[position].topk(min(top_k, probabilities.shape[-1]))
        named = tokens(model, best.indices.tolist())
        gaps.append(Gap(position, tuple(Candidate(token, value) for token, value in zip(named, best.values.tolist()))))
    spans, words = where(model, asked, ids)
    return MaskedText(text, tokens(model, ids), spans, words, tuple(each == tokenizer.unk_token_id for each in ids), tuple(gaps))


def check(model: LanguageModel) -> None:
    """Refuses a model that cannot fill a mask."""
    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "masked")
    if model.tokenizer.mask_token_id is None:
        raise AigcError("no_mask_token", name=model.card.name)


def spellings(model: LanguageModel, text: str) -> tuple[str, str]:
    """The text with every mask written [MASK], which is how a person sees it, and with the mask word of the model's own tokenizer."""
    check(model)
    own = model.tokenizer.mask_token
    shown = whole(text).replace(own, MASK)
    return shown, shown.replace(MASK, own)


def masks(model: LanguageModel, ids: Sequence[int]) -> list[int]:
    """The masked positions."""
    return [position for position, token_id in enumerate(ids) if token_id == model.tokenizer.mask_token_id]


def where(model: LanguageModel, asked: str, ids: Sequence[int]) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """Of each token its span in the text as it is shown, and the index of its word: −1 for all where the tokenizer cannot say."""
    found = places(model, asked)
    if not found:
        return (Span(0, 0),) * len(ids), (-1,) * len(ids)
    longer = len(MASK) - len(model.tokenizer.mask_token)  # what a mask before it moves a token by
    gaps, spans = set(masks(model, ids)), []
    for position, span in enumerate(found["spans"]):
        before = sum(gap < position for gap in gaps)
        spans.append(Span(span.start + longer * before, span.end + longer * (before + (position in gaps))))
    return tuple(spans), found["words"]


def logits(model: LanguageModel, encoded: dict):
    """The masked-word head's logits [batch, position, vocab]; BERT with both heads names them otherwise."""
    output = model.module(**encoded)
    return output.logits if hasattr(output, "logits") else output.prediction_logits


def corrupt(
    ids: torch.Tensor, may: torch.Tensor, share: float, mask_id: int, d_vocab: int, generator: torch.Generator | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """x̃ and M of the masked objective (Devlin et al. 2019 §3.1, App. A.1), tensors of the shape of ``ids``: what the model reads, and
    where it is asked.

    Each place that ``may`` be is chosen with the chance ``share``; of the chosen, 80 % become [MASK], 10 % a random piece of ``d_vocab``,
    10 % stay.
    """
    import torch

    chosen, die = (torch.rand(ids.shape, device=ids.device, generator=generator) for _ in range(2))
    chosen = (chosen < share) & may
    corrupted = torch.where(chosen & (die < 0.8), mask_id, ids)
    anything = torch.randint(d_vocab, ids.shape, device=ids.device, generator=generator)
    return torch.where(chosen & (die >= 0.8) & (die < 0.9), anything, corrupted), chosen


def pseudo_log_likelihood(model: LanguageModel, text: str, batch: int = 16) -> float:
    """Σᵢ log P(xᵢ | all other pieces), each piece masked in turn, in nats (Salazar et al. 2020, eq. 2); special pieces do not count."""
    import torch

    check(model)
    encoded = encode(model, text)
    ids = encoded["input_ids"][0]
    special = set(model.tokenizer.all_special_ids)
    places = [index for index, token_id in enumerate(ids.tolist()) if token_id not in special]
    total = 0.0
    for some in chunks(places, batch):
        rows = {name: value.expand(len(some), -1).clone() for name, value in encoded.items()}
        at = torch.arange(len(some)), torch.tensor(some)
        rows["input_ids"][at] = model.tokenizer.mask_token_id
        with torch.inference_mode():
            scores = logits(model, rows)[at].float().log_softmax(-1)  # [some, vocab]
        total += float(scores[torch.arange(len(some)), ids[some]].double().sum())
    return total


def chunks(items: Sequence[int], size: int) -> list[Sequence[int]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def mask_word(model: LanguageModel, text: str, word: int) -> str:
    """The text with one word (an index of ``MaskedText.words``) hidden by as many masks as it has pieces."""
    text, asked = spellings(model, text)
    ids = model.tokenizer(asked, verbose=False)["input_ids"]
    spans, words = where(model, asked, ids)
    pieces = [position for position, found in enumerate(words) if found == word]
    wanted = [model.tokenizer.mask_token_id if position in pieces else token_id for position, token_id in enumerate(ids)]
    start, end = spans[pieces[0]].start, spans[pieces[-1]].end
    hidden = text[start:end]  # some tokenizers count the space before a word as its own
    before, after = text[:start] + hidden[: len(hidden) - len(hidden.lstrip())], text[end:]
    spaced = (space.join([MASK] * len(pieces)) for space in (" ", ""))
    return first_read_as(model, wanted, [left + gaps + after for gaps in spaced for left in (before, before.rstrip())])


def accept(model: LanguageModel, text: str, gap: int, token_id: int) -> str:
    """The text with one gap, counted from 0, filled in such a way that the model finds this very token there.

    Which spaces that takes only its tokenizer knows: ``##s`` joins the word before it, ``Ġdog`` and ``▁dog`` bring their own space, and
    after a gap some write one that nobody typed. So the ways to write the token are read in turn, the most natural first. A token that
    cannot be read there in any of them, since its letters melt into another piece, is written in the first.
    Raises AigcError: part_of_character, for bytes that are no whole one.
    """
    text, asked = spellings(model, text)
    ids = model.tokenizer(asked, verbose=False)["input_ids"]
    position = masks(model, ids)[gap]
    wanted = [*ids[:position], token_id, *ids[position + 1 :]]
    parts = text.split(MASK)
    before, after = MASK.join(parts[: gap + 1]), MASK.join(parts[gap + 1 :])

    own = following(model, ids[position - 1], token_id)  # at position 0 the last one, which serves as well
    letters, stem = own.lstrip(" "), before.rstrip()
    space, typed = own[: len(own) - len(letters)], before[len(stem) :]
    spaces = dict.fromkeys([typed if space else "", space, " ", "", typed + space])
    ends = dict.fromkeys([after, f" {after.lstrip()}", after.lstrip()])
    return first_read_as(model, wanted, [stem + left + letters + right for right in ends for left in spaces])


def following(model: LanguageModel, previous: int, *token_ids: int) -> str:
    """Tokens as they are written after another one: " dog" where they begin a word, "s" where they continue one."""
    alone, both = (model.tokenizer.decode(ids, clean_up_tokenization_spaces=False) for ids in ([previous], [previous, *token_ids]))
    own = both[len(alone) :] if both.startswith(alone) else model.tokenizer.decode(list(token_ids), clean_up_tokenization_spaces=False)
    if "\ufffd" in own:
        raise AigcError("part_of_character", piece=tokens(model, list(token_ids))[0].text)
    return own


def first_read_as(model: LanguageModel, wanted: list[int], texts: Sequence[str]) -> str:
    """The first of the texts that the model reads as these ids; the first of all where none is."""
    own = model.tokenizer.mask_token
    return next((text for text in texts if model.tokenizer(text.replace(MASK, own), verbose=False)["input_ids"] == wanted), texts[0])
