"""Where models run. A page asks a backend and cannot tell which one answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Backend(Protocol):
    """An operation is the name of a public function, such as "attention.trace" or "decoding.sample"."""

    def ask(self, operation: str, model_name: str, **arguments: object) -> object:
        """The operation's record; raises AigcError as the function does, and busy."""

    def stream(self, operation: str, model_name: str, **arguments: object) -> Iterator:
        """The operation's steps as they happen; closing the iterator cancels it within one step."""

    def kind(self, model_name: str) -> str:
        """What the model is for; loads it where needed."""

    def ready(self, model_name: str) -> bool:
        """True once the model answers without loading."""

    def warm(self, model_name: str) -> None:
        """Begins loading in the background and returns at once."""
