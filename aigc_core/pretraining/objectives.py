"""What a model learns from the stories: rows of tokens for one epoch, and the loss of a batch of them.

Causal language modelling (Radford et al. 2018, eq. 1): L = −Σᵢ log P(uᵢ | u₁ … uᵢ₋₁), here its mean over the tokens, in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class CausalLanguageModelling:
    """Rows of ``n_ctx`` + 1 tokens that begin where a story begins, with the end token before each story."""

    tokenizer: object
    stories: Sequence[np.ndarray]  # token ids of each story, no end token
    valid: Sequence[str]
    n_ctx: int

    @classmethod
    def from_texts(cls, tokenizer, train: Sequence[str], valid: Sequence[str], n_ctx: int) -> CausalLanguageModelling:
        return cls(tokenizer, [np.array(ids, dtype=np.int32) for ids in encode(tokenizer, train)], tuple(valid), n_ctx)

    def epoch(self, rng: np.random.Generator) -> np.ndarray:
        """All stories once, in a new order: int32 [row, n_ctx + 1].

        A story that a row cuts off begins the next row whole; one longer than a row goes on in the next.
        So most rows open with a story's first words, which is how the model is asked later; of three rows
        one loses its first token, since a prompt comes without the end token in front.
        """
        end, width = self.tokenizer.eos_token_id, self.n_ctx + 2
        rows, row = [], []
        for index in rng.permutation(len(self.stories)):
            story = [end, *self.stories[index].tolist()]
            row += story
            while len(row) >= width:
                rows.append(row[:width])
                tail, fitted = row[width - 1 :], len(story) < len(row)
                row = [] if len(tail) <= 1 else story if fitted and len(story) < width else tail
                story = row
        rows.append((row + [end] * width)[:width])
        starts = rng.random(len(rows)) < 1 / 3
        return np.array([row[start : start + width - 1] for row, start in zip(rows, starts.astype(int))], dtype=np.int32)

    def loss(self, model, batch: np.ndarray) -> torch.Tensor:
        """Mean negative log-likelihood of a batch [row, n_ctx + 1], in nats a token."""
        ids = torch.from_numpy(batch).long().to(model.device)
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits  # [row, position, vocab]
        return F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())

    @torch.no_grad()
    def evaluate(self, model, limit: int | None = None) -> dict[str, float]:
        """Loss on the validation stories, each from the end token and cut at ``n_ctx`` − 1 tokens.

        nats_per_token counts the story's own tokens; bits_per_character = nats · tokens ÷ characters ÷ ln 2,
        which does not depend on the tokenizer.
        """
        nats = tokens = characters = 0
        for text, ids in zip(self.valid[:limit], encode(self.tokenizer, self.valid[:limit])):
            ids = ids[: self.n_ctx - 1]
            row = np.array([[self.tokenizer.eos_token_id, *ids]])
            nats += float(self.loss(model, row)) * len(ids)
            tokens += len(ids)
            characters += len(self.tokenizer.decode(ids))
        return {"nats_per_token": nats / tokens, "bits_per_character": nats / characters / math.log(2)}


def encode(tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, without special tokens."""
    return tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"] if texts else []
