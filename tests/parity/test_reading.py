"""A written text read in one pass, and the logit lens, against transformers over many families."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from aigc_core import decoding, lens
from aigc_core.decoding import SamplingSettings
from aigc_core.errors import AigcError
from tests.models import CAUSAL, N_CTX

PROMPT = "The little dog"
OPEN = ("gpt2", "llama", "qwen3", "gpt_neox", "opt", "gemma2", "mistral")


def sampled(model, **settings) -> list:
    return list(decoding.sample(model, PROMPT, SamplingSettings(max_new_tokens=12, seed=1, **settings)))


@pytest.mark.parametrize("name", CAUSAL)
def test_one_pass_gives_what_the_loop_gave(name, model_of):
    model, steps = model_of(name), sampled(model_of(name), temperature=0.8, top_p=0.9, repetition_penalty=1.3)
    ids = tuple(step.token_id for step in steps)
    found = decoding.read(model, PROMPT, ids)
    assert tuple(token.id for token in found.tokens) == ids and found.ended == steps[-1].is_end
    assert [token.id for token in found.prompt] == model.tokenizer(PROMPT)["input_ids"]
    for row, step in zip(found.logits, steps):
        np.testing.assert_allclose(row, step.logits, atol=1e-4)
    settings = SamplingSettings(temperature=0.8, top_p=0.9, repetition_penalty=1.3)
    for stages, step, best in zip(decoding.reread(found, settings), steps, found.best):
        np.testing.assert_allclose(stages.probabilities, step.probabilities, atol=1e-5)
        assert decoding.drawn(stages, step.draw) == step.token_id
        assert [token.id for token in best] == np.argsort(-stages.logits, kind="stable")[:5].tolist()


@pytest.mark.parametrize("name", OPEN)
def test_one_pass_gives_the_attention_of_every_step_of_generate(name, model_of, folder_of):
    """The reference is the family's own eager attention under generate(output_attentions=True), step by step over its cache."""
    from transformers import AutoModelForCausalLM

    model = model_of(name)
    reference = AutoModelForCausalLM.from_pretrained(folder_of(name), attn_implementation="eager", dtype=torch.float32)
    encoded = model.tokenizer(PROMPT, return_tensors="pt")
    asked = dict(do_sample=False, max_new_tokens=14, eos_token_id=[], pad_token_id=0, output_attentions=True, return_dict_in_generate=True)
    output = reference.generate(**encoded, **asked)
    n = encoded["input_ids"].shape[1]
    found = decoding.read(model, PROMPT, tuple(output.sequences[0, n:].tolist())).attention.attention
    assert len(output.attentions) == 14
    for step, layers in enumerate(output.attentions):
        for layer, pattern in enumerate(layers):
            row = found[layer, :, n - 1 + step]
            first = n + step - pattern.shape[-1]  # with a sliding window the cache has let the oldest keys go
            np.testing.assert_allclose(row[:, first : n + step], pattern[0, :, -1].numpy(), atol=1e-5)
            assert not row[:, :first].any() and not row[:, n + step :].any()


def reread_by_hand(model, found, place: int, settings: SamplingSettings) -> np.ndarray:
    """The probabilities by the processors that generate() itself makes of the settings."""
    from transformers import GenerationConfig

    chosen = {name: getattr(settings, name) for name in ("temperature", "top_k", "top_p", "repetition_penalty")}
    config = GenerationConfig(do_sample=True, num_beams=1, **chosen, min_p=settings.min_p or None)
    scores, ids = torch.from_numpy(found.logits[place].copy())[None], torch.tensor([found.context(place)])
    for process in model.module._get_logits_processor(config, input_ids_seq_length=ids.shape[1], device="cpu"):
        scores = process(ids, scores)
    return scores.softmax(-1)[0].numpy()


@pytest.mark.parametrize("seed", range(100))
def test_stored_logits_read_under_any_settings_are_those_of_generate(seed, model_of):
    rng, model = np.random.default_rng(seed), model_of("gpt2")
    found = decoding.read(model, PROMPT, tuple(rng.integers(0, 300, 8).tolist()))

    def perhaps(off, drawn):
        return off if rng.random() < 0.3 else drawn

    settings = SamplingSettings(
        temperature=perhaps(1.0, rng.uniform(0.05, 3)),
        top_k=perhaps(0, int(rng.choice([1, 2, 5, 50, 299, 1000]))),
        top_p=perhaps(1.0, rng.uniform(0.01, 1)),
        min_p=perhaps(0.0, rng.uniform(0, 1)),
        repetition_penalty=perhaps(1.0, rng.uniform(0.5, 3)),
    )
    for place, stages in enumerate(decoding.reread(found, settings)):
        np.testing.assert_allclose(stages.probabilities, reread_by_hand(model, found, place, settings), atol=1e-6)
        assert stages.probabilities.shape == (300,)


@pytest.mark.parametrize("name", CAUSAL)
def test_two_goes_write_what_one_go_writes(name, model_of):
    whole = [step.token_id for step in sampled(model_of(name))]
    first = tuple(whole[:5])
    rest = decoding.sample(model_of(name), PROMPT, SamplingSettings(max_new_tokens=max(1, len(whole) - 5), seed=1), after=first)
    steps = list(rest) if len(whole) > 5 else []
    assert [*first, *(step.token_id for step in steps)] == whole
    assert [step.index for step in steps] == list(range(5, len(whole)))


def test_a_text_before_anything_is_written_has_one_place(model_of):
    found = decoding.read(model_of("gpt2"), PROMPT, ())
    assert found.logits.shape == (1, 300) and found.tokens == () and not found.ended
    with pytest.raises(ValueError, match="read-only"):
        found.logits[0, 0] = 1


@pytest.mark.parametrize(("ids", "key"), [((300,), "token_unknown"), ((-1,), "token_unknown"), ((1,) * N_CTX, "context_full_new")])
def test_what_the_model_cannot_read_is_refused(ids, key, model_of):
    with pytest.raises(AigcError) as caught:
        decoding.read(model_of("gpt2"), PROMPT, ids)
    assert caught.value.key == key and str(caught.value)


def test_only_models_that_write_are_read_so(model_of):
    with pytest.raises(AigcError) as caught:
        decoding.read(model_of("bert"), PROMPT, (1,))
    assert caught.value.key == "wrong_kind_causal"


# The logit lens

FINAL_NORM = {"gpt2": "transformer.ln_f", "llama": "model.norm", "qwen3": "model.norm", "gpt_neox": "gpt_neox.final_layer_norm",
              "opt": "model.decoder.final_layer_norm", "mistral": "model.norm", "bloom": "transformer.ln_f", "gpt_neo": "transformer.ln_f",
              "gemma2": "model.norm"}  # fmt: skip


@pytest.mark.parametrize("name", CAUSAL)
def test_every_layer_goes_through_the_models_own_norm_and_head(name, model_of):
    """The reference: hidden_states of transformers, of which the last is normed already, through the norm at the family's own name."""
    model, written = model_of(name), (7, 8, 9)
    ids = torch.tensor([[*model.tokenizer(PROMPT)["input_ids"], *written]])
    with torch.no_grad():
        output = model.module(input_ids=ids, output_hidden_states=True)
        norm, head = model.module.get_submodule(FINAL_NORM[name]), model.module.get_output_embeddings()
        logits = [head(norm(state[0, -1])) for state in output.hidden_states[:-1]] + [head(output.hidden_states[-1][0, -1])]
        cap = getattr(model.module.config, "final_logit_softcapping", None)
        logits = [cap * torch.tanh(each / cap) if cap else each for each in logits]
        probabilities = torch.stack(logits).softmax(-1).numpy()  # [layer, vocab]
        own = output.logits[0, -1].softmax(-1).numpy()
    found = lens.place(model, PROMPT, written, token_id=11)
    np.testing.assert_allclose(found.probabilities, probabilities[:, 11], atol=1e-5)
    np.testing.assert_allclose(found.best_probabilities, probabilities.max(-1), atol=1e-5)
    assert found.ranks == tuple((row > row[11]).sum() + 1 for row in probabilities)
    assert len(found.best) == model.module.config.num_hidden_layers + 1
    assert found.probabilities[-1] == pytest.approx(own[11], abs=1e-7)  # the last layer is the model's own prediction


def test_the_lens_disturbs_nobody(model_of):
    """Passes in other threads, while one replaces the end of the residual stream, are what they are alone."""
    model = model_of("llama")
    ids = model.tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        alone, wrong, stop = model.module(input_ids=ids).logits, [], threading.Event()

        def others() -> None:
            while not stop.is_set():
                with torch.no_grad():
                    if not torch.equal(model.module(input_ids=ids).logits, alone):
                        wrong.append(1)

        thread = threading.Thread(target=others)
        thread.start()
        for _ in range(40):
            lens.place(model, PROMPT, (7, 8), 3)
        stop.set()
        thread.join()
    assert not wrong


def test_a_token_that_is_none_is_refused(model_of):
    with pytest.raises(AigcError) as caught:
        lens.place(model_of("gpt2"), PROMPT, (), 300)
    assert caught.value.key == "token_unknown"
