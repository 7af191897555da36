"""The two models on which decoding is measured, and one result for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.pairs import Result

RANDOM = "a random model of GPT-2 small's size"


@dataclass(frozen=True)
class Results:
    """One result for each model."""

    of: dict[str, Result]

    @property
    def met(self) -> bool:
        return all(result.met for result in self.of.values())

    def markdown(self) -> str:
        return "\n\n".join(f"### {name}\n\n{result.markdown()}" for name, result in self.of.items())


def both() -> Iterator:
    """story-gpt, then a random model as large as GPT-2 small."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the app has it; before torch is imported
    from aigc_core import models

    story = models.load("story-gpt")
    yield story
    yield gpt2_small(story)


def gpt2_small(story):
    """GPT-2 small's shape and vocabulary with random weights, loaded as the app loads a model; the tokenizer is the bundled one's."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from aigc_core.models import LanguageModel, attention_interface, blocks
    from aigc_core.models.cards import ModelCard

    torch.manual_seed(0)
    config = GPT2Config(bos_token_id=0, eos_token_id=0)
    module = GPT2LMHeadModel._from_config(config, attn_implementation=attention_interface.implementation(GPT2LMHeadModel))
    module.eval().requires_grad_(False)
    attention_interface.settle(module)
    card = ModelCard(RANDOM, "causal", (), "", module.num_parameters(), story.card.folder)
    return LanguageModel(card, module, story.tokenizer, blocks.find(module))
