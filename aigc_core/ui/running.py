"""A stream of steps that a session watches: it goes on where it was after any rerun, until it is done, stopped or asked anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import streamlit as st

from aigc_core.ui import cache


@dataclass
class Running:
    """The steps of one request so far, folded to what the page keeps. Dropping it, as a closed tab does, closes the iterator and ends the work."""

    request: tuple
    steps: Iterator
    fold: Callable
    items: list = field(default_factory=list)
    done: bool = False
    stopped: bool = False

    def advance(self) -> Iterator:
        """The items still to come, kept as they come."""
        while not self.done and (step := next(self.steps, None)) is not None:
            self.items.append(self.fold(step))
            yield self.items[-1]
        self.done = True

    def stop(self) -> None:
        self.steps.close()
        self.stopped = not self.done
        self.done = True


def current(name: str, operation: str, model: str, fold: Callable = lambda step: step, **arguments: object) -> Running:
    """The session's stream of that name, begun anew where the request changed; a token or node chosen in the old one is forgotten."""
    request, running = (operation, model, arguments), st.session_state.get(name)
    if running is None or running.request != request:
        if running is not None:
            st.session_state.pop(name).stop()
            st.session_state["token"] = None
        running = st.session_state[name] = Running(request, cache.backend().stream(operation, model, **arguments), fold)
    return running
