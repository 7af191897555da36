"""A causal model as the judge of whole sentences: only here does what follows a blank count for it, since it must be written, too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError
from aigc_core.filling.blanks import fill, parts, spaced
from aigc_core.filling.left_only import end, groups, vocabulary
from aigc_core.filling.records import Sentence, Sentences
from aigc_core.models.tokens import encode, whole

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


def rank(model: LanguageModel, text: str, fillings: tuple[tuple[str, ...], ...]) -> Sentences:
    """The text with each of the fillings, by its log-probability Σ log P(x_t | x_<t) in nats.

    The first token has nothing before it: it is given and not counted; where a blank stands first, all begin with the model's start token.
    A token that reaches over the end of a part counts to the next one. Different numbers of tokens compare: each number is of a whole text.
    Raises AigcError: wrong_kind_causal, no_blank, many_blanks, no_start_token, text_long, context_full.
    """
    import torch

    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    around, known = parts(text), vocabulary(model)
    read = [(texts, *edges(model, around, texts)) for texts in (tuple(map(whole, each)) for each in fillings)]
    longest = max((len(ids) for _, ids, _ in read), default=0)
    found = []
    for some in groups(read, longest * model.module.config.vocab_size):
        batch = torch.zeros(len(some), longest, dtype=torch.long)
        for row, (_, ids, _) in enumerate(some):
            batch[row, : len(ids)] = torch.tensor(ids)
        with torch.inference_mode():
            logits = model.module(input_ids=batch).logits.float()  # [row, position, vocab]
        for row, (texts, ids, bounds) in enumerate(some):
            scores = logits[row, : len(ids)].log_softmax(-1)
            each = scores[torch.arange(len(ids) - 1), torch.tensor(ids[1:], dtype=torch.long)].double().tolist()  # of token 1, 2, …
            spread = [math.fsum(each[max(0, start - 1) : max(0, stop - 1)]) for start, stop in zip((0, *bounds), (*bounds, len(ids)))]
            ends = tuple(end(known, word, scores[stop - 1]) for word, stop in zip(texts, bounds[1::2]))
            pieces = tuple(tuple(ids[start:stop]) for start, stop in zip(bounds[::2], bounds[1::2]))
            found.append(Sentence(texts, tuple(spread), ends, pieces))
    return Sentences(tuple(sorted(found, key=lambda each: -each.log_prob)))


def edges(model: LanguageModel, around: tuple[str, ...], texts: tuple[str, ...]) -> tuple[list[int], tuple[int, ...]]:
    """The ids of the filled text, and at which of them each part but the first begins."""
    tokenizer = model.tokenizer
    ids = encode(model, fill(around, texts))["input_ids"][0].tolist()
    start = tokenizer.bos_token_id
    added = [] if around[0].strip() or ids[0] == start else [start]
    if None in added:
        raise AigcError("no_start_token", name=model.card.name)
    pieces = spaced(around, texts)[:-1]
    bounds = []
    for count in range(1, len(pieces) + 1):
        alone = tokenizer("".join(pieces[:count]).rstrip(), verbose=False)["input_ids"]  # a space counts to what comes after it
        same = next((place for place, (a, b) in enumerate(zip(alone, ids)) if a != b), min(len(alone), len(ids)))
        bounds.append(max(same + len(added), *bounds[-1:], 0))
    return [*added, *ids], tuple(bounds)
