"""The blanks of a text as they were typed, and a curtain over its ends: text alone, no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.models.tokens import whole
from aigc_core.traces import Span

MARK = r"\[MASK\]|<mask>|_{3,}"  # each may be typed for every model
BLANK = re.compile(MARK)
UNSPACED = "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"  # writing without spaces: each character may begin a word
NEW_LETTERS = re.compile(UNSPACED)
CLOSING = frozenset(".,!?;:…%)]}”。，！？；：、）》」")  # marks that stand close to the word before them
UNIT = re.compile(rf"{MARK}|{UNSPACED}|(?:(?!{MARK}|{UNSPACED})\S)+")


@dataclass(frozen=True)
class Unit:
    """What the curtain covers at one step: a word with its marks, or a blank."""

    text: str
    span: Span
    blank: int | None  # its number, from 0; None for a word


def units(text: str) -> tuple[Unit, ...]:
    found, blanks = [], 0
    for match in UNIT.finditer(text):
        blank = BLANK.fullmatch(match.group()) is not None
        found.append(Unit(match.group(), Span(*match.span()), blanks if blank else None))
        blanks += blank
    return tuple(found)


def uncovered(text: str, left: int, right: int) -> str:
    """What the curtain leaves of a text when it covers ``left`` units from its beginning and ``right`` from its end."""
    shown = units(text)[left:]
    shown = shown[: max(0, len(shown) - right)]
    return text[shown[0].span.start : shown[-1].span.end] if shown else ""


def parts(text: str) -> tuple[str, ...]:
    """What stands around the blanks: one string more than there are blanks. Raises AigcError: text_long, no_blank, many_blanks."""
    found, limit = tuple(BLANK.split(whole(text))), limits.current().blanks
    if len(text) > (most := limits.current().characters):  # as typed: the mask words of a model are longer
        raise AigcError("text_long", limit=most, found=len(text))
    if len(found) < 2:
        raise AigcError("no_blank")
    if len(found) - 1 > limit:
        raise AigcError("many_blanks", found=len(found) - 1, limit=limit)
    return found


def before_last(text: str) -> str:
    """The text up to its last blank, which it ends with: all that may be told to a model that reads only the left."""
    return text[: list(BLANK.finditer(text))[-1].end()] if BLANK.search(text) else text


def spaced(around: Sequence[str], fillings: Sequence[str]) -> tuple[str, ...]:
    """Text, filling, text, … with the spaces as typed, but for none before a closing mark that fills a blank."""
    found = []
    for before, filling in zip(around, fillings):
        found += [before.rstrip() if filling[:1] in CLOSING else before, filling]
    return (*found, around[len(fillings)])


def fill(around: Sequence[str], fillings: Sequence[str]) -> str:
    return "".join(spaced(around, fillings))


def begins(left: str) -> bool:
    """Whether a sentence begins after ``left``."""
    before = left.rstrip(" \"'“”‘’(")
    return not before or before[-1] in ".!?…"


def joins(left: str) -> bool:
    """Whether a blank after ``left`` continues a word: letters stand right before it, in a writing that has spaces."""
    return left[-1:].isalnum() and not NEW_LETTERS.match(left[-1])
