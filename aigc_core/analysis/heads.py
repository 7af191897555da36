"""What one head does over one text, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DOMINANT = 0.4  # mean share from which a head is named after one target; below it, it is called broad


@dataclass(frozen=True)
class HeadReading:
    """The target that a head's attention goes to most: previous, first, own, next, or broad and short, which name none."""

    key: str
    share: float  # mean attention on that target
    effective: float  # e to the mean entropy in nats: over how many tokens evenly


def entropy(pattern: np.ndarray) -> np.ndarray:
    """Shannon entropy of each row in nats: [..., query, key] → [..., query]; 0·log 0 counts as 0."""
    safe = np.where(pattern > 0, pattern, 1)
    return -(pattern * np.log(safe)).sum(axis=-1)


def read(pattern: np.ndarray) -> HeadReading:
    """Reads one head's pattern [query, key].

    Shares are means over the queries from the third on: before it, previous, first and own fall together.
    """
    n = len(pattern)
    effective = float(np.exp(entropy(pattern).mean()))
    if n < 3:
        return HeadReading("short", 0.0, effective)
    rows = np.arange(2, n)
    shares = {
        "previous": pattern[rows, rows - 1].mean(),
        "first": pattern[rows, 0].mean(),
        "own": pattern[rows, rows].mean(),
        "next": pattern[np.arange(n - 1), np.arange(1, n)].mean(),
    }
    key = max(shares, key=shares.get)
    share = float(shares[key])
    return HeadReading(key if share >= DOMINANT else "broad", share, effective)
