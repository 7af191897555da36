"""Records of what a model did, and of what was changed in it: frozen, NumPy only, no batch axis, arrays read-only.

Axes are named from one vocabulary: layer, head, query, key, position, vocab, step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np


@dataclass(frozen=True)
class Token:
    """One token: its id, readable text ("·" is not put in here), raw piece of the vocabulary, and whether it is a special one."""

    id: int
    text: str
    piece: str
    special: bool


@dataclass(frozen=True)
class Span:
    """A stretch of a text, in characters: from start to before end."""

    start: int
    end: int


def read_only(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The array, locked, after a check of its shape (−1 leaves an axis open) and of its type."""
    fits = array.ndim == len(shape) and all(expected in (-1, found) for expected, found in zip(shape, array.shape))
    if not fits or array.dtype != np.float32:
        raise ValueError(f"{name}: expected float32 {shape}, found {array.dtype} {array.shape}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Intervention:
    """What is changed in the attention of one request: no √d scaling, no mask, heads switched off, scores set by hand."""

    scale: bool = True
    mask: bool = True
    ablate: frozenset[tuple[int, int]] = frozenset()  # (layer, head): its output becomes zero
    edit: tuple[tuple[tuple[int, int, int, int], float], ...] = ()  # ((layer, head, query, key), score): set after scaling, before the mask

    def __bool__(self) -> bool:
        """True where it changes anything."""
        return self != Intervention()


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """The attention of every head over one text."""

    model: str
    tokens: tuple[Token, ...]
    attention: np.ndarray  # float32 [layer, head, query, key]; rows sum to 1
    spans: tuple[Span, ...] = ()  # of each token in the text (and in the second one of a pair), in characters; empty where unknown
    words: tuple[int, ...] = ()  # index of the word each token belongs to, −1 for added ones; empty where unknown
    segments: tuple[int, ...] = ()  # 0 for the first text, 1 for the second of a pair, −1 for added tokens; empty where there is one text
    opened: bool = True  # False for families whose arithmetic cannot be seen or changed, only their patterns

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
class Projection:
    """The part of a linear layer that makes one head's query, key or value: x @ weight + bias."""

    weight: np.ndarray  # float32 [d_model, d_head]
    bias: np.ndarray  # float32 [d_head]; zeros where the layer has none

    def __post_init__(self) -> None:
        read_only(self.weight, (-1, -1), "weight")
        read_only(self.bias, self.weight.shape[1:], "bias")


@dataclass(frozen=True, eq=False)
class HeadTrace:
    """One head's whole arithmetic over one text, in the order of the formula (Vaswani et al. 2017, eq. 1).

    x → query, key, value → scores → scaled → capped → + bias → mask → attention → output → projected. ``position`` runs over the tokens.
    What leads from ``query_linear`` to ``query`` is told by ``between``: nothing, a norm, a rotation by position, or both.
    """

    model: str
    tokens: tuple[Token, ...]
    layer: int
    head: int
    x: np.ndarray | None  # float32 [position, d_model], what the projections read; None where they could not be told apart
    projections: Mapping[str, Projection]  # "query", "key", "value"; empty where x is None
    query_linear: np.ndarray | None  # float32 [position, d_head]: x @ weight + bias, before norm and rotation
    key_linear: np.ndarray | None
    between: tuple[Literal["norm", "rotary"], ...]  # what is done to query and key after the linear layer
    shared_by: int  # heads that share this key and value (grouped queries); 1 where each has its own
    query: np.ndarray  # float32 [position, d_head]; after projection, norm and rotation
    key: np.ndarray
    value: np.ndarray
    scores: np.ndarray  # float32 [query, key]: query @ key.T before any scaling
    scaling: float  # the family's own factor, or 1 by intervention
    scaled: np.ndarray  # float32 [query, key]: scores · scaling, with the edits of the intervention
    softcap: float | None
    capped: np.ndarray | None  # float32 [query, key]: softcap · tanh(scaled / softcap)
    bias: np.ndarray | None  # float32 [query, key], added to the scores (T5)
    mask: np.ndarray  # bool [query, key]: True where the query may look
    attention: np.ndarray  # float32 [query, key]; rows sum to 1
    output: np.ndarray  # float32 [position, d_head]: attention @ value; zeros where the head is ablated
    output_weight: np.ndarray  # float32 [d_head, d_model]: this head's slice of W_O
    output_bias: np.ndarray  # float32 [d_model]; zeros where W_O has none
    projected: np.ndarray  # float32 [position, d_model]: output @ output_weight
    others: np.ndarray  # float32 [position, d_model]: the same of all other heads together
    block_output: np.ndarray  # float32 [position, d_model]: what W_O itself gives

    def __post_init__(self) -> None:
        n, d_head, d_model = len(self.tokens), self.query.shape[-1], self.output_weight.shape[-1]
        shapes = {
            "x": (n, -1), "query_linear": (n, d_head), "key_linear": (n, d_head), "query": (n, d_head), "key": (n, d_head),
            "value": (n, -1), "scores": (n, n), "scaled": (n, n), "capped": (n, n), "bias": (n, n), "attention": (n, n),
            "output": (n, -1), "output_bias": (d_model,), "projected": (n, d_model), "others": (n, d_model), "block_output": (n, d_model),
        }  # fmt: skip
        for name, shape in shapes.items():
            if getattr(self, name) is not None:
                read_only(getattr(self, name), shape, name)
        self.mask.setflags(write=False)


@dataclass(frozen=True)
class Change:
    """What a token's probability was, and what it is after an intervention."""

    token: Token
    before: float
    after: float


@dataclass(frozen=True)
class WhatIf:
    """What the model predicts at one position, before and after an intervention: the best tokens of both."""

    position: int
    changes: tuple[Change, ...]  # by probability before, best first


@dataclass(frozen=True, eq=False)
class Stages:
    """What a model gave for one place of a text, and what each setting made of it."""

    logits: np.ndarray  # float32 [vocab]; the model's own
    stages: Mapping[str, np.ndarray]  # logits after each processor that is on, in order; filtered entries are −inf
    probabilities: np.ndarray  # float32 [vocab]; softmax of the last stage: what a token is drawn from

    def __post_init__(self) -> None:
        read_only(self.logits, (-1,), "logits")
        for name, stage in [*self.stages.items(), ("probabilities", self.probabilities)]:
            read_only(stage, self.logits.shape, name)

    @cached_property
    def order(self) -> np.ndarray:
        """Ids, the most probable first; of equals the lower id. int [vocab]."""
        last = list(self.stages.values())[-1] if self.stages else self.logits
        return np.argsort(-last, kind="stable")

    @property
    def running_sum(self) -> np.ndarray:
        """The probabilities added up in that order: float64 [vocab], brought to end at exactly 1, which float32 misses by rounding."""
        total = self.probabilities[self.order].astype(np.float64).cumsum()
        return total / total[-1]


@dataclass(frozen=True, eq=False)
class SamplingStep(Stages):
    """One token drawn: what the model gave, what each setting made of it, and what was taken."""

    index: int  # 0 for the first new token
    token: Token
    candidates: tuple[Token, ...]  # the ten best by the model's own probability, then the token taken where it is none of them
    draw: float  # in [0, 1): the token taken is the one whose stretch of the running sum, the most probable first, holds it
    is_end: bool  # an end token: nothing follows

    @property
    def token_id(self) -> int:
        return self.token.id

    @property
    def probability(self) -> float:
        """Of the token taken, after every setting."""
        return float(self.probabilities[self.token.id])


@dataclass(frozen=True, eq=False)
class Written:
    """A prompt and the tokens written after it, as the model reads them in one pass. Row s of ``logits`` is of the place of token s, the
    last row of the place after them all."""

    prompt: tuple[Token, ...]
    tokens: tuple[Token, ...]
    logits: np.ndarray  # float32 [step, vocab], one more than tokens
    best: tuple[tuple[Token, ...], ...]  # [step][rank]: the model's own best ones for each place
    room: int | None  # tokens that the context still holds; None where it has no end
    ended: bool  # the last token is an end token: nothing follows
    attention: AttentionTrace | None  # over prompt and tokens; None for a family that does not hand it out

    def __post_init__(self) -> None:
        read_only(self.logits, (len(self.tokens) + 1, -1), "logits")

    def context(self, step: int) -> tuple[int, ...]:
        """The ids that the model had read when it gave row ``step``."""
        return tuple(token.id for token in (*self.prompt, *self.tokens[:step]))


@dataclass(frozen=True, eq=False)
class LayerReading:
    """What a model would say of one place after each layer, and of one token there; layer 0 is the embedding, before any block."""

    best: tuple[Token, ...]  # [layer]
    best_probabilities: np.ndarray  # float32 [layer]
    probabilities: np.ndarray  # float32 [layer], of the token asked for
    ranks: tuple[int, ...]  # [layer], of that token; 1 is the best

    def __post_init__(self) -> None:
        for name in ("best_probabilities", "probabilities"):
            read_only(getattr(self, name), (len(self.best),), name)


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
    rank: int  # its place in its step: 0 is the best; of sampled beams, the one drawn first
    fate: Literal["kept", "finished", "pruned"]
    ends: bool = False  # the text cannot go on after it: an end token, or the last token allowed

    @property
    def token_id(self) -> int:
        return self.token.id

    @property
    def probability(self) -> float:
        return math.exp(self.log_prob)


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


@dataclass(frozen=True)
class Continuation:
    """How a search continues a prompt: the prompt's own tokens, the best hypothesis', and what could have come first, best first."""

    prompt: tuple[Token, ...]
    tokens: tuple[Token, ...]
    score: float
    first: tuple[BeamCandidate, ...]


@dataclass(frozen=True)
class Replacement:
    """What another token in the place of one does to a prediction: medians where several were tried."""

    position: int
    token: Token
    weight: float  # the attention that the head gives to it from the predicted position
    after: float  # probability of what the model predicted before
    distance: float  # total variation ½·Σ|p − q| between the predictions before and after, over the vocabulary: 0 … 1


@dataclass(frozen=True)
class Reliance:
    """Whether a prediction changes more without the token that a head looks at most than without another one."""

    layer: int
    head: int
    position: int  # where the prediction stands, and from where the head looks
    prediction: Token  # the model's best
    before: float  # its probability
    takes: tuple[Token, ...]  # what took the place of the replaced token: [MASK], or random tokens
    most: Replacement
    other: Replacement  # drawn at random


@dataclass(frozen=True, eq=False)
class OrderTest:
    """How far the last hidden state moves between two readings of the same words with the same positional encoding.

    ``shuffled``: the words stand in another order, which is undone again before the states are compared.
    ``against_none``: the order stays, and one of the readings has no positional encoding.
    """

    model: str
    encoding: str
    scale: float  # what the encoding was multiplied by to have the norm of the model's own positions
    words: tuple[str, ...]  # as they stand in the text
    order: tuple[int, ...]  # which word stands at each place of the second reading
    changes: np.ndarray  # float32 [word]: the largest |difference| over a word's pieces and the dimensions
    largest: float  # of all, with the tokens that the tokenizer added
    ROUNDING: ClassVar[float] = 2e-5  # float32 alone moved the bundled models' states by less than half of it
    TELLS: ClassVar[float] = 1e-3  # encodings that count moved states by 0.1

    def __post_init__(self) -> None:
        read_only(self.changes, (len(self.words),), "changes")

    @property
    def level(self) -> int:
        """0: the two readings differ by no more than rounding. 1: by more, but by less than an encoding that counts. 2: by that."""
        return (self.largest > self.ROUNDING) + (self.largest > self.TELLS)


@dataclass(frozen=True)
class Repositioned:
    """What a model predicts when its tokens get other rows of its own position table than theirs."""

    tokens: tuple[Token, ...]  # as the model read them
    rows: tuple[int, ...]  # which row each of them got
    prediction: WhatIf


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
