"""Ours and a peer's, measured in turn, so that what the machine does meanwhile meets both alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """Seconds of ours and of the peer, pair by pair, and the ratio of their medians that is aimed at, where one is."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]
    target: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.peer)

    @property
    def met(self) -> bool:
        return self.target is None or self.ratio <= self.target

    def markdown(self) -> str:
        rows = [
            f"| {name} | {statistics.median(seconds):.3f} s | {min(seconds):.3f} s | {max(seconds):.3f} s |"
            for name, seconds in (("Glassbox", self.ours), ("peer", self.peer))
        ]
        aim = "" if self.target is None else f"target: at most {self.target:g}, {'met' if self.met else 'missed'}; "
        each = ", ".join(f"{ours / peer:.2f}" for ours, peer in zip(self.ours, self.peer, strict=True))
        return "\n".join(
            [
                f"**Ratio of the medians {self.ratio:.2f}** ({aim}{len(self.ours)} pairs)",
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
    seconds: dict[Callable, list[float]] = {ours: [], peer: []}
    for index in range(pairs):
        for run in (ours, peer) if index % 2 == 0 else (peer, ours):
            seconds[run].append(run())
    return tuple(seconds[ours]), tuple(seconds[peer])
