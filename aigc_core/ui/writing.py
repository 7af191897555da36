"""A generation that a session watches: it goes on where it was after any rerun, until it is done, stopped or asked anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st

from aigc_core.analysis.rivals import Choice, choice
from aigc_core.decoding.settings import SamplingSettings
from aigc_core.ui import cache


@dataclass
class Writing:
    """The steps of one request so far. Dropping it, as a closed tab does, closes the iterator and so ends the work."""

    request: tuple
    steps: Iterator
    choices: list[Choice] = field(default_factory=list)
    done: bool = False
    stopped: bool = False

    @property
    def outcome(self) -> str:
        """How it came to an end: written (as long as asked), ended (by the end token) or stopped (by a person)."""
        return "stopped" if self.stopped else "ended" if self.choices and self.choices[-1].is_end else "written"

    @property
    def length(self) -> int:
        """The tokens written, an end token not counted."""
        return sum(not each.is_end for each in self.choices)

    def advance(self) -> Iterator[Choice]:
        """The choices still to come, kept as they come."""
        while not self.done and (step := next(self.steps, None)) is not None:
            self.choices.append(choice(step))
            yield self.choices[-1]
        self.done = True

    def stop(self) -> None:
        self.steps.close()
        self.stopped = not self.done
        self.done = True


def current(model: str, prompt: str, settings: SamplingSettings) -> Writing:
    """The session's writing, begun anew where the request changed."""
    request, writing = (model, prompt, settings), st.session_state.get("writing")
    if writing is None or writing.request != request:
        if writing is not None:
            forget()
            st.session_state["token"] = None
        steps = cache.backend().stream("decoding.sample", model, prompt=prompt, settings=settings)
        writing = st.session_state["writing"] = Writing(request, steps)
    return writing


def forget() -> None:
    """Ends and drops the session's writing."""
    if (writing := st.session_state.pop("writing", None)) is not None:
        writing.stop()
