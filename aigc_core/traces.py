"""Records of what a model did: frozen, NumPy only, no batch axis, arrays read-only.

Axes are named from one vocabulary: layer, head, query, key, position, vocab, step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Token:
    """One token: its id, readable text ("·" is not put in here), raw piece of the vocabulary, and whether it is a special one."""

    id: int
    text: str
    piece: str
    special: bool


def read_only(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The array, locked, after a check of its shape (−1 leaves an axis open) and of its type."""
    fits = array.ndim == len(shape) and all(expected in (-1, found) for expected, found in zip(shape, array.shape))
    if not fits or array.dtype != np.float32:
        raise ValueError(f"{name}: expected float32 {shape}, found {array.dtype} {array.shape}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """The attention of every head over one text."""

    model: str
    tokens: tuple[Token, ...]
    attention: np.ndarray  # float32 [layer, head, query, key]; rows sum to 1

    def __post_init__(self) -> None:
        n = len(self.tokens)
        read_only(self.attention, (-1, -1, n, n), "attention")

    @property
    def n_layers(self) -> int:
        return self.attention.shape[0]

    @property
    def n_heads(self) -> int:
        return self.attention.shape[1]


@dataclass(frozen=True, eq=False)
class SamplingStep:
    """One token drawn: what the model gave, what each setting made of it, and what was taken."""

    index: int  # 0 for the first new token
    token: Token
    candidates: tuple[Token, ...]  # the ten best by the model's own probability, then the token taken where it is none of them
    logits: np.ndarray  # float32 [vocab]; the model's own
    stages: Mapping[str, np.ndarray]  # logits after each processor that is on, in order; filtered entries are −inf
    probabilities: np.ndarray  # float32 [vocab]; softmax of the last stage: what the token was drawn from
    is_end: bool  # an end token: nothing follows

    def __post_init__(self) -> None:
        read_only(self.logits, (-1,), "logits")
        for name, stage in [*self.stages.items(), ("probabilities", self.probabilities)]:
            read_only(stage, self.logits.shape, name)

    @property
    def token_id(self) -> int:
        return self.token.id

    @property
    def probability(self) -> float:
        """Of the token taken, after every setting."""
        return float(self.probabilities[self.token.id])


@dataclass(frozen=True)
class Candidate:
    """A token that might stand at a place, with its probability."""

    token: Token
    probability: float


@dataclass(frozen=True)
class Gap:
    """One masked position and what the model would put there, best first."""

    position: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Span:
    """A stretch of a text, in characters: from start to before end."""

    start: int
    end: int


@dataclass(frozen=True)
class MaskedText:
    """A text as a masked model read it; the tuples run along its positions."""

    text: str
    tokens: tuple[Token, ...]
    spans: tuple[Span, ...]  # of each token in the text
    words: tuple[int, ...]  # index of the word it belongs to, −1 for added tokens
    unknown: tuple[bool, ...]  # became [UNK]: the model sees nothing of it
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class BeamCandidate:
    """One ranked continuation of a running beam: a node of the search tree."""

    id: int  # unique in a search
    parent: int | None  # the node it continues; None at the first step
    token: Token
    log_prob: float  # of this token, after the logits processors, in nats
    cumulative_log_prob: float  # the parent's plus its own, added in float32
    score: float  # cumulative_log_prob ÷ generated length ** length_penalty
    rank: int  # 0 is the best of its step
    fate: Literal["kept", "finished", "pruned"]

    @property
    def token_id(self) -> int:
        return self.token.id


@dataclass(frozen=True)
class Hypothesis:
    """An ended continuation: its last node, generated ids (end token included, no padding), text and generate()'s own score."""

    node: int
    token_ids: tuple[int, ...]
    text: str
    score: float


@dataclass(frozen=True)
class BeamStep:
    """All candidates of one step, best first, and the best ended hypotheses so far, as many as generate() returns."""

    index: int
    candidates: tuple[BeamCandidate, ...]
    best: tuple[Hypothesis, ...]


def save(path: Path, trace: AttentionTrace) -> None:
    """Writes a trace to one .npz file, weights in float16."""
    tokens = json.dumps([asdict(token) for token in trace.tokens])
    np.savez_compressed(path, attention=trace.attention.astype(np.float16), about=np.array([trace.model, tokens]))


def load(path: Path) -> AttentionTrace:
    """Reads what ``save`` wrote; no pickle."""
    with np.load(path, allow_pickle=False) as file:
        model, tokens = file["about"].tolist()
        attention = file["attention"].astype(np.float32)
    return AttentionTrace(model, tuple(Token(**token) for token in json.loads(tokens)), attention)
