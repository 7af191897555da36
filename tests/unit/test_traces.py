"""Records: shapes are checked, arrays are locked, a file keeps what was in them."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from aigc_core import traces
from aigc_core.traces import AttentionTrace, SamplingStep, Token

TOKENS = (Token(1, " dog", "Ġdog", False), Token(2, "⟨e4⟩", "ä", False), Token(0, "<|endoftext|>", "<|endoftext|>", True))


def pattern(*shape: int) -> np.ndarray:
    drawn = np.random.default_rng(0).random(shape).astype(np.float32)
    return drawn / drawn.sum(axis=-1, keepdims=True)


def step(**changes) -> SamplingStep:
    fields = dict(
        index=0,
        token=TOKENS[0],
        candidates=TOKENS,
        logits=np.zeros(4, np.float32),
        stages=MappingProxyType({"top_k": np.zeros(4, np.float32)}),
        probabilities=np.array([0.5, 0.25, 0.25, 0], np.float32),
        draw=0.25,
        is_end=False,
    )
    return SamplingStep(**fields | changes)


def test_a_trace_knows_its_axes():
    trace = AttentionTrace("m", TOKENS, pattern(2, 4, 3, 3))
    assert (trace.n_layers, trace.n_heads) == (2, 4)


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 4, 3, 4), (2, 4, 4, 3), (2, 4, 4, 4), (1, 2, 4, 3, 3)])
def test_a_trace_refuses_shapes_that_do_not_fit_its_tokens(shape):
    with pytest.raises(ValueError, match="attention"):
        AttentionTrace("m", TOKENS, pattern(*shape))


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int32])
def test_a_trace_is_float32(kind):
    with pytest.raises(ValueError, match="float32"):
        AttentionTrace("m", TOKENS, pattern(2, 4, 3, 3).astype(kind))


def test_a_trace_cannot_be_changed():
    trace = AttentionTrace("m", TOKENS, pattern(2, 4, 3, 3))
    with pytest.raises(ValueError, match="read-only"):
        trace.attention[0, 0, 0, 0] = 1
    with pytest.raises(AttributeError):
        trace.model = "other"


def test_a_live_trace_cannot_be_changed_either(model_of):
    from aigc_core import attention, decoding

    with pytest.raises(ValueError, match="read-only"):
        attention.trace(model_of("gpt2"), "The dog").attention[0] = 0
    drawn = next(decoding.sample(model_of("gpt2"), "The dog", decoding.SamplingSettings(temperature=0.5, top_k=3)))
    for array in (drawn.logits, drawn.probabilities, *drawn.stages.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        drawn.stages["temperature"] = drawn.logits
    stages = [array.ctypes.data for array in (drawn.logits, drawn.probabilities, *drawn.stages.values())]
    assert len(set(stages)) == len(stages)  # each has memory of its own


def test_a_step_tells_of_its_token():
    assert (step().token_id, step().probability) == (1, 0.25)


@pytest.mark.parametrize(
    "changes",
    [
        dict(probabilities=np.zeros(3, np.float32)),
        dict(stages={"top_k": np.zeros(5, np.float32)}),
        dict(logits=np.zeros((1, 4), np.float32)),
        dict(probabilities=np.zeros(4)),
    ],
)
def test_a_step_refuses_shapes_that_differ(changes):
    with pytest.raises(ValueError):
        step(**changes)


def test_a_file_keeps_a_trace(tmp_path):
    trace = AttentionTrace("story-gpt", TOKENS, pattern(2, 4, 3, 3))
    traces.save(tmp_path / "t.npz", trace)
    found = traces.load(tmp_path / "t.npz")
    assert (found.model, found.tokens) == (trace.model, trace.tokens)
    assert found.attention.dtype == np.float32 and not found.attention.flags.writeable
    np.testing.assert_allclose(found.attention, trace.attention, atol=2**-11)  # half a step of float16 below 1


def test_a_file_with_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path / "t.npz", attention=np.zeros((1, 1, 3, 3)), about=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        traces.load(tmp_path / "t.npz")
