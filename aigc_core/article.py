"""What a textbook's simplified lines do, beside the real ones, on a loaded model: the objectives of GPT and BERT.

Each function runs one comparison and returns a record. The positional encodings are compared by ``order``, attention with and without its
factor by ``attention.trace`` with an intervention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from aigc_core import attention, masked, pairs, reliance
from aigc_core.errors import AigcError
from aigc_core.models.tokens import encode, places, tokens, whole
from aigc_core.traces import Intervention, Span, Token, read_only

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

CHOSEN = 0.15  # of the pieces (Devlin et al. 2019 §3.1)
DRAWS = 32  # of the pieces that are chosen; of a short text one draw has two or three, and its loss is chance
FAR_EAST = "\u3040-\u30ff\u3400-\u9fff"  # writing without spaces: each character counts as a word
WORD = re.compile(rf"[{FAR_EAST}]|[^\W{FAR_EAST}](?:[^\s{FAR_EAST}]*[^\W{FAR_EAST}])?")  # without the punctuation around it
Fate = Literal["", "mask", "random", "kept"]  # of a piece; "" for one that was not chosen


@dataclass(frozen=True, eq=False)
class Objective:
    """What a model that writes left to right learns from a text: −Σᵢ log P(uᵢ | u₁ … uᵢ₋₁), the negative of Radford et al. 2018, eq. 1."""

    model: str
    tokens: tuple[Token, ...]
    losses: np.ndarray  # float32 [position]: −log P in nats; NaN for the first token, which nothing precedes
    mask: tuple[Token, ...]  # what the word [MASK] is to this model's tokenizer
    has_mask: bool  # whether that is one token of its own

    def __post_init__(self) -> None:
        read_only(self.losses, (len(self.tokens),), "losses")

    @property
    def loss(self) -> float:
        """Nats a token."""
        return mean(self.losses)


def objective(model: LanguageModel, text: str, intervention: Intervention | None = None) -> Objective:
    """The loss of a causal model on every token of a text, as it is or with something changed in its attention.

    Raises AigcError: wrong_kind_causal, text_empty, text_long, context_full, and those of an intervention.
    """
    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    encoded = attention.measured(model, text) if intervention else encode(model, text)
    ids = encoded["input_ids"][0]
    losses = np.full(len(ids), np.nan, np.float32)
    losses[1:] = surprisal(logits(model, encoded, intervention)[:-1], ids[1:])
    spelled = model.tokenizer(masked.MASK, add_special_tokens=False, verbose=False)["input_ids"]
    mask_id = model.tokenizer.mask_token_id
    return Objective(model.card.name, tokens(model, ids.tolist()), losses, tokens(model, spelled), mask_id is not None)


@dataclass(frozen=True, eq=False)
class Rightwards:
    """What a prediction becomes when all that stands to its right is replaced."""

    model: str
    tokens: tuple[Token, ...]  # as the model read them first
    replaced: tuple[Token, ...]  # as it read them then
    place: int  # the first piece of the word in the middle, which is predicted: from the piece before it, or hidden by [MASK]
    changes: np.ndarray  # float32 [position]: the largest |difference| of a logit, at each position up to the predicting one
    before: float  # the probability of the piece at ``place``
    after: float
    word: str  # as it stands in the text: the same for every model
    pieces: tuple[Token, ...]  # of which the model makes it

    def __post_init__(self) -> None:
        read_only(self.changes, (-1,), "changes")

    @property
    def largest(self) -> float:
        return float(self.changes.max())


def rightwards(model: LanguageModel, text: str, seed: int = 0) -> Rightwards:
    """Predicts the word in the middle, twice: with the text as it is, and with random tokens, drawn by ``seed``, in the place of all that
    follow the word. A causal mask keeps everything up to there exactly the same.

    Raises AigcError: wrong_kind_prediction for a translator, no_mask_token, few_words_right, no_places, text_empty, text_long,
    context_full.
    """
    if model.kind == "translation":
        raise AigcError("wrong_kind_prediction", name=model.card.name)
    encoded = encode(model, text)
    text = whole(text)
    middle, hidden = in_the_middle(model, text)
    ids = encoded["input_ids"][0].clone()
    pieces = tokens(model, ids[hidden].tolist())
    place, position = hidden[0], hidden[0] - 1
    if model.kind == "masked":
        masked.check(model)
        ids[hidden], position = model.tokenizer.mask_token_id, place
    right = [each for each, word in enumerate(places(model, text)["words"]) if each > hidden[-1] and word >= 0]
    pool, generator = np.array(reliance.ordinary(model)), np.random.default_rng(seed)
    drawn = ids.clone()
    for each in right:
        drawn[each] = int(generator.choice(pool[pool != int(ids[each])]))
    first, second = (logits(model, encoded | {"input_ids": row[None]}) for row in (ids, drawn))
    changes = (first - second)[: position + 1].abs().amax(-1).numpy()
    before, after = (float(each[position].softmax(-1)[pieces[0].id]) for each in (first, second))
    read, then = (tokens(model, row.tolist()) for row in (ids, drawn))
    return Rightwards(model.card.name, read, then, place, changes, before, after, text[middle.start : middle.end], pieces)


def in_the_middle(model: LanguageModel, text: str) -> tuple[Span, list[int]]:
    """Where the word in the middle of a text stands, which no tokenizer has a say in, and the positions of the pieces that it lies in."""
    words = [Span(*word.span()) for word in WORD.finditer(text)]
    if len(words) < 3:
        raise AigcError("few_words_right", found=len(words))
    middle, found = words[len(words) // 2], places(model, text) or dict(words=(), spans=())
    spans = enumerate(zip(found["words"], found["spans"]))
    hidden = [place for place, (word, span) in spans if word >= 0 and span.start < middle.end and span.end > middle.start]
    if not hidden or hidden[0] == 0 and model.kind == "causal":  # it cannot say, drops the word, or makes one token of all up to it
        raise AigcError("no_places", name=model.card.name)
    return middle, hidden


@dataclass(frozen=True, eq=False)
class Masking:
    """The masked objective beside a loss over the whole, uncorrupted text.

    L = −(1/|M|) Σ_{i∈M} log P(xᵢ | x̃) (Devlin et al. 2019 §3.1): M the chosen pieces, x̃ the text with most of them replaced.
    """

    model: str
    tokens: tuple[Token, ...]  # x
    corrupted: tuple[Token, ...]  # x̃
    fates: tuple[Fate, ...]
    copied: np.ndarray  # float32 [position]: −log P(xᵢ | x) in nats, the answer standing there; NaN for added tokens
    losses: np.ndarray  # float32 [position]: −log P(xᵢ | x̃) in nats; NaN where i is not in M
    average: float  # L in nats, over the chosen pieces of DRAWS draws of M and x̃, of which this is the first

    def __post_init__(self) -> None:
        read_only(self.copied, (len(self.tokens),), "copied")
        read_only(self.losses, (len(self.tokens),), "losses")

    @property
    def copying(self) -> float:
        """The mean loss over all pieces of the text as it is, in nats."""
        return mean(self.copied)

    @property
    def loss(self) -> float:
        """L of this draw, in nats."""
        return mean(self.losses)


def masking(model: LanguageModel, text: str, seed: int = 0, intervention: Intervention | None = None) -> Masking:
    """Draws of M and x̃ by ``seed``, none of them empty, and both losses; as the model is, or with something changed in its attention.

    Raises AigcError: wrong_kind_masked, no_mask_token, text_empty, text_long, context_full, and those of an intervention.
    """
    import torch

    asked = masked.spellings(model, text)[1]
    encoded = attention.measured(model, asked) if intervention else encode(model, asked)
    ids = encoded["input_ids"][0]
    may = ~torch.isin(ids, torch.tensor(model.tokenizer.all_special_ids))
    if not may.any():
        raise AigcError("text_empty")
    mask_id, d_vocab = model.tokenizer.mask_token_id, min(len(model.tokenizer), model.module.config.vocab_size)
    generator, draws = torch.Generator().manual_seed(seed), []
    while len(draws) < DRAWS:
        drawn = masked.corrupt(ids, may, CHOSEN, mask_id, d_vocab, generator)
        draws += [drawn] if drawn[1].any() else []
    copied = np.where(may, surprisal(logits(model, encoded, intervention), ids), np.float32(np.nan))
    readings = (logits(model, encoded | {"input_ids": read[None]}, intervention) for read, _ in draws)
    losses = np.stack([surprisal(scores, ids) for scores in readings])  # [draw, position]
    losses[~np.stack([chosen.numpy() for _, chosen in draws])] = np.nan
    corrupted, chosen = (each.tolist() for each in draws[0])
    fates = tuple(fate(*each, mask_id) for each in zip(ids.tolist(), corrupted, chosen))
    read, then = (tokens(model, row) for row in (ids.tolist(), corrupted))
    return Masking(model.card.name, read, then, fates, copied, losses[0].copy(), mean(losses))


def fate(was: int, became: int, chosen: bool, mask_id: int) -> Fate:
    return "" if not chosen else "mask" if became == mask_id else "kept" if became == was else "random"


@dataclass(frozen=True, eq=False)
class NextSentences:
    """Next sentence, judged from [CLS], beside the softmax of a sum of attentions."""

    model: str
    first: str
    second: str
    other: str
    follows: float  # probability that the second sentence follows the first
    swapped: float  # … the first the second
    unrelated: float  # … another sentence the first
    summed: np.ndarray  # float32 [d_model]: softmax(Σᵢ Attention(hᵢ, …)) of the last layer over the first two; it names no answer

    def __post_init__(self) -> None:
        read_only(self.summed, (-1,), "summed")


def next_sentences(model: LanguageModel, text: str, other: str) -> NextSentences:
    """Judges a text's first sentence with the rest of it, the two swapped, and the first with another one: p = softmax(W·tanh(W_p·h_[CLS] +
    b_p) + b) (Devlin et al. 2019 §3.1).

    Raises AigcError: one_sentence, attention_closed, and what ``pairs.next_sentence`` raises.
    """
    parts = pairs.sentences_of(text)
    if len(parts) < 2:
        raise AigcError("one_sentence")
    first, second = parts[0].strip(), text[text.index(parts[1], len(parts[0])) :].strip()
    judged = [pairs.next_sentence(model, *pair).probability for pair in ((first, second), (second, first), (first, other))]
    last = attention.head(model, first, max(len(model.blocks) - 1, 0), 0, pair=second)
    mixed = last.block_output.sum(axis=0)  # of all positions i
    raised = np.exp(mixed - mixed.max())
    return NextSentences(model.card.name, first, second, other, *judged, raised / raised.sum())


def logits(model: LanguageModel, encoded: dict, intervention: Intervention | None = None) -> torch.Tensor:
    """The scores of the vocabulary at every position of one text: float32 [position, vocab]."""
    import torch

    if intervention:
        return attention.run(model, encoded, intervention).logits[0].float()
    with torch.inference_mode():
        return masked.logits(model, encoded)[0].float()


def surprisal(scores: torch.Tensor, ids: torch.Tensor) -> np.ndarray:
    """−log P of some tokens, in nats, from the scores [position, vocab] that predict them."""
    return -scores.log_softmax(-1).gather(-1, ids[:, None])[:, 0].numpy()


def mean(losses: np.ndarray | Sequence[float]) -> float:
    """Over the positions that have one; NaN where none has."""
    known = np.asarray(losses, np.float64)[~np.isnan(losses)]
    return float(known.mean()) if len(known) else float("nan")
