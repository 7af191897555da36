"""Does it speak? Ten beginnings, and how often greedy text falls into a loop."""

from __future__ import annotations

import torch

PROMPTS = (
    "Once upon a time",
    "The little dog",
    "Lily and Tom went to the",
    "I love to play",
    "One day, a bird",
    "Mom said",
    "The sun was",
    "Ben had a red",
    "In the park there",
    "She was very sad because",
)


def repeats(ids: list[int], run: int = 6) -> bool:
    """True where some run of ``run`` tokens occurs twice."""
    runs = [tuple(ids[i : i + run]) for i in range(len(ids) - run + 1)]
    return len(set(runs)) < len(runs)


@torch.inference_mode()
def continuations(model, tokenizer, new_tokens: int = 40, **sampling) -> list[list[int]]:
    """The token ids that the model writes after each prompt: greedily, or sampled where generate()'s settings say so."""
    written = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, return_tensors="pt").to(model.device)
        output = model.generate(**ids, max_new_tokens=new_tokens, pad_token_id=tokenizer.eos_token_id, **(sampling or {"do_sample": False}))
        written.append(output[0, ids["input_ids"].shape[1] :].tolist())
    return written


def report(model, tokenizer, seed: int = 0) -> dict:
    """Greedy loops among the prompts, and three sampled continuations (temperature 0.7) to read."""
    greedy = continuations(model, tokenizer)
    torch.manual_seed(seed)
    sampled = continuations(model, tokenizer, do_sample=True, temperature=0.7, top_k=0)
    return {
        "greedy_repeats": sum(repeats(ids) for ids in greedy),
        "prompts": len(PROMPTS),
        "samples": [prompt + tokenizer.decode(ids, skip_special_tokens=True) for prompt, ids in zip(PROMPTS[:3], sampled)],
    }
