"""A stream of steps that a session watches: it goes on where it was after any rerun, until it is done, stopped or asked anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import streamlit as st

from aigc_core.ui import cache

PACE = 0.06  # seconds a step stays the newest, so that an eye can follow a small model


@dataclass
class Running:
    """The steps of one request so far, folded to what the page keeps."""

    request: tuple
    steps: Iterator
    fold: Callable
    items: list = field(default_factory=list)
    done: bool = False
    stopped: bool = False
    # Streamlit starts a session's next run while the last one may still be inside a step
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def advance(self) -> Iterator:
        """The items still to come, kept as they come.

        Streamlit interrupts a script where it draws: that is after this yields and before the next step is begun, with no pause between.
        """
        shown = time.monotonic() - PACE
        while True:
            with self._turn:
                step = None if self.done else next(self.steps, None)
                if step is None:
                    self.done = True
                    return
                self.items.append(item := self.fold(step))
            time.sleep(max(0.0, shown + PACE - time.monotonic()))
            shown = time.monotonic()
            yield item

    def stop(self) -> None:
        with self._turn:
            self.steps.close()
            self.stopped = not self.done
            self.done = True

    def abandon(self) -> None:
        """Ends work that nobody watches any more, without waiting for the step it is in; who comes back to it sees it begin anew."""
        if not self.done:
            self.request = ()
            threading.Thread(target=self.stop, name="abandon").start()


def abandon_all(streams: dict[str, Running]) -> None:
    for running in streams.values():
        running.abandon()


@st.cache_resource(scope="session", on_release=abandon_all, show_spinner=False)
def streams() -> dict[str, Running]:
    """The session's streams by name, released when the tab is closed; the session state alone would keep them for two minutes more."""
    return {}


def current(name: str, operation: str, model: str, fold: Callable = lambda step: step, **arguments: object) -> Running:
    """The session's stream of that name, begun anew where the request changed; what was chosen in the old one is forgotten."""
    request, running = (operation, model, arguments), st.session_state.get(name)
    if running is None or running.request != request:
        forget(name)
        if running is not None:
            st.session_state["token"] = st.session_state["step"] = None
        running = streams()[name] = Running(request, cache.backend().stream(operation, model, **arguments), fold)
        st.session_state[name] = running  # in this order: where the tab was closed just before, the script ends here and nothing was begun
    return running


def forget(name: str) -> None:
    """Ends and drops the session's stream of that name."""
    if (running := st.session_state.pop(name, None)) is not None:
        running.stop()
