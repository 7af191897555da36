"""One sentence filled three ways: what is asked of both models, and what is told of the answers; ``gap_lists`` draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import streamlit as st

from aigc_core.errors import AigcError
from aigc_core.figures.labels import visible
from aigc_core.filling.blanks import before_last, parts, spaced
from aigc_core.filling.records import Bidirectional, Filling, Judged, LeftToRight, Sentence
from aigc_core.models.cards import catalogue
from aigc_core.text import Words
from aigc_core.ui import cache, plain, share
from aigc_core.ui.components.written_out import Candidate, Number

TOP, TOP_OF_ANY = 8, 4  # candidates of each model: of one list, and for each number of pieces
ROUNDING = 1e-4  # nats between two passes of one model over the same tokens: float32 explains no more


@dataclass(frozen=True)
class Ways:
    """One text, filled three ways."""

    text: str
    both: tuple[Bidirectional, ...]  # one for each number of pieces
    left: LeftToRight
    ranked: tuple[Sentence, ...]  # everybody's candidates, best first
    judged: dict[tuple[str, ...], Judged]  # by the ranked texts

    @property
    def alone(self) -> dict[tuple[str, ...], Filling]:
        """A single blank's words by the left alone; of several blanks the later ones had other words before them."""
        return {each.texts: each for each in self.left.blanks[0].words} if len(self.left.blanks) == 1 else {}

    def fold(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Candidates that a model without capitals cannot tell apart are one."""
        return folded(texts, self.both[0].capitals)


def folded(texts: Sequence[str], capitals: bool) -> tuple[str, ...]:
    return tuple(texts) if capitals else tuple(text.casefold() for text in texts)


def writer(words: Words) -> str:
    """The causal model beside the page's own."""
    known = [card.name for card in catalogue() if card.kind == "causal"]
    known += [name for name, kind in st.session_state["other_models"].items() if kind == "causal"]
    if not known:
        raise AigcError("none_bundled")
    asked = share.asked("writer")
    if asked not in (None, *known) and "writer" not in st.session_state:
        st.info(plain.sentence(words, "writer_unknown", name=asked, default=known[0]), icon=":material/info:")
    return share.choice("writer", words("writer"), {name: name for name in known})


def held() -> tuple[str, ...] | None:
    """The candidate that was clicked, or that the link asks for."""
    asked = share.asked("filling")
    found = st.session_state.setdefault("filling", tuple(asked.split("|")) if asked and len(asked) < 200 else None)
    share.mirror("filling", "|".join(found or ()), default="")
    return found


def read(model: str, writer: str, text: str, pieces: tuple[int, ...]) -> Ways:
    """Asks both models. The one that reads left to right gets the text up to its last blank, and of the whole only to judge it."""
    top_k = TOP if len(pieces) == 1 else TOP_OF_ANY
    both = tuple(cache.ask("filling.bidirectional", model, text=text, pieces=count, top_k=top_k) for count in pieces)
    left = cache.ask("filling.left_to_right", writer, text=before_last(text), top_k=TOP)
    first = tuple(each.words[0].texts[0] for each in left.blanks[:-1] if each.words)
    proposed = [each.texts for found in both for each in found.joint]
    if not both[0].capitals and len(left.blanks) <= 2:  # "tom" is Tom to such a model: the writer takes the one that it finds better
        proposed = [way for texts in proposed for way in product(*((text, text[:1].upper() + text[1:]) for text in texts))]
    proposed += [first + each.texts for each in left.blanks[-1].words]
    if (mine := held()) and len(mine) == len(left.blanks):
        proposed.append(mine)
    every = tuple(dict.fromkeys(texts for texts in proposed if len(texts) == len(left.blanks)))
    ranked = cache.ask("filling.rank", writer, text=text, fillings=every).ranked
    best: dict[tuple[str, ...], Sentence] = {}
    for each in ranked:
        best.setdefault(folded(each.texts, both[0].capitals), each)
    judged = cache.ask("filling.judge", model, text=text, fillings=tuple(each.texts for each in best.values())).judged
    return Ways(text, both, left, tuple(best.values()), {each.texts: each for each in judged})


def names(blanks: Sequence[int], texts: Sequence[str]) -> tuple[str, ...]:
    """What a candidate is called in all lists: the number of its blank and its text, for each blank."""
    return tuple(f"{blank} {text}" for blank, text in zip(blanks, texts))


def visible_all(texts: Sequence[str]) -> str:
    return " · ".join(visible_text(text) for text in texts)


def visible_text(text: str) -> str:
    """A text of several words: its spaces stay, all else that cannot be seen is shown."""
    return " ".join(visible(part) if part else "" for part in text.split(" "))


def percent(log_prob: float) -> str:
    share = math.exp(log_prob)
    return f"{share:.1%}" if share >= 0.001 else "<0.1%"


def nats(log_prob: float) -> str:
    return f"{log_prob:.2f}".replace("-", "−")


def reading(found: Sequence[Filling], words: Words, form: str) -> str:
    if not found:
        return words("nothing_fits")
    rest = max(0.0, 1 - sum(math.exp(each.log_prob) for each in found))
    return plain.sentence(words, form, best=visible_all(found[0].texts), share=percent(found[0].log_prob), rest=f"{rest:.1%}")


def leading(now: Ways) -> dict[str, str]:
    """How far the best sentence is ahead of the second."""
    first, second = now.ranked[:2]
    times = math.exp(min(first.log_prob - second.log_prob, 20))
    return dict(best=visible_all(first.texts), second=visible_all(second.texts), times=f"{times:,.1f}")


def verdict(now: Ways, words: Words) -> str:
    """Who prefers what, in one sentence."""
    left = tuple(each.words[0].texts[0] if each.words else "–" for each in now.left.blanks)
    joint = now.both[0].joint
    best = [joint[0].texts if joint else ("–",), left, now.ranked[0].texts if now.ranked else ("–",)]
    first, second, third = (now.fold(each) for each in best)
    form = "all" if first == second == third else "left_apart" if first == third else "whole_apart" if first == second else None
    form = form or ("both_apart" if second == third else "none")
    shown = dict(zip(("both", "left", "whole"), map(visible_all, best)))
    return plain.sentence(words, f"verdict.{form}", **shown)


def measured(now: Ways, words: Words) -> str:
    """Whether a word has the same log-probability from the left alone and in a pass over the whole text, for words that are the
    same tokens in both: beside a blank within a word they may be others."""
    both = [(now.alone[each.texts], each) for each in now.ranked if each.texts in now.alone]
    found = [abs(alone.log_prob - each.words) for alone, each in both if (alone.token_ids,) == each.token_ids]
    said = []
    if found:
        form = "measured" if max(found) < ROUNDING else "measured_more"
        said.append(words(form, count=len(found), nats=f"{max(found):.6f}"))
    if others := len(both) - len(found):
        said.append(words("other_pieces", count=others))
    return "  \n".join(said)


def candidates(now: Ways, numbers: Sequence[int], words: Words, model: str, writer: str) -> list[Candidate]:
    """What is told of every candidate; also of those for one of several blanks, of which the others stay open."""
    around = parts(now.text)
    made = [candidate(now, each, around, numbers, words, model, writer) for each in now.ranked]
    if len(numbers) == 1:
        return made
    given: dict[tuple[int, str], dict[str, float]] = {}
    for blank in range(len(numbers)):
        for name, found in (("both", now.both[0].independent[blank]), ("left", now.left.blanks[blank].words)):
            for each in found:
                about = given.setdefault((blank, now.fold(each.texts)[0]), {"text": each.texts[0]})
                about.setdefault(name, each.log_prob)  # of two that differ in capitals only, the first is the more probable
    for (blank, text), known in given.items():
        sentence = spaced(around, [known["text"] if index == blank else "___" for index in range(len(numbers))])
        told = [words("not_listed") if known.get(name) is None else percent(known[name]) for name in ("both", "left")]
        labels = (words("number_both", name=model), words("number_left", name=writer), words("number_whole", name=writer))
        shown = [Number(label, value) for label, value in zip(labels, (*told, words("not_alone")))]
        made.append(Candidate((f"{numbers[blank]} {text}",), sentence, tuple(shown)))
    return made


def candidate(now: Ways, each: Sentence, around: Sequence[str], numbers: Sequence[int], words: Words, model: str, writer: str) -> Candidate:
    judged = now.judged[each.texts]
    pieces = words("as_pieces", count=" + ".join(map(str, judged.pieces))) if judged.pieces else words("not_read")
    alone = now.alone[each.texts].log_prob if each.texts in now.alone else each.words
    split = dict(left=nats(each.left), filling=nats(each.filling), follows=nats(each.follows))
    return Candidate(
        names(numbers, now.fold(each.texts)),
        spaced(around, each.texts),
        (
            Number(words("number_both", name=model), "–" if judged.log_prob is None else percent(judged.log_prob), pieces),
            Number(words("number_left", name=writer), percent(alone), words("with_end")),
            Number(words("number_whole", name=writer), words("nats", value=nats(each.log_prob)), words("split", **split)),
        ),
    )
