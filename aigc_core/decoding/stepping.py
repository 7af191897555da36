"""Turns a function that runs to its end into an iterator of its steps, without changing the function."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Cancelled(BaseException):
    """Raised inside the work where it was closed; a BaseException, so that nothing between takes it for a fault."""


def steps(work: Callable[[Callable[[Item], None]], None]) -> Iterator[Item]:
    """Yields what ``work(emit)`` emits. The work runs in a thread of its own that moves only while the caller waits for the next item.

    Closing the iterator ends the work at its next ``emit``, and the thread with it; an exception of the work is raised here.
    """
    told: queue.SimpleQueue = queue.SimpleQueue()  # ("item" | "end" | "failed", value)
    go, closed = threading.Semaphore(0), threading.Event()

    def wait() -> None:
        go.acquire()
        if closed.is_set():
            raise Cancelled

    def emit(item: Item) -> None:
        told.put(("item", item))
        wait()

    def run() -> None:
        try:
            wait()
            work(emit)
            told.put(("end", None))
        except Cancelled:
            pass
        except BaseException as error:
            told.put(("failed", error))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name="decoding")
    thread.start()
    try:
        while True:
            go.release()
            kind, value = told.get()
            if kind == "failed":
                raise value
            if kind == "end":
                return
            yield value
    finally:
        closed.set()
        go.release()
        thread.join()
