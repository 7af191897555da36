"""The attention of a whole generation: one pass over the finished text against the patterns that generate() hands out step by step."""

from __future__ import annotations

import statistics
import time

from benchmarks.models import Results, both
from benchmarks.pairs import Result, in_turn

TITLE = "Attention of a generation of 128 tokens: one pass over the finished text ÷ generate(output_attentions=True)"
PROMPT = "Once upon a time"
TOKENS = 128
PAIRS = 10
TARGET = 0.2
MEANING = "Ours reads the finished text and gives every pattern of every step, all logits and the best tokens by name; the peer writes it."


def measure(pairs: int | None = None) -> Results:
    return Results({model.card.name: compare(model, pairs or PAIRS) for model in both()})


def compare(model, pairs: int) -> Result:
    import torch

    from aigc_core import decoding

    encoded = model.tokenizer(PROMPT, return_tensors="pt")
    asked = dict(do_sample=False, max_new_tokens=TOKENS, min_new_tokens=TOKENS, pad_token_id=0)

    def generated(**more):
        with torch.inference_mode():
            return model.module.generate(**encoded, **asked, **more, return_dict_in_generate=True)

    ids = tuple(generated().sequences[0, encoded["input_ids"].shape[1] :].tolist())

    def ours() -> float:
        begun = time.perf_counter()
        found = decoding.read(model, PROMPT, ids).attention.attention
        seconds = time.perf_counter() - begun
        assert found.shape[-1] == len(ids) + encoded["input_ids"].shape[1]
        return seconds

    def peer() -> float:
        begun = time.perf_counter()
        steps = generated(output_attentions=True).attentions
        seconds = time.perf_counter() - begun
        assert len(steps) == TOKENS and steps[-1][0].shape[-1] == len(ids) + encoded["input_ids"].shape[1] - 1
        return seconds

    def writing() -> float:
        begun = time.perf_counter()
        generated()
        return time.perf_counter() - begun

    ours(), peer(), writing()
    read, wrote_all, wrote = in_turn((ours, peer, writing), pairs)
    both_times = (statistics.median(wrote) + statistics.median(read)) / statistics.median(wrote_all)
    return Result(
        read, wrote_all, TARGET, (MEANING, f"Writing the text without attentions and reading it then: {both_times:.2f} of the peer's.")
    )
