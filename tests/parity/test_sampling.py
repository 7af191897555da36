"""Sampling against transformers: generate()'s processors in its order, its greedy text, and steps that a cache does not change."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from aigc_core import models
from aigc_core.decoding import SamplingSettings, sample
from aigc_core.errors import AigcError
from tests.models import CAUSAL, N_CTX, save

PROMPT = "The little dog"
PROCESSORS = {
    "RepetitionPenaltyLogitsProcessor": "repetition_penalty",
    "TemperatureLogitsWarper": "temperature",
    "TopKLogitsWarper": "top_k",
    "TopPLogitsWarper": "top_p",
    "MinPLogitsWarper": "min_p",
}


def settings_of(seed: int) -> SamplingSettings:
    """Settings drawn at random, each of them off about every third time."""
    rng = random.Random(seed)

    def perhaps(off, drawn):
        return off if rng.random() < 0.33 else drawn

    return SamplingSettings(
        temperature=perhaps(1.0, rng.uniform(0.05, 3)),
        top_k=perhaps(0, rng.choice([1, 2, 5, 50, 299, 300, 1000])),
        top_p=perhaps(1.0, rng.uniform(0.01, 1)),
        min_p=perhaps(0.0, rng.uniform(0, 1)),
        repetition_penalty=perhaps(1.0, rng.uniform(0.5, 3)),
        seed=seed,
        max_new_tokens=3,
    )


def generates_own(model, settings: SamplingSettings) -> list:
    """The processors that generate() itself makes of the settings, in its order."""
    chosen = {name: getattr(settings, name) for name in ("temperature", "top_k", "top_p", "repetition_penalty")}
    chosen["min_p"] = settings.min_p or None  # at 0 generate() would add a stage that changes nothing
    config = GenerationConfig(do_sample=True, num_beams=1, **chosen)
    return model.module._get_logits_processor(config, input_ids_seq_length=1, device="cpu")


@pytest.mark.parametrize("seed", range(120))
def test_stages_and_probabilities_are_those_of_generate(seed, model_of):
    model, settings = model_of("gpt2"), settings_of(seed)
    ids = model.tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    for step in sample(model, PROMPT, settings):
        scores = torch.from_numpy(step.logits.copy())[None]
        own = generates_own(model, settings)
        assert list(step.stages) == [PROCESSORS[type(process).__name__] for process in own]
        for process, stage in zip(own, step.stages.values()):
            scores = process(ids, scores)
            np.testing.assert_allclose(stage, scores[0].numpy(), atol=1e-6)
        np.testing.assert_allclose(step.probabilities, torch.softmax(scores, dim=-1)[0].numpy(), atol=1e-6)
        assert step.probabilities.shape == (len(model.tokenizer),)
        assert step.probabilities[step.token_id] > 0
        ids = torch.cat([ids, torch.tensor([[step.token_id]])], dim=1)


def test_the_random_settings_use_every_processor():
    """Guards the test above: over its settings each processor is on sometimes and off sometimes."""
    drawn = [settings_of(seed) for seed in range(120)]
    off = SamplingSettings()
    for name in PROCESSORS.values():
        assert 60 < sum(getattr(each, name) != getattr(off, name) for each in drawn) < 100


@pytest.mark.parametrize("name", CAUSAL)
def test_the_cache_changes_nothing(name, model_of):
    """Each step's logits are those of a whole forward pass over all tokens so far."""
    model = model_of(name)
    ids = model.tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    count = 0
    for step in sample(model, PROMPT, SamplingSettings(max_new_tokens=12, seed=1)):
        with torch.no_grad():
            whole = model.module(input_ids=ids, use_cache=False).logits[0, -1].numpy()
        np.testing.assert_allclose(step.logits, whole, atol=1e-4)
        ids = torch.cat([ids, torch.tensor([[step.token_id]])], dim=1)
        count += 1
    assert count > 3


@pytest.mark.parametrize("name", CAUSAL)
def test_the_best_token_only_is_generates_greedy_text(name, model_of):
    model = model_of(name)
    encoded = model.tokenizer(PROMPT, return_tensors="pt")
    greedy = model.module.generate(**encoded, do_sample=False, max_new_tokens=16, pad_token_id=0)[0, encoded["input_ids"].shape[1] :]
    for seed in (0, 1):
        steps = sample(model, PROMPT, SamplingSettings(top_k=1, max_new_tokens=16, seed=seed))
        assert [step.token_id for step in steps] == greedy.tolist()


def written(model, **settings) -> list[int]:
    return [step.token_id for step in sample(model, PROMPT, SamplingSettings(max_new_tokens=20, **settings))]


def test_a_seed_repeats_the_text_whatever_else_draws(model_of):
    model = model_of("gpt2")
    torch.manual_seed(1)
    first = written(model, seed=7)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert written(model, seed=7) == first
    assert torch.equal(torch.get_rng_state(), before)  # the generator that all sessions share is not touched
    assert written(model, seed=8) != first


def test_two_streams_in_turns_do_not_disturb_each_other(model_of):
    model = model_of("llama")
    alone = [written(model, seed=seed) for seed in (1, 2)]
    both = zip(*(sample(model, PROMPT, SamplingSettings(max_new_tokens=20, seed=seed)) for seed in (1, 2)))
    together = list(zip(*((a.token_id, b.token_id) for a, b in both)))
    for expected, found in zip(alone, together):
        assert tuple(expected[: len(found)]) == found


def test_draws_follow_the_probabilities(model_of):
    """Over 600 seeds the first token's frequencies fit its probabilities (χ² over the likely tokens, far out at 5 σ)."""
    model, counts = model_of("gpt2"), np.zeros(len(model_of("gpt2").tokenizer))
    for seed in range(600):
        step = next(sample(model, PROMPT, SamplingSettings(seed=seed, max_new_tokens=1, top_k=8)))
        counts[step.token_id] += 1
    expected = step.probabilities * 600
    likely = expected > 0
    assert counts[~likely].sum() == 0 and likely.sum() == 8
    chi2 = ((counts - expected)[likely] ** 2 / expected[likely]).sum()
    assert chi2 < 7 + 5 * np.sqrt(2 * 7)


def test_closing_stops_the_work(model_of):
    model, calls = model_of("gpt2"), []
    hook = model.module.register_forward_pre_hook(lambda module, inputs: calls.append(1))
    try:
        steps = sample(model, PROMPT, SamplingSettings(max_new_tokens=40))
        assert calls == []  # nothing is computed before the first step is asked for
        next(steps), next(steps)
        steps.close()
        assert next(steps, None) is None and len(calls) == 2
    finally:
        hook.remove()


def test_inference_mode_does_not_leak_to_the_caller(model_of):
    steps = sample(model_of("gpt2"), PROMPT, SamplingSettings(max_new_tokens=3))
    next(steps)
    assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()


def test_an_end_token_ends_the_text(tmp_path):
    """With half of the vocabulary as end tokens a text is soon at its end; the end token is the last step and no other."""
    model = models.load(str(save("gpt2", tmp_path, eos_token_id=list(range(0, 300, 2)))))
    for seed in range(8):
        steps = list(sample(model, PROMPT, SamplingSettings(max_new_tokens=40, seed=seed)))
        assert [step.is_end for step in steps] == [False] * (len(steps) - 1) + [True]
        assert [step.token_id % 2 for step in steps] == [1] * (len(steps) - 1) + [0]
        assert [step.index for step in steps] == list(range(len(steps)))


def test_without_an_end_token_it_writes_as_long_as_asked(tmp_path):
    model = models.load(str(save("gpt2", tmp_path, eos_token_id=[])))
    assert len(list(sample(model, PROMPT, SamplingSettings(max_new_tokens=25)))) == 25


def test_candidates_are_the_ten_best_and_the_one_taken(model_of):
    outside = 0
    for step in sample(model_of("gpt2"), PROMPT, SamplingSettings(temperature=3.0, max_new_tokens=20)):
        ids = [token.id for token in step.candidates]
        best = np.argsort(-step.logits, kind="stable")[:10].tolist()
        assert ids == (best if step.token_id in best else [*best, step.token_id])
        outside += step.token_id not in best
        assert step.probability == step.probabilities[step.token_id]
    assert outside  # at this temperature some are


BAD = {
    "temperature": [0, -1, float("nan")],
    "top_k": [-1, 2.5, float("inf"), float("nan")],
    "top_p": [0, -0.1, 1.01, float("nan")],
    "min_p": [-0.01, 1.01, float("nan")],
    "repetition_penalty": [0, -2, float("nan")],
    "seed": [-1, 2**63, 0.5, float("nan")],
    "max_new_tokens": [0, -3, 2.5, float("inf"), float("nan")],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_settings_refuse_what_generate_would(name, value):
    with pytest.raises(AigcError) as caught:
        SamplingSettings(**{name: value})
    assert caught.value.key == "setting"
    assert caught.value.values["name"] == name and str(value) in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("top_k", 0), ("top_p", 1), ("min_p", 0), ("min_p", 1), ("seed", 0), ("max_new_tokens", 1)])
def test_settings_take_their_bounds(name, value, model_of):
    settings = SamplingSettings(**{"max_new_tokens": 1} | {name: value})
    assert len(list(sample(model_of("gpt2"), PROMPT, settings))) == 1


def test_prompt_and_new_tokens_must_fit_the_context(model_of):
    model = model_of("gpt2")
    found = len(model.tokenizer(PROMPT)["input_ids"])
    assert len(list(sample(model, PROMPT, SamplingSettings(max_new_tokens=N_CTX - found, top_k=1)))) >= 1
    with pytest.raises(AigcError) as caught:  # when asked, not at the first step
        sample(model, PROMPT, SamplingSettings(max_new_tokens=N_CTX - found + 1))
    assert (caught.value.key, caught.value.values) == ("context_full_new", dict(limit=N_CTX, found=found, new=N_CTX - found + 1))


def test_only_models_that_write_can_sample(model_of):
    with pytest.raises(AigcError) as caught:
        sample(model_of("bert"), PROMPT)
    assert caught.value.key == "wrong_kind_causal"


def test_no_prompt_is_told(model_of):
    with pytest.raises(AigcError) as caught:
        sample(model_of("gpt2"), " ")
    assert caught.value.key == "text_empty"
