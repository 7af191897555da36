"""The logit lens: what a model would say after each layer, were the others left out (nostalgebraist 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigc_core.decoding.reading import joined
from aigc_core.errors import AigcError
from aigc_core.models.tokens import tokens
from aigc_core.traces import LayerReading

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


def place(model: LanguageModel, prompt: str, token_ids: tuple[int, ...], token_id: int) -> LayerReading:
    """The place after ``prompt`` and ``token_ids``, read after every layer, and what each gives to ``token_id`` there.

    The residual stream after each block goes through the model's own final norm and head; the last layer is the model's own prediction.
    Raises AigcError as ``decoding.read``; layers_hidden for a family whose blocks do not lie in one list.
    """
    import torch

    from aigc_core.models import residual

    if residual.blocks(model.module) is None:
        raise AigcError("layers_hidden", name=model.card.name)
    encoded, _ = joined(model, prompt, token_ids)
    with torch.inference_mode(), residual.stream() as found:
        own = model.module(**encoded, use_cache=False, logits_to_keep=1).logits[0, -1].float()
    states = torch.stack([state[0, -1] for state in found.states[:-1]])  # [layer, d_model]
    logits = torch.cat([residual.unembed(model.module, states), own[None]])  # [layer, vocab]
    if not 0 <= token_id < logits.shape[-1]:
        raise AigcError("token_unknown", found=token_id, limit=logits.shape[-1] - 1, name=model.card.name)
    probabilities = logits.softmax(-1)
    best = probabilities.max(-1)
    mine = probabilities[:, token_id]
    return LayerReading(
        best=tokens(model, best.indices.tolist()),
        best_probabilities=best.values.numpy(),
        probabilities=mine.numpy().copy(),
        ranks=tuple(((probabilities > mine[:, None]).sum(-1) + 1).tolist()),
    )
