"""How the vectors of positions are alike by their distance, and what turn leads from one to a later one."""

from __future__ import annotations

import numpy as np


def directions(table: np.ndarray) -> np.ndarray:
    """Each vector [position, d] at length 1, in float64; NaN where it is zero."""
    vectors = table.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        vectors /= np.abs(vectors).max(axis=1, keepdims=True)  # first to a common size: squares of large numbers overflow
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def similarity(table: np.ndarray) -> np.ndarray:
    """The cosine of P(pos) and P(pos + k) over all pos, zero vectors left out: mean, least and greatest, float32 [3, distance k]."""
    unit = directions(table)
    n = len(unit)
    wide = np.full((n, 2 * n), np.nan)
    wide[:, :n] = unit @ unit.T
    # row pos begins at column pos: cosine [pos, k] of pos and pos + k, NaN past the end
    slanted = np.lib.stride_tricks.as_strided(wide, (n, n), ((2 * n + 1) * wide.itemsize, wide.itemsize))
    there = ~np.isnan(slanted)
    count = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, slanted, 0).sum(axis=0) / count
    least, greatest = np.where(there, slanted, np.inf).min(axis=0), np.where(there, slanted, -np.inf).max(axis=0)
    return np.where(count > 0, [mean, least, greatest], np.nan).clip(-1, 1).astype(np.float32)


def mean_similarity(table: np.ndarray) -> np.ndarray:
    """The mean of ``similarity`` alone, by a Fourier transform: for long tables. float32 [distance]."""
    unit, n = directions(table), len(table)
    there = ~np.isnan(unit[:, 0])
    waves = np.fft.rfft(np.where(there[:, None], unit, 0), 2 * n, axis=0)
    present = np.fft.rfft(there.astype(float), 2 * n)
    total, count = (np.fft.irfft(found, 2 * n)[:n] for found in ((np.abs(waves) ** 2).sum(axis=1), np.abs(present) ** 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0.5, total / count, np.nan).clip(-1, 1).astype(np.float32)


def best_turn(table: np.ndarray, pairs: np.ndarray, k: int) -> np.ndarray:
    """P(pos) with each pair of dimensions [pair, 2] turned, by one angle for all positions, as near to P(pos + k) as a turn can come.

    float32 [position, d] for every pos that has a pos + k; in the least squares of all of them.
    """
    n = len(table) - k
    hands = table[:, pairs[:, 0]].astype(np.complex128) + 1j * table[:, pairs[:, 1]]  # [position, pair]
    turn = (hands[k:] * hands[:n].conj()).sum(axis=0)
    size = np.abs(turn)
    turned = hands[:n] * np.where(size > 0, turn / np.where(size > 0, size, 1), 1)
    found = table[:n].copy()
    found[:, pairs[:, 0]], found[:, pairs[:, 1]] = turned.real, turned.imag
    return found


def nearest(table: np.ndarray, position: int, within: int) -> tuple[int, float]:
    """Of the positions before ``within``, the one whose vector is most like that of ``position``, and the cosine; NaN of a zero vector."""
    unit = directions(table[[*range(within), position]])
    cosines = np.where(np.isnan(unit[:within, 0]), -np.inf, unit[:within] @ unit[within])
    best = int(np.argmax(cosines))
    return best, float(cosines[best])
