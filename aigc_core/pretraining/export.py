"""A trained model → an ordinary Hugging Face folder with its card, and the recorded trace that the home page shows first."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from aigc_core.pretraining import speech
from aigc_core.pretraining.corpus import Corpus
from aigc_core.pretraining.train import Schedule

RECORDED_TEXT = "Once upon a time, a little dog met a big cat. The little dog"

CARD = """---
language: [en]
license: mit
library_name: transformers
pipeline_tag: text-generation
datasets: [roneneldan/TinyStories]
glassbox:
  kind: causal
  parameters: {parameters}
  seed: {seed}
  data_sha256: {sha256}
  steps: {steps}
  tokens: {tokens}
  minutes: {minutes:.0f}
  validation_nats_per_token: {nats_per_token:.4f}
  validation_bits_per_character: {bits_per_character:.4f}
  greedy_repeats: {greedy_repeats} of {prompts}
---
# {name}

A GPT-2 of {layers} layers × {heads} heads, width {width}, context {n_ctx}, {parameters:,} parameters, trained for Glassbox. It writes
children's stories in simple English and is small enough to look inside while it runs.

## Data
TinyStories (Eldan & Li 2023, *TinyStories: How Small Can Language Models Be and Still Speak Coherent English?*), data set
`roneneldan/TinyStories`, licence CDLA-Sharing-1.0: {stories:,} stories, SHA-256 of the training file `{sha256}`. The text is not part of
this folder. The weights are ours, MIT.

## Recipe
`python -m aigc_core.pretraining {name} --corpus PATH` (seed {seed}, torch {torch}): byte-level BPE of {vocabulary:,} pieces; {steps:,} steps of {batch} rows,
{tokens:,} tokens seen in {minutes:.0f} minutes on {machine}, bfloat16 autocast; Muon (peak {muon_rate}) for the blocks' matrices, AdamW (peak {adamw_rate}) for
the rest; weight decay {weight_decay}, dropout 0.1. Weights are stored in float16 and loaded as float32.

## Result
On all {valid:,} validation stories, each from the end token and cut at {cut} tokens: **{bits_per_character:.3f} bits per character**, {nats_per_token:.3f} nats a token.
Greedy text of 40 tokens repeats a run of six tokens for {greedy_repeats} of {prompts} prompts. Sampled at temperature 0.7:

{samples}

## Limits
It knows the world of these stories and no other; it knows no facts, no other language, and forgets what lies more than {n_ctx} tokens back.
"""


def write(folder: Path, recipe, schedule: Schedule, model, tokenizer, stories: Corpus, result: dict) -> None:
    """Writes weights, tokenizer, card and the recorded trace; figures in the card are measured on the weights as stored."""
    machine = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU cores"
    model.cpu().eval().half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    model.float()  # with the rounding of what was stored
    objective = recipe.objective.from_texts(tokenizer, [], stories.valid, recipe.n_ctx)
    spoken = speech.report(model, tokenizer, schedule.seed)
    facts = result | objective.evaluate(model) | spoken
    facts["samples"] = "\n".join("> " + " ".join(sample.split()) + " …\n>" for sample in spoken["samples"])
    card = CARD.format(
        **facts,
        name=recipe.name,
        parameters=model.num_parameters(),
        seed=schedule.seed,
        sha256=stories.train_sha256,
        layers=model.config.num_hidden_layers,
        heads=model.config.num_attention_heads,
        width=model.config.hidden_size,
        n_ctx=recipe.n_ctx,
        cut=recipe.n_ctx - 1,
        stories=len(stories.train),
        valid=len(stories.valid),
        torch=torch.__version__.split("+")[0],
        vocabulary=len(tokenizer),
        batch=schedule.batch,
        machine=machine,
        muon_rate=schedule.muon_rate,
        adamw_rate=schedule.adamw_rate,
        weight_decay=schedule.weight_decay,
    )
    (folder / "README.md").write_text(card, encoding="utf-8")

    from aigc_core import attention, models, traces

    recorded = attention.trace(models.load(str(folder)), RECORDED_TEXT)
    traces.save(folder / "recorded.npz", dataclasses.replace(recorded, model=recipe.name))
