"""Beam search is transformers' own, observed: ids and scores equal generate()'s exactly, and the tree obeys its own arithmetic."""

from __future__ import annotations

import inspect
import itertools
import math
import random
import threading
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from transformers import GenerationMixin

from aigc_core import decoding, models
from aigc_core.analysis.beams import follow, greedy, known, outcome, path
from aigc_core.analysis.tree import reasons
from aigc_core.decoding import BeamSettings, beam_search, beam_tree, continuation, end_tokens
from aigc_core.errors import AigcError

PROMPT = "The little dog"
FAMILIES = ("gpt2", "llama", "gpt_neox", "qwen3", "t5", "marian")
SETTINGS = 200


@cache
def reached(model) -> tuple[int, ...]:
    """Tokens that this model's searches come across."""
    steps = beam_search(model, PROMPT, BeamSettings(num_beams=8, max_new_tokens=20, eos_token_ids=(1,)))
    return tuple(sorted({each.token_id for step in steps for each in step.candidates}))


def chance(seed: int, model) -> BeamSettings:
    """Random settings; mostly with end tokens that the model reaches, so that hypotheses really end early."""
    draw = random.Random(seed)
    num_beams = draw.choice([1, 2, 3, 5, 8])
    return BeamSettings(
        num_beams=num_beams,
        length_penalty=draw.choice([-3.0, -1.0, 0.0, 0.7, 1.0, 2.0, 3.0]),
        early_stopping=draw.choice([True, False, "never"]),
        num_return_sequences=draw.randint(1, num_beams),
        no_repeat_ngram_size=draw.choice([0, 0, 2, 3]),
        repetition_penalty=draw.choice([1.0, 1.0, 1.3]),
        max_new_tokens=draw.choice([1, 6, 20]),
        do_sample=num_beams > 1 and draw.random() < 0.25,
        temperature=draw.choice([0.7, 1.0, 1.5]),
        top_k=draw.choice([0, 30]),
        top_p=draw.choice([0.9, 1.0]),
        seed=seed,
        eos_token_ids=draw.choice([None, *(tuple(draw.sample(reached(model), count)) for count in (1, 3, 6, 12))]),
    )


def generated(model, settings: BeamSettings):
    """What generate() itself returns for the same settings."""
    encoded = model.tokenizer(PROMPT, return_tensors="pt")
    torch.manual_seed(settings.seed)
    arguments = settings.for_generate(model) | dict(return_dict_in_generate=True, output_scores=True)
    output = model.module.generate(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], **arguments)
    return 1 if model.kind == "translation" else encoded["input_ids"].shape[1], output


@pytest.fixture(scope="module")
def model(request, model_of):
    return models.load("story-gpt") if request.param == "story-gpt" else model_of(request.param)


@pytest.mark.parametrize("seed", range(SETTINGS))
def test_a_random_search(seed, model_of):
    """All that holds of every search, over six families by turns."""
    model = model_of(FAMILIES[seed % len(FAMILIES)])
    settings = chance(seed, model)
    steps = list(beam_search(model, PROMPT, settings))
    tree = beam_tree(steps)
    equals_generate(model, settings, tree)
    obeys_its_arithmetic(settings, steps, tree)
    gives_true_reasons(settings, steps)
    other_knobs_end_where_said(model, settings, steps, seed)


def equals_generate(model, settings: BeamSettings, tree) -> None:
    prompt, output = generated(model, settings)
    rows = output.sequences[:, prompt:].tolist()
    assert len(tree.hypotheses) == settings.num_return_sequences == len(rows)
    for hypothesis, row in zip(tree.hypotheses, rows):
        n = len(hypothesis.token_ids)
        assert list(hypothesis.token_ids) == row[:n]
        assert set(row[n:]) <= {output.sequences[0, -1].item(), *map(int, row[n : n + 1])}  # one padding id, if any
    if settings.num_beams > 1:
        assert [hypothesis.score for hypothesis in tree.hypotheses] == output.sequences_scores.tolist()


def obeys_its_arithmetic(settings: BeamSettings, steps, tree) -> None:
    by_id = {node.id: node for node in tree.nodes}
    assert len(by_id) == len(tree.nodes)
    for step in steps:
        assert sum(node.fate == "kept" for node in step.candidates) <= settings.num_beams
        assert [node.rank for node in step.candidates] == sorted(node.rank for node in step.candidates)
        for node in step.candidates:
            parent = by_id[node.parent].cumulative_log_prob if node.parent is not None else 0.0
            assert node.cumulative_log_prob == np.float32(np.float32(parent) + np.float32(node.log_prob))
            assert node.score == pytest.approx(node.cumulative_log_prob / (step.index + 1) ** settings.length_penalty, rel=1e-6)
            assert (node.parent is None) == (step.index == 0)
            assert node.parent is None or by_id[node.parent].fate == "kept"
    for hypothesis in tree.hypotheses:
        path = tree.path(hypothesis.node)
        assert tuple(node.token_id for node in path) == hypothesis.token_ids
        assert path[-1].fate == "finished"
        assert hypothesis.score == path[-1].score
    best = sorted((node.score for node in tree.finished), reverse=True)[: settings.num_return_sequences]
    if settings.early_stopping == "never":  # otherwise the search may end before a late one is weighed
        assert [hypothesis.score for hypothesis in tree.hypotheses] == best


def gives_true_reasons(settings: BeamSettings, steps) -> None:
    """Fates by the rule, worked out anew, and every pruned candidate's reason against the recorded numbers."""
    for step in steps:
        going_on = sorted((each.cumulative_log_prob for each in step.candidates if not each.ends), reverse=True)
        why = reasons(step, settings.num_beams)
        kept = [each.cumulative_log_prob for each in step.candidates if each.fate == "kept"]
        finished = [each for each in step.candidates if each.fate == "finished"]
        assert sorted(kept, reverse=True) == going_on[: settings.num_beams]
        assert finished == [each for each in step.candidates if each.ends and each.rank < settings.num_beams]
        pruned = [each for each in step.candidates if each.fate == "pruned"]
        assert why.keys() == {each.id for each in pruned}
        for each in pruned:
            reason = why[each.id]
            assert (reason.rank, reason.count, reason.beams) == (each.rank, len(step.candidates), settings.num_beams)
            last = min(kept or [other.cumulative_log_prob for other in finished], default=-math.inf)
            assert reason.behind == last - each.cumulative_log_prob
            if reason.ends_late:
                assert each.ends and each.rank >= settings.num_beams
            else:
                assert reason.behind >= 0 and (not each.ends or not kept)
            if not settings.do_sample:
                assert each.rank >= settings.num_beams or not each.ends
    if len(steps) == settings.max_new_tokens:
        assert all(each.ends for each in steps[-1].candidates)


def other_knobs_end_where_said(model, settings: BeamSettings, steps, seed: int) -> None:
    """What the record says of another penalty and another early_stopping is what generate() then does."""
    draw = random.Random(seed + 1000)
    penalty, stopping = draw.choice([-2.0, 0.0, 0.5, 1.0, 3.0]), draw.choice([True, False, "never"])
    given = dict(beams=settings.num_beams, max_new_tokens=settings.max_new_tokens)
    own = outcome(steps, length_penalty=settings.length_penalty, early_stopping=settings.early_stopping, **given)
    assert own.known and own.steps == len(steps)
    assert own.best[: settings.num_return_sequences] == tuple(each.node for each in steps[-1].best)
    said = outcome(steps, length_penalty=penalty, early_stopping=stopping, **given)
    others = replace(settings, length_penalty=penalty, early_stopping=stopping)
    prompt, output = generated(model, others)
    assert (output.sequences.shape[1] - prompt > len(steps)) <= (not said.known)
    if said.known:
        nodes = known(steps)
        for node, row in zip(said.best, output.sequences[:, prompt:].tolist()):
            ids = [each.token_id for each in path(nodes, node)]
            assert ids == row[: len(ids)]


@pytest.mark.parametrize("seed", range(3))
def test_the_bundled_model_too(seed):
    model = models.load("story-gpt")
    settings = chance(seed, model)
    equals_generate(model, settings, beam_tree(beam_search(model, PROMPT, settings)))


@pytest.mark.parametrize("num_beams", [2, 5])
def test_greedy_is_read_from_the_tree(num_beams, model_of):
    """The most probable continuations, followed through the tree, are what one beam alone writes, as far as they are kept."""
    for family in FAMILIES:
        model = model_of(family)
        settings = BeamSettings(num_beams=num_beams, max_new_tokens=10, eos_token_ids=tuple(range(5, 30)))
        steps = list(beam_search(model, PROMPT, settings))
        alone = continuation(model, PROMPT, replace(settings, num_beams=1))
        ids, found, nodes = [token.id for token in alone.tokens], greedy(steps), known(steps)
        assert [nodes[node].token_id for node in found.nodes] == ids[: len(found.nodes)]
        assert found.complete == (len(found.nodes) == len(ids))
        assert follow(steps, ids) == found


def test_end_tokens_by_name(model_of):
    """With the space before it and without; what is no token is told."""
    model = models.load("story-gpt")
    found = end_tokens(model, (".", "!"))
    assert {token.text.strip() for token in found.named} == {".", "!"} and found.own
    assert found.ids[: len(found.own)] == tuple(token.id for token in found.own)
    with pytest.raises(AigcError, match="dragonfly-like"):
        end_tokens(model, ("dragonfly-like",))
    settings = BeamSettings(num_beams=3, max_new_tokens=30, eos_token_ids=found.ids)
    tree = beam_tree(beam_search(model, PROMPT, settings))
    equals_generate(model, settings, tree)
    assert tree.hypotheses[0].token_ids[-1] in found.ids


@pytest.mark.parametrize("model", ["story-gpt"], indirect=True)
def test_one_beam_is_greedy(model):
    for penalty in (1.0, 1.4):
        settings = BeamSettings(num_beams=1, max_new_tokens=15, repetition_penalty=penalty)
        (only,) = beam_tree(beam_search(model, PROMPT, settings)).hypotheses
        prompt, output = generated(model, settings)
        assert list(only.token_ids) == output.sequences[0, prompt:].tolist()
    alone = decoding.sample(model, PROMPT, decoding.SamplingSettings(top_k=1, max_new_tokens=15, repetition_penalty=1.4))
    assert list(only.token_ids) == [step.token_id for step in alone]


@pytest.mark.parametrize("model", ["story-gpt"], indirect=True)
def test_sampled_beams_leave_the_global_generator_alone(model):
    settings = BeamSettings(num_beams=3, do_sample=True, seed=4, max_new_tokens=8)
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    first = beam_tree(beam_search(model, PROMPT, settings)).hypotheses
    assert torch.equal(torch.rand(3), expected)
    search = beam_search(model, PROMPT, settings)
    second = []
    for step in search:  # somebody else draws between two steps
        torch.rand(7)
        second.append(step)
    assert beam_tree(second).hypotheses == first


@pytest.mark.parametrize("model", ["story-gpt"], indirect=True)
def test_an_abandoned_search_leaves_no_thread_and_no_forward_pass(model):
    before, calls = threading.active_count(), itertools.count()
    seen = []
    handle = model.module.register_forward_hook(lambda *_: seen.append(next(calls)))
    try:
        for _ in range(50):
            search = beam_search(model, PROMPT, BeamSettings(num_beams=3, max_new_tokens=40))
            next(search), next(search)
            search.close()
            assert len(seen) == 2  # a step is computed only while somebody waits for it
            seen.clear()
    finally:
        handle.remove()
    assert threading.active_count() == before


def test_a_fault_of_the_search_reaches_the_caller(model_of):
    model = model_of("gpt2")
    handle = model.module.register_forward_hook(lambda *_: 1 / 0)
    try:
        with pytest.raises(ZeroDivisionError):
            list(beam_search(model, PROMPT, BeamSettings(num_beams=2)))
    finally:
        handle.remove()


@pytest.mark.parametrize(
    "wrong",
    [
        dict(num_beams=0),
        dict(num_beams=2.5),
        dict(num_beams=2, num_return_sequences=3),
        dict(early_stopping="sometimes"),
        dict(repetition_penalty=0.0),
        dict(no_repeat_ngram_size=-1),
        dict(max_new_tokens=0),
        dict(do_sample=True, temperature=0.0),
        dict(do_sample=True, top_p=0.0),
    ],
)
def test_what_generate_refuses_is_refused_with_a_sentence(wrong):
    with pytest.raises(AigcError) as refused:
        BeamSettings(**wrong)
    assert refused.value.values["name"] in str(refused.value) and str(refused.value.values["found"]) in str(refused.value)


def test_the_private_methods_that_this_leans_on_are_as_they_were():
    """transformers is pinned; a new version must be looked at before this test is changed."""
    assert list(inspect.signature(GenerationMixin._beam_search).parameters) == [
        "self",
        "input_ids",
        "logits_processor",
        "stopping_criteria",
        "generation_config",
        "synced_gpus",
        "model_kwargs",
    ]
    source = inspect.getsource(GenerationMixin._beam_search)
    for used in (
        "self._prefill(",
        "self._get_top_k_continuations(",
        "self._get_running_beams_for_next_iteration(",
        "self._update_finished_beams(",
    ):
        assert source.count(used) == 1
    assert source.count("logits_processor(") == 1
