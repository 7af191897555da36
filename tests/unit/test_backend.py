"""The backend of this process under many threads: order, refusal, cancellation, one copy of each model."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import numpy as np
import pytest

from aigc_core import attention, decoding, limits
from aigc_core.backends import local
from aigc_core.backends.local import LocalBackend, Turnstile
from aigc_core.decoding import SamplingSettings
from aigc_core.errors import AigcError
from tests.models import STORIES, TEXT

SOON = 20  # seconds; nothing below waits so long unless it is wrong


def until(condition) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def run(*functions) -> list[threading.Thread]:
    threads = [threading.Thread(target=function, daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    return threads


def joined(threads) -> None:
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


# The turnstile


def test_turns_come_in_the_order_of_arrival():
    turnstile, served, gate = Turnstile(100), [], threading.Event()

    def hold() -> None:
        with turnstile.turn():
            gate.wait(SOON)

    def ask(number: int) -> None:
        with turnstile.turn():
            served.append(number)

    threads = run(hold)
    until(lambda: len(turnstile._queue) == 1)
    for number in range(12):
        threads += run(lambda number=number: ask(number))
        until(lambda: len(turnstile._queue) == number + 2)
    assert served == []
    gate.set()
    joined(threads)
    assert served == list(range(12))


def test_one_at_a_time():
    turnstile, inside, most = Turnstile(100), [], []

    def ask() -> None:
        for _ in range(20):
            with turnstile.turn():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0)
                inside.pop()

    joined(run(*[ask] * 6))
    assert len(most) == 120 and set(most) == {1}


def test_too_many_are_turned_away_and_the_others_served():
    """One is served and two wait; the fourth is told so at once, and there is room again afterwards."""
    turnstile, gate, served = Turnstile(2), threading.Event(), []

    def ask() -> None:
        with turnstile.turn():
            gate.wait(SOON)
            served.append(1)

    threads = run(ask, ask, ask)
    until(lambda: len(turnstile._queue) == 3)
    with pytest.raises(AigcError) as caught:
        with turnstile.turn():
            raise AssertionError("served out of turn")
    assert (caught.value.key, caught.value.values) == ("busy", {"waiting": 2})
    gate.set()
    joined(threads)
    assert len(served) == 3
    with turnstile.turn():
        pass


def test_an_exception_gives_the_turn_back():
    turnstile = Turnstile(0)
    with pytest.raises(KeyError):
        with turnstile.turn():
            raise KeyError
    with turnstile.turn():
        pass


# Models


@pytest.fixture
def loads(monkeypatch):
    """Counts the loads; ``loads.delay`` makes them slow, ``loads.fault`` makes them fail."""

    class Loads(list):
        delay, fault = 0.0, None

    loads, own = Loads(), local.load

    def load(name: str):
        loads.append(name)
        time.sleep(loads.delay)
        if loads.fault:
            raise loads.fault
        return own(name)

    monkeypatch.setattr(local, "load", load)
    return loads


def test_a_record_is_the_functions_own(folder_of, model_of):
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    trace = backend.ask("attention.trace", name, text=TEXT)
    assert (trace.attention == attention.trace(model_of("gpt2"), TEXT).attention).all()
    settings = SamplingSettings(seed=3, max_new_tokens=8)
    steps = backend.stream("decoding.sample", name, prompt=TEXT, settings=settings)
    assert [step.token_id for step in steps] == [step.token_id for step in decoding.sample(model_of("gpt2"), TEXT, settings)]
    assert backend.kind(name) == "causal"


def test_a_model_is_loaded_once_for_all(folder_of, loads):
    backend, name, found = LocalBackend(), str(folder_of("gpt2")), []
    loads.delay = 0.1
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait(SOON)
        found.append(backend._model(name))

    joined(run(*[ask] * 8))
    assert len(found) == 8 and len({id(model) for model in found}) == 1 and len(loads) == 1


def test_a_failed_load_is_told_to_all_and_not_remembered(folder_of, loads):
    backend, name, told = LocalBackend(), str(folder_of("gpt2")), []
    loads.delay, loads.fault = 0.1, AigcError("no_network", name="x")

    def ask() -> None:
        try:
            backend.kind(name)
        except AigcError as error:
            told.append(error.key)

    joined(run(*[ask] * 4))
    assert told == ["no_network"] * 4
    assert not backend.ready(name)
    loads.fault = None
    assert backend.kind(name) == "causal" and backend.ready(name)


def test_the_model_least_recently_used_is_dropped(folder_of, loads, monkeypatch):
    import dataclasses

    monkeypatch.setattr(limits, "current", lambda: dataclasses.replace(limits.Limits(), models=2))
    backend = LocalBackend()
    first, second, third = (str(folder_of(name)) for name in ("gpt2", "llama", "bert"))
    backend.kind(first), backend.kind(second), backend.kind(first), backend.kind(third)
    assert [backend.ready(name) for name in (first, second, third)] == [True, False, True]
    backend.kind(second)
    assert loads == [first, second, third, second]


def test_a_dropped_model_leaves_memory(folder_of, monkeypatch):
    import dataclasses

    monkeypatch.setattr(limits, "current", lambda: dataclasses.replace(limits.Limits(), models=1))
    backend = LocalBackend()
    backend.ask("attention.trace", str(folder_of("gpt2")), text=TEXT)
    old = weakref.ref(backend._model(str(folder_of("gpt2"))).module)
    backend.kind(str(folder_of("llama")))
    gc.collect()
    assert old() is None


def test_warming_returns_at_once_and_loads(folder_of, loads):
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    loads.delay = 0.3
    assert not backend.ready(name)
    began = time.monotonic()
    backend.warm(name), backend.warm(name)
    assert time.monotonic() - began < 0.2 and not backend.ready(name)
    until(lambda: backend.ready(name))
    backend.warm(name)
    backend.kind(name)
    assert loads == [name]


def test_warming_keeps_a_fault_for_the_one_who_asks(tmp_path):
    backend, name = LocalBackend(), str(tmp_path / "nowhere")
    backend.warm(name)
    until(lambda: not any(thread.name == f"load {name}" for thread in threading.enumerate()))
    assert not backend.ready(name)
    with pytest.raises(AigcError) as caught:
        backend.ask("attention.trace", name, text=TEXT)
    assert caught.value.key == "folder_missing"


def test_only_public_functions_are_operations():
    assert local.resolve("attention.trace") is attention.trace
    assert local.resolve("decoding.sample") is decoding.sample
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        local.resolve("attention.nonsense")


# Requests


def test_an_error_of_the_request_frees_the_model(folder_of):
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    for text in ("", "a" * 5000, "dog " * 200):
        with pytest.raises(AigcError):
            backend.ask("attention.trace", name, text=text)
        with pytest.raises(AigcError):  # when the stream is asked for, not at its first step
            backend.stream("decoding.sample", name, prompt=text)
    assert backend.ask("attention.trace", name, text=TEXT).n_layers == 2


def test_many_sessions_get_their_own_answers(folder_of, model_of):
    backend, name, faults = LocalBackend(), str(folder_of("gpt2")), []
    alone = {text: attention.trace(model_of("gpt2"), text).attention for text in STORIES}

    def session(text: str) -> None:
        for _ in range(6):
            found = backend.ask("attention.trace", name, text=text).attention
            if np.abs(found - alone[text]).max() > 1e-6:
                faults.append(text)

    joined(run(*[lambda text=text: session(text) for text in STORIES * 2]))
    assert faults == []


def test_two_streams_share_the_model_step_by_step(folder_of):
    """Neither waits for the other's end, and each writes what it would write alone."""
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    settings = [SamplingSettings(seed=seed, max_new_tokens=10, top_k=50) for seed in (1, 2)]
    alone = [[step.token_id for step in backend.stream("decoding.sample", name, prompt=TEXT, settings=each)] for each in settings]
    streams = [backend.stream("decoding.sample", name, prompt=TEXT, settings=each) for each in settings]
    found = [[], []]
    for _ in range(10):
        for stream, ids in zip(streams, found):
            if (step := next(stream, None)) is not None:
                ids.append(step.token_id)
    assert found == alone


def test_a_stream_between_its_steps_holds_nobody_up(folder_of):
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    steps = backend.stream("decoding.sample", name, prompt=TEXT, settings=SamplingSettings(max_new_tokens=10))
    next(steps)
    assert backend.ask("attention.trace", name, text=TEXT).n_layers == 2
    steps.close()


def test_closing_a_stream_ends_its_work(folder_of):
    backend, name = LocalBackend(), str(folder_of("gpt2"))
    calls = []
    hook = backend._model(name).module.register_forward_pre_hook(lambda module, inputs: calls.append(1))
    steps = backend.stream("decoding.sample", name, prompt=TEXT, settings=SamplingSettings(max_new_tokens=40))
    next(steps)
    steps.close()
    assert next(steps, None) is None and calls == [1]
    dropped = backend.stream("decoding.sample", name, prompt=TEXT, settings=SamplingSettings(max_new_tokens=40))
    next(dropped)
    del dropped  # what a closed tab does
    gc.collect()
    assert len(calls) == 2 and backend._turnstile._queue == type(backend._turnstile._queue)()
    hook.remove()


def test_a_step_that_fails_frees_the_model(folder_of, monkeypatch):
    backend, name = LocalBackend(), str(folder_of("gpt2"))

    def steps(model, **_):
        yield "one"
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(local, "resolve", lambda operation: steps)
    stream = backend.stream("any", name)
    assert next(stream) == "one"
    with pytest.raises(RuntimeError):
        next(stream)
    monkeypatch.undo()
    assert backend.ask("attention.trace", name, text=TEXT).n_layers == 2


def test_a_full_queue_is_told(folder_of, monkeypatch):
    import dataclasses

    monkeypatch.setattr(limits, "current", lambda: dataclasses.replace(limits.Limits(), waiting=1))
    backend, name, gate = LocalBackend(), str(folder_of("gpt2")), threading.Event()
    backend.kind(name)
    monkeypatch.setattr(local, "resolve", lambda operation: lambda model: gate.wait(SOON))
    threads = run(*[lambda: backend.ask("any", name)] * 2)
    until(lambda: len(backend._turnstile._queue) == 2)
    with pytest.raises(AigcError) as caught:
        backend.ask("any", name)
    assert caught.value.key == "busy"
    gate.set()
    joined(threads)
