"""A beam search recorded against the same search by transformers' generate() alone, in this process, nothing drawn."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from benchmarks.pairs import Result, in_turn

TITLE = "Beam search: recording it ÷ generate() alone, 5 beams × 40 tokens"
PROMPT = "Once upon a time"
PAIRS = 30
RANDOM = "a random model of GPT-2 small's size"
TARGETS = {"story-gpt": 1.15, RANDOM: 1.03}
MEANING = "Both tokenise the prompt and search; ours yields every step as it happens, with all candidates."


@dataclass(frozen=True)
class Results:
    """One result for each model."""

    of: dict[str, Result]

    @property
    def met(self) -> bool:
        return all(result.met for result in self.of.values())

    def markdown(self) -> str:
        return "\n\n".join(f"### {name}\n\n{result.markdown()}" for name, result in self.of.items())


def measure(pairs: int | None = None) -> Results:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the app has it; before torch is imported
    from aigc_core import models

    story = models.load("story-gpt")
    return Results({name: compare(story if name == "story-gpt" else gpt2_small(story), TARGETS[name], pairs or PAIRS) for name in TARGETS})


def compare(model, target: float, pairs: int) -> Result:
    from aigc_core.decoding import BeamSettings, beam_search

    settings = BeamSettings(num_beams=5, max_new_tokens=40)
    arguments = settings.for_generate(model)

    def ours() -> float:
        begun = time.perf_counter()
        count = sum(1 for _ in beam_search(model, PROMPT, settings))
        seconds = time.perf_counter() - begun
        assert count == 40, f"expected a search of 40 steps, found {count}"
        return seconds

    def peer() -> float:
        begun = time.perf_counter()
        model.module.generate(**model.tokenizer(PROMPT, return_tensors="pt"), **arguments)
        return time.perf_counter() - begun

    ours(), peer()
    recorded, alone, again = in_turn((ours, peer, peer), pairs)
    return Result(recorded, alone, target, (MEANING,), again)


def gpt2_small(story):
    """GPT-2 small's shape and vocabulary with random weights, loaded as the app loads a model; the tokenizer is the bundled one's."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from aigc_core.models import LanguageModel, attention_interface
    from aigc_core.models.cards import ModelCard

    torch.manual_seed(0)
    config = GPT2Config(bos_token_id=0, eos_token_id=0)
    module = GPT2LMHeadModel._from_config(config, attn_implementation=attention_interface.implementation(GPT2LMHeadModel))
    module.eval().requires_grad_(False)
    attention_interface.settle(module)
    card = ModelCard(RANDOM, "causal", (), "", module.num_parameters(), story.card.folder)
    return LanguageModel(card, module, story.tokenizer)
