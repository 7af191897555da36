"""The attention of a whole generation: one pass over the finished text against the patterns that generate() hands out step by step."""

from __future__ import annotations

import os
import time

from benchmarks.models import Results, gpt2_small, story_gpt
from benchmarks.pairs import Result, alternate

TITLE = "Attention of a generation of 128 tokens: one pass over the finished text ÷ generate(output_attentions=True)"
PROMPT = "Once upon a time"
TOKENS = 128
PAIRS = 10
TARGET = 0.2
MEANING = (
    "Ours reads the finished text and gives every pattern of every step, the logits and the names of the tokens; the peer writes it. "
    "That text has to be written first in either case, which takes our sampling loop no attentions: the last row adds that loop."
)


def measure(pairs: int | None = None) -> Results:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the app has it; before torch is imported
    story = story_gpt()
    return Results({model.card.name: compare(model, pairs or PAIRS) for model in (story, gpt2_small(story))})


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

    ours(), peer()
    return Result(*alternate(ours, peer, pairs), TARGET, (MEANING,))
