"""Masked prediction: a model that reads both sides fills the gaps of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import Candidate, Gap, MaskedText, Span

if TYPE_CHECKING:
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

    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "masked")
    tokenizer = model.tokenizer
    if tokenizer.mask_token_id is None:
        raise AigcError("no_mask_token", name=model.card.name)
    text = text.replace(MASK, tokenizer.mask_token)
    encoded = encode(model, text)
    ids = encoded["input_ids"][0]
    with torch.inference_mode():
        probabilities = torch.softmax(logits(model, encoded)[0].float(), dim=-1)  # [position, vocab]
    gaps = []
    for position in (ids == tokenizer.mask_token_id).nonzero()[:, 0].tolist():
        best = probabilities[position].topk(min(top_k, probabilities.shape[-1]))
        named = tokens(model, best.indices.tolist())
        gaps.append(Gap(position, tuple(Candidate(token, value) for token, value in zip(named, best.values.tolist()))))
    offsets = tokenizer(text, return_offsets_mapping=True, verbose=False)
    spans = tuple(Span(*span) for span in offsets["offset_mapping"])
    words = tuple(-1 if word is None else word for word in offsets.word_ids())
    unknown = tuple((ids == tokenizer.unk_token_id).tolist()) if tokenizer.unk_token_id is not None else (False,) * len(ids)
    return MaskedText(text, tokens(model, ids.tolist()), spans, words, unknown, tuple(gaps))


def logits(model: LanguageModel, encoded: dict):
    """The masked-word head's logits [batch, position, vocab]; BERT with both heads names them otherwise."""
    output = model.module(**encoded)
    return output.logits if hasattr(output, "logits") else output.prediction_logits


def pseudo_log_likelihood(model: LanguageModel, text: str, batch: int = 16) -> float:
    """Σᵢ log P(xᵢ | all other pieces), each piece masked in turn, in nats (Salazar et al. 2020, eq. 2); special pieces do not count."""
    import torch

    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "masked")
    if model.tokenizer.mask_token_id is None:
        raise AigcError("no_mask_token", name=model.card.name)
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


def mask_word(read_text: MaskedText, word: int) -> str:
    """The text with one word replaced by as many masks as it has pieces."""
    places = [index for index, found in enumerate(read_text.words) if found == word]
    start, end = read_text.spans[places[0]].start, read_text.spans[places[-1]].end
    return read_text.text[:start] + " ".join([MASK] * len(places)) + read_text.text[end:]


def accept(read_text: MaskedText, gap: int, candidate: Candidate) -> str:
    """The text with one gap filled; a piece that continues a word (##ing) joins the word before it."""
    span = read_text.spans[read_text.gaps[gap].position]
    before, piece = read_text.text[: span.start], candidate.token.text
    if piece.startswith("##"):
        return before.rstrip() + piece[2:] + read_text.text[span.end :]
    return before + piece.strip() + read_text.text[span.end :]
