"""Does a prediction rely on the token that a head looks at most? Replace it, replace another one, and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_core import attention
from aigc_core.errors import AigcError
from aigc_core.models.tokens import tokens
from aigc_core.traces import Reliance, Replacement

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

DRAWS = 10  # random tokens that take a token's place in a model without a mask token; their median counts


def replaced(
    model: LanguageModel, text: str, layer: int, head: int, pair: str | None = None, position: int | None = None, seed: int = 0
) -> Reliance:
    """What becomes of a prediction without the token that ``head`` looks at most from there, and without another one drawn by ``seed``.

    The prediction is that of ``attention.what_if``: of a model that writes left to right, the token after ``position`` (the last by
    default); of one that fills masks, the first [MASK], or ``position`` hidden for this. The position itself, special tokens and, left to
    right, later tokens are never replaced. A model that fills masks gets [MASK] in the token's place, any other ten random tokens of its
    vocabulary, the same for both places: their medians are returned.
    Raises AigcError as ``attention.trace``; wrong_kind_prediction for a translator; few_others for a text without two tokens to replace.
    """
    if model.kind == "translation":
        raise AigcError("wrong_kind_prediction", name=model.card.name)
    encoded = attention.measured(model, text, pair)
    position = attention.predicted(model, encoded, position)
    if model.kind == "causal":  # what comes later does not count; the prediction then stands at the end
        encoded = {name: values[:, : position + 1] for name, values in encoded.items()}
    ids = encoded["input_ids"][0]
    read = tokens(model, ids.tolist())
    others = [place for place, token in enumerate(read) if place != position and not token.special]
    if len(others) < 2:
        raise AigcError("few_others", found=len(others))

    before, weights = predict_and_look(model, encoded, position, layer, head)
    best = int(before.argmax())
    generator = np.random.default_rng(seed)
    most = max(others, key=lambda place: weights[place])
    other = int(generator.choice([place for place in others if place != most]))
    takes = substitutes(model, {int(ids[most]), int(ids[other])}, generator)

    def replacement(place: int) -> Replacement:
        batch = {name: values.repeat(len(takes), 1) for name, values in encoded.items()}
        batch["input_ids"][:, place] = ids.new_tensor(takes)
        after = predictions(model, batch, position)  # [take, vocab]
        distance = 0.5 * (after - before).abs().sum(dim=-1)
        return Replacement(
            place, read[place], float(weights[place]), float(np.median(after[:, best])), float(np.median(distance))
        )  # torch's own median of an even number takes the lower one

    return Reliance(
        layer=layer,
        head=head,
        position=position,
        prediction=tokens(model, [best])[0],
        before=float(before[best]),
        takes=tokens(model, takes),
        most=replacement(most),
        other=replacement(other),
    )


def predict_and_look(model: LanguageModel, encoded: dict, position: int, layer: int, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The probabilities [vocab] at a position, and what the head gives from there to each token [key]."""
    import torch

    with torch.inference_mode():
        output = model.module(**encoded, output_attentions=True)
    patterns = output.attentions or ()
    if not attention.drawable(patterns, encoded["input_ids"].shape[1]):
        raise AigcError("attention_hidden", name=model.card.name)
    attention.check_index("layer", layer, len(patterns))
    attention.check_index("head", head, patterns[layer].shape[1])
    logits = output.logits if hasattr(output, "logits") else output.prediction_logits
    return logits[0, position].float().softmax(-1), patterns[layer][0, head, position]


def predictions(model: LanguageModel, batch: dict, position: int) -> torch.Tensor:
    """The probabilities at one position of each row: [row, vocab]."""
    import torch

    from aigc_core import masked

    with torch.inference_mode():
        if model.kind == "causal":  # the position is the last: logits of all the others would fill the memory for nothing
            return model.module(**batch, logits_to_keep=1).logits[:, -1].float().softmax(-1)
        return masked.logits(model, batch)[:, position].float().softmax(-1)


def substitutes(model: LanguageModel, but: set[int], generator: np.random.Generator) -> list[int]:
    """What takes a token's place: [MASK], or random tokens of the vocabulary, none special and none of ``but``."""
    tokenizer = model.tokenizer
    if model.kind == "masked":
        return [tokenizer.mask_token_id]
    pool = [token_id for token_id in ordinary(model) if token_id not in but]
    return [int(each) for each in generator.choice(pool, min(DRAWS, len(pool)), replace=False)]


def ordinary(model: LanguageModel) -> list[int]:
    """The ids of the vocabulary that are no special token."""
    size = min(len(model.tokenizer), model.module.config.vocab_size)
    return sorted(set(range(size)) - set(model.tokenizer.all_special_ids))
