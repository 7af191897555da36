"""A beam search recorded against the same search by transformers' generate() alone, in this process, nothing drawn."""

from __future__ import annotations

import time

from benchmarks.models import RANDOM, Results, both
from benchmarks.pairs import Result, in_turn

TITLE = "Beam search: recording it ÷ generate() alone, 5 beams × 40 tokens"
PROMPT = "Once upon a time"
PAIRS = 30
TARGETS = {"story-gpt": 1.15, RANDOM: 1.03}
MEANING = "Both tokenise the prompt and search; ours yields every step as it happens, with all candidates."


def measure(pairs: int | None = None) -> Results:
    return Results({model.card.name: compare(model, TARGETS[model.card.name], pairs or PAIRS) for model in both()})


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
