"""Ours and a peer's, measured in turn, so that what the machine does meanwhile meets both alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """Seconds of ours and of the peer, pair by pair, and the ratio of their medians that is aimed at, where one is.

    ``again``: the peer measured a second time in each pair, to show how far two equal things differ here.
    """

    ours: tuple[float, ...]
    peer: tuple[float, ...]
    target: float | None = None
    notes: tuple[str, ...] = field(default=())
    again: tuple[float, ...] = ()

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.peer)

    @property
    def met(self) -> bool:
        return self.target is None or self.ratio <= self.target

    def _noise(self) -> str:
        if not self.again:
            return ""
        return f"; the peer again ÷ the peer {statistics.median(self.again) / statistics.median(self.peer):.3f}"

    def markdown(self) -> str:
        rows = [
            f"| {name} | {statistics.median(seconds):.3f} s | {min(seconds):.3f} s | {max(seconds):.3f} s |"
            for name, seconds in (("Glassbox", self.ours), ("peer", self.peer), ("peer again", self.again))
            if seconds
        ]
        aim = "" if self.target is None else f"target: at most {self.target:g}, {'met' if self.met else 'missed'}; "
        each = ", ".join(f"{ours / peer:.2f}" for ours, peer in zip(self.ours, self.peer, strict=True))
        return "\n".join(
            [
                f"**Ratio of the medians {self.ratio:.3f}** ({aim}{len(self.ours)} pairs{self._noise()})",
                "",
                "| | median | least | most |",
                "|---|---|---|---|",
                *rows,
                "",
                f"Ratios of the pairs: {each}.",
                *self.notes,
            ]
        )


def alternate(ours: Callable[[], float], peer: Callable[[], float], pairs: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Seconds of both, the one that begins changing from pair to pair."""
    return in_turn((ours, peer), pairs)


def in_turn(runs: Sequence[Callable[[], float]], rounds: int) -> tuple[tuple[float, ...], ...]:
    """Seconds of each, round by round; each begins as often as the others."""
    seconds: list[list[float]] = [[] for _ in runs]
    for index in range(rounds):
        for turn in range(len(runs)):
            place = (index + turn) % len(runs)
            seconds[place].append(runs[place]())
    return tuple(map(tuple, seconds))
