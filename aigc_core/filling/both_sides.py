"""A model that reads both sides fills blanks of one or several pieces, each for itself or all together.

A place is a [MASK]. Places are filled one by one, at each step the one where the model is most certain, and the next are read with it
filled. An assignment's log-probability is Σ log P(x_i | text, the places filled before i), in that order. As what is filled decides which
place comes next, these make one distribution over all assignments; but such a model has no joint distribution of its own, and another
order would give another one. (Masks filled one after another: Wang & Cho 2019; the most certain kept first: Ghazvininejad et al. 2019.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aigc_core import limits, masked
from aigc_core.errors import AigcError
from aigc_core.filling.blanks import begins, fill, joins, parts
from aigc_core.filling.records import Bidirectional, Filling, Judged, Judgement
from aigc_core.models.tokens import encode, whole

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

MOST_PIECES = 4
SPARE, AT_END = 4, 1000  # assignments kept on the way, for each that is wanted, and at the end: some cannot be written where they stand


def bidirectional(model: LanguageModel, text: str, pieces: int = 1, top_k: int = 8) -> Bidirectional:
    """The best fillings of every blank of ``text`` ([MASK] or ___), each blank with that many pieces.

    Left out are special tokens and what could not be read back at its place: a piece that continues the word before the blank's space, or
    pieces that the tokenizer would join otherwise. Probabilities are those of the whole vocabulary all the same.
    Raises AigcError: wrong_kind_masked, no_mask_token, no_blank, many_blanks, setting (pieces), text_long, context_full.
    """
    masked.check(model)
    if not 1 <= pieces <= MOST_PIECES:
        raise AigcError("setting", name="pieces", expected=f"1 … {MOST_PIECES}", found=pieces)
    around = parts(text.replace(model.tokenizer.mask_token, masked.MASK))
    ids, encoded, places = masks_of(model, around, (pieces,) * (len(around) - 1))
    groups = {blank: places[blank * pieces : (blank + 1) * pieces] for blank in range(len(around) - 1)}
    independent = tuple(best(model, around, ids, encoded, own, {blank: own}, top_k) for blank, own in groups.items())
    joint = best(model, around, ids, encoded, places, groups, top_k) if len(groups) > 1 else independent[0]
    small, large = (model.tokenizer(letter, verbose=False)["input_ids"] for letter in "aA")
    return Bidirectional(pieces, independent, small != large, joint)


def judge(model: LanguageModel, text: str, fillings: tuple[tuple[str, ...], ...]) -> Judgement:
    """What the model gives to fillings that somebody else proposed for all blanks, by the same formula, with as many masks as each needs.

    At most ``MOST_PIECES`` for a blank. Raises AigcError as ``bidirectional``.
    """
    masked.check(model)
    around = parts(text.replace(model.tokenizer.mask_token, masked.MASK))
    fillings = tuple(tuple(map(whole, texts)) for texts in fillings)
    groups: dict[tuple[int, ...], list[tuple[int, list[int]]]] = defaultdict(list)  # masks of each blank → (index, wanted ids)
    found = [Judged(texts, (), None) for texts in fillings]
    for index, texts in enumerate(fillings):
        if read := pieces_of(model, around, texts):
            groups[read[0]].append((index, read[1]))
    for counts, wanted in groups.items():
        _, encoded, places = masks_of(model, around, counts)
        scores = forced(model, encoded, places, [[ids[place] for place in places] for _, ids in wanted])
        for (index, _), score in zip(wanted, scores):
            found[index] = Judged(fillings[index], counts, score)
    return Judgement(tuple(found))


def masks_of(model: LanguageModel, around: Sequence[str], counts: Sequence[int]) -> tuple[list[int], dict, list[int]]:
    """The text with so many masks in each blank: ids, tensors, masked places."""
    encoded = encode(model, fill(around, [model.tokenizer.mask_token * count for count in counts]))
    ids = encoded["input_ids"][0].tolist()
    return ids, encoded, masked.masks(model, ids)


def pieces_of(model: LanguageModel, around: Sequence[str], texts: Sequence[str]) -> tuple[tuple[int, ...], list[int]] | None:
    """How many pieces each filling is read as, and the ids of the filled text; None where the model does not read it in its blank alone."""
    mask, tokenizer = model.tokenizer.mask_token, model.tokenizer
    empty = len(tokenizer(fill(around, [mask] * len(texts)), verbose=False)["input_ids"])
    counts = []
    for blank, text in enumerate(texts):
        alone = [text if index == blank else mask for index in range(len(texts))]
        counts.append(len(tokenizer(fill(around, alone), verbose=False)["input_ids"]) - empty + 1)
    if min(counts) < 1 or max(counts) > MOST_PIECES:
        return None
    ids = tokenizer(fill(around, texts), verbose=False)["input_ids"]
    hidden = tokenizer(fill(around, [mask * count for count in counts]), verbose=False)["input_ids"]
    fits = len(ids) == len(hidden) and all(a == b or b == tokenizer.mask_token_id for a, b in zip(ids, hidden))
    unknown = any(a == tokenizer.unk_token_id != b for a, b in zip(ids, hidden))
    return (tuple(counts), ids) if fits and not unknown else None


def best(
    model: LanguageModel, around: Sequence[str], ids: list[int], encoded: dict, places: list[int], groups: dict[int, list[int]], top_k: int
) -> tuple[Filling, ...]:
    """The best assignments of ``places``; ``groups``: the places of each blank that is filled."""
    starts = {own[0]: around[blank] for blank, own in groups.items()}

    def fits(filled: dict[int, int], place: int, token_id: int) -> bool:
        """Whether the first piece of a blank begins a word after a space, and continues one after letters."""
        left = starts.get(place)
        if not left or not (left[-1].isspace() or joins(left)):
            return True
        first = written(model, filled.get(place - 1, ids[place - 1]), [token_id])[:1]
        return not (first.isalnum() if left[-1].isspace() else first.isspace())

    found = []
    for filled, order, log_prob in search(model, encoded, places, top_k * SPARE, fits):
        taken = {blank: [filled[place] for place in own] for blank, own in groups.items()}
        texts = {blank: written(model, filled.get(own[0] - 1, ids[own[0] - 1]), taken[blank]).strip() for blank, own in groups.items()}
        if not all(texts.values()) or "\ufffd" in "".join(texts.values()):
            continue
        # a model that knows no capitals leaves them to the writer
        large = {blank: text[:1].upper() + text[1:] if begins("\0".join(around[: blank + 1])) else text for blank, text in texts.items()}
        joined = any(joins(around[blank]) for blank in groups)
        if fitting := next((each for each in (large, texts) if joined or reads_back(model, around, ids, filled, each, groups)), None):
            token_ids = tuple(each for own in taken.values() for each in own)
            found.append(Filling(tuple(fitting.values()), token_ids, log_prob, tuple(places.index(place) for place in order)))
        if len(found) == top_k:
            break
    return tuple(found)


def written(model: LanguageModel, previous: int, token_ids: Sequence[int]) -> str:
    try:
        return masked.following(model, previous, *token_ids)
    except AigcError:  # bytes that are no whole character
        return "\ufffd"


def reads_back(model: LanguageModel, around: Sequence[str], ids: list[int], filled: dict, texts: dict[int, str], groups: dict) -> bool:
    """Whether the model reads the written filling as the very pieces that were found."""
    wanted = [filled.get(place, token_id) for place, token_id in enumerate(ids)]
    mask, blanks = model.tokenizer.mask_token, len(around) - 1
    pieces = len(next(iter(groups.values())))
    text = fill(around, [texts.get(blank, mask * pieces) for blank in range(blanks)])
    return model.tokenizer(text, verbose=False)["input_ids"] == wanted


def search(
    model: LanguageModel, encoded: dict, places: list[int], width: int, fits: Callable[[dict[int, int], int, int], bool]
) -> list[tuple[dict[int, int], tuple[int, ...], float]]:
    """Fills the places, most certain first, keeping ``width`` assignments on the way; of each (place → id, order, log-probability)."""
    kept: list[tuple[dict[int, int], tuple[int, ...], float]] = [({}, (), 0.0)]
    for step in range(len(places)):
        last = step == len(places) - 1
        most = max(width, AT_END // len(kept)) if last else width
        grown = []
        for (filled, order, log_prob), scores in zip(kept, rows(model, encoded, [filled for filled, *_ in kept], places)):
            scores = without_special(model, scores)
            place = most_certain(scores, places, filled)
            top = scores[places.index(place)].topk(min(most, scores.shape[-1]))
            for value, token_id in zip(top.values.tolist(), top.indices.tolist()):
                if value > float("-inf") and (last or fits(filled, place, token_id)):
                    grown.append((filled | {place: token_id}, (*order, place), log_prob + value))
        kept = sorted(grown, key=lambda each: -each[2])[: AT_END if last else width]
    return kept


def forced(model: LanguageModel, encoded: dict, places: list[int], wanted: list[list[int]]) -> list[float]:
    """The log-probability of each of the assignments ``wanted``, filled most certain place first."""
    filled: list[dict[int, int]] = [{} for _ in wanted]
    totals = [0.0] * len(wanted)
    for _ in places:
        for index, scores in enumerate(rows(model, encoded, filled, places)):
            own = dict(zip(places, wanted[index]))
            place = most_certain(without_special(model, scores), places, filled[index])
            totals[index] += float(scores[places.index(place), own[place]])
            filled[index] = filled[index] | {place: own[place]}
    return totals


def without_special(model: LanguageModel, scores: torch.Tensor) -> torch.Tensor:
    return scores.index_fill(-1, scores.new_tensor(model.tokenizer.all_special_ids).long(), float("-inf"))


def most_certain(scores: torch.Tensor, places: list[int], filled: dict[int, int]) -> int:
    """The open place with the highest log-probability of any token; the first of equals."""
    highest = scores.max(dim=-1).values.tolist()
    return max((place for place in places if place not in filled), key=lambda place: highest[places.index(place)])


def rows(model: LanguageModel, encoded: dict, filled: list[dict[int, int]], places: list[int]) -> list[torch.Tensor]:
    """The log-probabilities [place, vocab] at all places, for each way to have filled some; so many at once as memory is granted."""
    import torch

    length, d_vocab = encoded["input_ids"].shape[1], model.module.config.vocab_size
    found = []
    for some in masked.chunks(filled, max(1, limits.current().logit_cells // (length * d_vocab))):
        batch = {name: value.repeat(len(some), 1) for name, value in encoded.items()}
        for row, each in enumerate(some):
            for place, token_id in each.items():
                batch["input_ids"][row, place] = token_id
        with torch.inference_mode():
            found += masked.logits(model, batch)[:, places].float().log_softmax(-1).unbind()
    return found
