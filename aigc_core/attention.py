"""Text → the attention of every head over it, one head's whole arithmetic, and what changes when it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, places, tokens
from aigc_core.traces import AttentionTrace, Change, HeadTrace, Intervention, Projection, WhatIf

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel
    from aigc_core.models.attention_interface import Recording

MOST_SCORE = 1_000_000  # of a score set by hand: far beyond any softmax, far below what masks a key

__all__ = ["Intervention", "head", "trace", "what_if"]


def trace(model: LanguageModel, text: str, pair: str | None = None, intervention: Intervention | None = None) -> AttentionTrace:
    """One forward pass over ``text`` (and a second segment ``pair``, for models that take two); of a translator its encoder's.

    Returns tokens and attention float32 [layer, head, query, key], rows summing to 1.
    Raises AigcError: text_empty, text_long, context_full, attention_large, attention_hidden, and those of an intervention
    (attention_closed, setting).
    """
    encoded = measured(model, text, pair)
    found = gather(model, encoded["input_ids"][0].tolist(), run(model, encoded, intervention), **places(model, text, pair))
    if found is None:
        raise AigcError("attention_hidden", name=model.card.name)
    return found


def gather(model: LanguageModel, ids: list[int], record: Recording, **where: tuple) -> AttentionTrace | None:
    """The patterns of one recorded pass over ``ids``; None where the family gave none that can be drawn."""
    import torch

    if not drawable(record.patterns, len(ids)):
        return None
    attention = torch.cat(list(record.patterns)).float().numpy()  # a batch of one: its axis becomes the layers'
    return AttentionTrace(model.card.name, tokens(model, ids), np.ascontiguousarray(attention), **where, opened=bool(model.blocks))


def head(
    model: LanguageModel, text: str, layer: int, head: int, pair: str | None = None, intervention: Intervention | None = None
) -> HeadTrace:
    """One head's whole arithmetic over ``text``, with the model's own numbers.

    Raises AigcError as ``trace``; attention_closed for a family that computes attention inside its own layers.
    """
    encoded = measured(model, text, pair)
    check_head(model, layer, head)
    record = run(model, encoded, intervention, whole=(layer,))
    call, block = record.calls[layer], model.blocks[layer]
    groups = call.query.shape[1] // call.key.shape[1]
    of_head = {"query": head, "key": head // groups, "value": head // groups}

    x, linear, projections = None, {}, {}
    if block.projections:
        x = record.inputs[layer][0]
        for role, columns in block.projections.items():
            weight, bias = columns.of(of_head[role])
            projections[role] = Projection(array(weight), array(bias))
            linear[role] = x @ weight + bias

    from aigc_core.models.blocks import weight as weight_of

    output_weight = weight_of(block.output)  # [head · d_head, d_model]
    merged = call.output[0]  # [position, head, d_head]
    mine = slice(head * merged.shape[-1], (head + 1) * merged.shape[-1])
    projected = merged[:, head] @ output_weight[mine]
    rest = merged.clone()
    rest[:, head] = 0
    bias = block.output.bias
    return HeadTrace(
        model=model.card.name,
        tokens=tokens(model, encoded["input_ids"][0].tolist()),
        layer=layer,
        head=head,
        x=None if x is None else array(x),
        projections=projections,
        query_linear=array(linear["query"]) if linear else None,
        key_linear=array(linear["key"]) if linear else None,
        between=block.projections["query"].between if block.projections else (),
        shared_by=groups,
        query=array(call.query[0, head]),
        key=array(call.key[0, of_head["key"]]),
        value=array(call.value[0, of_head["value"]]),
        scores=array(call.scores[0, head]),
        scaling=float(call.scaling),
        scaled=array(call.scaled[0, head]),
        softcap=call.softcap,
        capped=None if call.capped is None else array(call.capped[0, head]),
        bias=None if call.bias is None else array(call.bias[0, head]),
        mask=call.mask[0, head].numpy().copy(),
        attention=array(call.pattern[0, head]),
        output=array(merged[:, head]),
        output_weight=array(output_weight[mine]),
        output_bias=np.zeros(output_weight.shape[1], np.float32) if bias is None else array(bias),
        projected=array(projected),
        others=array(rest.flatten(1) @ output_weight),
        block_output=array(block.output(merged.flatten(1))),
    )


def what_if(
    model: LanguageModel,
    text: str,
    intervention: Intervention,
    pair: str | None = None,
    position: int | None = None,
    top_k: int = 5,
) -> WhatIf:
    """What the model predicts before and after an intervention, at one position: the ``top_k`` best tokens of both together.

    A model that writes left to right predicts the token after ``position`` (the last one by default); one that fills masks, the first
    [MASK], or ``position`` hidden for this where the text has none. Raises AigcError as ``trace``; wrong_kind_prediction for a translator.
    """
    import torch

    if model.kind == "translation":
        raise AigcError("wrong_kind_prediction", name=model.card.name)
    encoded = measured(model, text, pair)
    position = predicted(model, encoded, position)
    both = []
    for asked in (None, intervention):
        logits = run(model, encoded, asked).logits
        both.append(logits[0, position].float().softmax(-1))
    before, after = both
    best = torch.cat([each.topk(min(top_k, len(each))).indices for each in both]).unique()
    best = best[before[best].argsort(descending=True)].tolist()
    changes = (Change(token, float(before[token.id]), float(after[token.id])) for token in tokens(model, best))
    return WhatIf(position, tuple(changes))


def predicted(model: LanguageModel, encoded: dict[str, torch.Tensor], position: int | None) -> int:
    """The position whose prediction is asked for; hides it in ``encoded`` where the model fills masks and the text has none."""
    ids = encoded["input_ids"][0]
    if position is not None and not 0 <= position < len(ids):
        raise AigcError("setting", name="position", expected=f"0 … {len(ids) - 1}", found=position)
    if model.kind == "causal":
        return len(ids) - 1 if position is None else position
    mask_id = model.tokenizer.mask_token_id
    if mask_id is None:
        raise AigcError("no_mask_token", name=model.card.name)
    if (masked := (ids == mask_id).nonzero()[:, 0].tolist()) and position is None:
        return masked[0]
    if position is None:
        special = set(model.tokenizer.all_special_ids)
        position = max((place for place, token_id in enumerate(ids.tolist()) if token_id not in special), default=0)
    ids[position] = mask_id
    return position


def measured(model: LanguageModel, text: str, pair: str | None = None) -> dict[str, torch.Tensor]:
    """The text as the model takes it, refused before anything is computed where its attention would not fit the limit."""
    encoded = encode(model, text, pair)
    check_cells(model, encoded["input_ids"].shape[1])
    return encoded


def check_cells(model: LanguageModel, found: int) -> None:
    """Raises AigcError: attention_large, for more tokens than whose attention fits the limit."""
    config, limit = model.module.config, limits.current().attention_cells
    maps = getattr(config, "num_hidden_layers", 0) * getattr(config, "num_attention_heads", 0)  # a family without heads is refused later
    if maps * found**2 > limit:
        raise AigcError("attention_large", found=found, maps=maps, limit=int((limit / maps) ** 0.5))


def run(
    model: LanguageModel, encoded: dict, intervention: Intervention | None = None, whole: tuple[int, ...] = (), **arguments: object
) -> Recording:
    """One recorded forward pass, with ``.logits`` [1, position, vocab] where the model has a head over the vocabulary. A family whose
    attention cannot be opened is asked to hand out its patterns. ``arguments`` go to the model."""
    import torch

    from aigc_core.models.attention_interface import recording, stack

    check_intervention(model, intervention, encoded["input_ids"].shape[1])
    if not model.blocks:
        arguments |= dict(output_attentions=True)
    with torch.inference_mode(), recording(intervention, whole) as record:
        output = stack(model.module)(**encoded, **arguments)
    if not model.blocks:
        record.patterns = list(getattr(output, "attentions", None) or ())
    record.logits = output.logits if hasattr(output, "logits") else getattr(output, "prediction_logits", None)
    return record


def check_intervention(model: LanguageModel, intervention: Intervention | None, n_tokens: int) -> None:
    """Refuses what the model has not got."""
    if not intervention:
        return
    if not model.blocks:
        raise AigcError("attention_closed", name=model.card.name)
    for layer, head in intervention.ablate:
        check_head(model, layer, head)
    for (layer, head, query, key), score in intervention.edit:
        check_head(model, layer, head)
        if not abs(score) <= MOST_SCORE:  # NaN is refused, too
            raise AigcError("setting", name="score", expected=f"−{MOST_SCORE:,} … {MOST_SCORE:,}", found=score)
        for name, index in (("query", query), ("key", key)):
            check_index(name, index, n_tokens)


def check_head(model: LanguageModel, layer: int, head: int) -> None:
    if not model.blocks:
        raise AigcError("attention_closed", name=model.card.name)
    check_index("layer", layer, len(model.blocks))
    check_index("head", head, model.module.config.num_attention_heads)


def check_index(name: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise AigcError("setting", name=name, expected=f"0 … {count - 1}", found=index)


def drawable(patterns, n: int) -> bool:
    """True where every layer gave [1, head, n, n] and rows that sum to 1; some families give scores, windows, other lengths or nothing."""
    if not patterns or not all(hasattr(pattern, "shape") for pattern in patterns):  # None, or a family's own dictionary
        return False
    shape = (1, patterns[0].shape[1], n, n)
    return all(pattern.shape == shape and bool((pattern.sum(dim=-1) - 1).abs().max() < 1e-3) for pattern in patterns)


def array(tensor: torch.Tensor) -> np.ndarray:
    """A float32 copy that nothing else can change."""
    return tensor.detach().float().numpy().copy()
