"""A model that reads only the left goes on from there: its most probable next words, and what it writes freely."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.filling.blanks import CLOSING, NEW_LETTERS, fill, joins, parts
from aigc_core.filling.records import Filling, LeftOnly, LeftToRight
from aigc_core.models.tokens import encode, tokens

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

NEW_TOKENS = 12  # of the free continuation
AT_ONCE = 16  # beginnings of words read in one pass
MOST_PASSES = 24  # after which the search for words ends; a model that spreads its probability thinly may hold better ones then


def left_to_right(model: LanguageModel, text: str, top_k: int = 8) -> LeftToRight:
    """The next words at every blank of ``text``, each given only what stands left of it; nothing after the last blank is read.

    Each earlier blank is filled with the model's own best word. A word's probability is that of its pieces and of its end, after which
    something new begins: P(w | left) = Π P(w_i | left, w_<i) · P(a token that continues no word | left, w) (Pimentel & Meister 2024). The
    words are found best first, so that none more probable is missed; each counts as its tokenizer spells it, not in other pieces.
    Raises AigcError: wrong_kind_causal, no_blank, many_blanks, no_start_token, text_long, context_full_new.
    """
    from aigc_core.models.loading import check_kind

    check_kind(model.card.name, model.kind, "causal")
    found: list[LeftOnly] = []
    left = ""
    for before in parts(text)[:-1]:
        left += before
        words = next_words(model, left, top_k)
        found.append(LeftOnly(left, words, continuation(model, left)))
        left = fill((left, ""), words[0].texts) if words else left
    return LeftToRight(tuple(found))


def start_ids(model: LanguageModel, left: str, room_for: int = 0) -> list[int]:
    """The ids of a left side by the tokenizer's defaults, its last spaces left to the next word; of none, what begins texts."""
    if left.strip():
        return encode(model, left.rstrip(), room_for=room_for)["input_ids"][0].tolist()
    if model.tokenizer.bos_token_id is None:
        raise AigcError("no_start_token", name=model.card.name)
    return [model.tokenizer.bos_token_id]


def next_words(model: LanguageModel, left: str, top_k: int) -> tuple[Filling, ...]:
    """The most probable words after ``left``, best first."""

    begun, known = start_ids(model, left, room_for=NEW_TOKENS), vocabulary(model)
    words: list[Filling] = []
    (first,) = after(model, begun, [()])
    # beginnings by falling probability; no word can be more probable than its beginning
    queue: list[tuple[float, int, tuple[int, ...], Iterator]] = []
    count = itertools.count()  # of equals the one found first

    def next_of(siblings: Iterator[tuple[float, tuple[int, ...]]]) -> None:
        if (found := next(siblings, None)) is not None:
            heapq.heappush(queue, (-found[0], next(count), found[1], siblings))

    def least() -> float:
        return sorted((each.log_prob for each in words), reverse=True)[top_k - 1] if len(words) >= top_k else float("-inf")

    next_of(longer((), 0.0, first, suiting(known, left)))
    for _ in range(MOST_PASSES):
        some = []
        while queue and len(some) < AT_ONCE and -queue[0][0] > least():
            cost, _, pieces, siblings = heapq.heappop(queue)
            some.append((pieces, -cost))
            next_of(siblings)
        if not some:
            break
        for (pieces, log_prob), scores in zip(some, after(model, begun, [pieces for pieces, _ in some])):
            word = text_of(model, begun, pieces)
            if word and "\ufffd" not in word and (joins(left) or reads_so(model, left, word, begun, pieces)):
                words.append(Filling((word,), pieces, log_prob + end(known, word, scores)))
            if goes_on(word) and len(pieces) < NEW_TOKENS:
                next_of(longer(pieces, log_prob, scores, ~known.opens & known.usable))
    return tuple(sorted(words, key=lambda each: -each.log_prob)[:top_k])


def longer(
    pieces: tuple[int, ...], log_prob: float, scores: torch.Tensor, allowed: torch.Tensor
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """A beginning of a word with each of the allowed tokens after it, the most probable first."""
    places = allowed.nonzero()[:, 0]
    best = scores[places].sort(descending=True)
    for value, place in zip(best.values, best.indices):
        yield log_prob + float(value), (*pieces, int(places[place]))


def end(known: Vocabulary, word: str, scores: torch.Tensor) -> float:
    """The log-probability that ``word`` is over: something new begins. A mark, or a character of writing without spaces, ends by itself."""
    return float(scores[known.opens].logsumexp(-1)) if goes_on(word) else 0.0


def goes_on(word: str) -> bool:
    """Whether more letters may follow within the word; after half a character they must."""
    return word[-1:].isalnum() and not NEW_LETTERS.match(word[-1]) or "\ufffd" in word


def text_of(model: LanguageModel, begun: list[int], pieces: tuple[int, ...]) -> str:
    """A word as it is written after what came before it, without the space."""
    decode = model.tokenizer.decode
    alone, both = (decode(ids, clean_up_tokenization_spaces=False) for ids in (begun[-1:], [*begun[-1:], *pieces]))
    return (both[len(alone) :] if both.startswith(alone) else decode(list(pieces), clean_up_tokenization_spaces=False)).strip()


def reads_so(model: LanguageModel, left: str, word: str, begun: list[int], pieces: tuple[int, ...]) -> bool:
    """Whether the tokenizer reads the written word as these pieces."""
    ids = model.tokenizer(fill((left, ""), (word,)), verbose=False)["input_ids"]
    return ids[len(ids) - len(pieces) :] == list(pieces) and (not left.strip() or ids == [*begun, *pieces])


def suiting(known: Vocabulary, left: str) -> torch.Tensor:
    """The tokens [vocab] that may come first: after a typed space those that bring it, or close the sentence; within a word, no space."""
    if joins(left):
        return known.usable & ~known.spaced
    return known.usable & (known.spaced | known.closing) if left.strip() and left[-1].isspace() else known.usable


def continuation(model: LanguageModel, left: str) -> str:
    """What the model writes after ``left``, always the most probable token (the first of those that suit the space before the blank), until
    an end token or ``NEW_TOKENS`` of them."""
    import torch

    from aigc_core.decoding.sample import end_ids

    begun, ends, cache, new = start_ids(model, left, room_for=NEW_TOKENS), end_ids(model), None, []
    fed = torch.tensor([begun])
    with torch.inference_mode():
        for _ in range(NEW_TOKENS):
            output = model.module(input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=1)
            scores = output.logits[0, -1]
            if not new:
                scores = scores.masked_fill(~suiting(vocabulary(model), left), float("-inf"))
            cache, taken = output.past_key_values, int(scores.argmax())
            if taken in ends:
                break
            new.append(taken)
            fed = torch.tensor([[taken]])
    decode = model.tokenizer.decode
    return decode([*begun, *new], skip_special_tokens=True)[len(decode(begun, skip_special_tokens=True)) :]


def after(model: LanguageModel, begun: list[int], pieces: list[tuple[int, ...]]) -> list[torch.Tensor]:
    """The log-probabilities [vocab] of the next token after the beginning and each of the pieces."""
    import torch

    longest, shortest = max(map(len, pieces)), min(map(len, pieces))
    found = []
    for some in groups(pieces, (longest - shortest + 1) * model.module.config.vocab_size):
        ids = torch.tensor([[*begun, *each, *[0] * (longest - len(each))] for each in some])  # what comes later changes nothing before it
        with torch.inference_mode():
            logits = model.module(input_ids=ids, logits_to_keep=longest - shortest + 1).logits.float()
        found += [logits[row, len(each) - longest - 1].log_softmax(-1) for row, each in enumerate(some)]
    return found


def groups(rows: list, cells: int) -> list[list]:
    """Rows of so many logits each, as many together as memory is granted."""
    size = max(1, limits.current().logit_cells // max(1, cells))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What is known of each token: bool [vocab]."""

    usable: torch.Tensor  # can be written: no special token, not only spaces
    spaced: torch.Tensor  # brings a space before it
    closing: torch.Tensor  # a mark that stands close to the word before it
    opens: torch.Tensor  # begins something new: a space, a mark, an end token, a character of a writing without spaces


VOCABULARIES: WeakKeyDictionary[LanguageModel, Vocabulary] = WeakKeyDictionary()


def vocabulary(model: LanguageModel) -> Vocabulary:
    import torch

    if (known := VOCABULARIES.get(model)) is None:
        every = tokens(model, list(range(model.module.config.vocab_size)))
        size = len(model.tokenizer)
        bytes_ = [each.text.startswith("⟨") and each.text != each.piece for each in every]  # a part of a character
        writable = [not each.special and each.id < size and each.text.strip() != "" and "\n" not in each.text for each in every]
        spaced = [each.text[:1].isspace() for each in every]
        opens = [
            not part and (each.special or each.id >= size or not each.text[:1].isalnum() or bool(NEW_LETTERS.match(each.text)))
            for each, part in zip(every, bytes_)
        ]
        closing = [each.text[:1] in CLOSING for each in every]
        known = VOCABULARIES[model] = Vocabulary(*(torch.tensor(each) for each in (writable, spaced, closing, opens)))
    return known
