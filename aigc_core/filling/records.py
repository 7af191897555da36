"""What the ways to fill a blank find: frozen, plain numbers, log-probabilities in nats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Filling:
    """What might stand in one blank, or in several: its text for each, and how probable the model finds it."""

    texts: tuple[str, ...]
    token_ids: tuple[int, ...]
    log_prob: float
    order: tuple[int, ...] = ()  # the masked places in the order in which they were filled, counted from 0


@dataclass(frozen=True)
class Bidirectional:
    """A masked model's fillings, best first."""

    pieces: int  # masks in each blank
    independent: tuple[tuple[Filling, ...], ...]  # of each blank, the others left masked
    capitals: bool  # whether it tells them from small letters
    joint: tuple[Filling, ...]  # of all blanks together; of a single one the same as ``independent``


@dataclass(frozen=True)
class LeftOnly:
    """What a causal model writes at one blank: it was given ``left`` and nothing else."""

    left: str  # earlier blanks filled with the model's own best
    words: tuple[Filling, ...]  # log_prob is of the word with its end: Σ over its pieces + that something new begins
    continuation: str  # greedy, as it goes on freely


@dataclass(frozen=True)
class LeftToRight:
    blanks: tuple[LeftOnly, ...]


@dataclass(frozen=True)
class Sentence:
    """A causal model's log-probability of a filled text, part by part: text, filling, text, …, filling, text."""

    texts: tuple[str, ...]  # the fillings
    scores: tuple[float, ...]  # 2 · blanks + 1 of them; their sum is the log-probability of the whole
    ends: tuple[float, ...]  # after each filling: log-probability that something new begins there
    token_ids: tuple[tuple[int, ...], ...]  # of each filling, as it is read in the whole text

    @property
    def log_prob(self) -> float:
        return sum(self.scores)

    @property
    def left(self) -> float:
        """Of what stands before the first blank: the same for all candidates."""
        return self.scores[0]

    @property
    def filling(self) -> float:
        return sum(self.scores[1::2])

    @property
    def follows(self) -> float:
        return sum(self.scores[2::2])

    @property
    def words(self) -> float:
        """Of the fillings as whole words, each given what stands left of it: comparable with ``LeftOnly.words``."""
        return self.filling + sum(self.ends)


@dataclass(frozen=True)
class Sentences:
    ranked: tuple[Sentence, ...]  # by log_prob, best first


@dataclass(frozen=True)
class Judged:
    """What a masked model gives to a filling that was proposed to it."""

    texts: tuple[str, ...]
    pieces: tuple[int, ...]  # how many masks each blank had for it; empty where the model cannot read it at its place
    log_prob: float | None


@dataclass(frozen=True)
class Judgement:
    judged: tuple[Judged, ...]  # in the order asked
