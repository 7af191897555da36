"""A tree of continuations: every branch is a whole text after the prompt, and which branches share how much follows from their tokens."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from aigc_core.errors import AigcError

MOST = 8  # branches; more are no comparison
NAME = 24  # characters
ORIGINS = {"d": "drawn", "p": "picked", "g": "greedy", "b": "beams"}  # by the letter that stands for it in a link
WRITTEN = re.compile(r"([dpgb])([^*]*)\*(\d{1,2}:\d{1,4})?\*([0-9a-z.]*)")  # origin, name, branch and tokens shared with it, the rest
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Branch:
    """One continuation: its name, its token ids, and how it came about last."""

    name: str
    ids: tuple[int, ...]
    origin: str = "drawn"


@dataclass(frozen=True)
class Branches:
    """All continuations of a prompt, in the order in which they came, and the one that is open."""

    all: tuple[Branch, ...]
    open: int = 0

    @property
    def active(self) -> Branch:
        return self.all[self.open]

    @property
    def full(self) -> bool:
        return len(self.all) >= MOST

    def written(self, ids: Sequence[int], origin: str = "drawn") -> Branches:
        """The open branch with other tokens."""
        changed = replace(self.active, ids=tuple(ids), origin=origin)
        return replace(self, all=(*self.all[: self.open], changed, *self.all[self.open + 1 :]))

    def grown(self, ids: Sequence[int], origin: str) -> Branches:
        """A new branch, which is then open; where the same text is there already, that one is opened. Raises AigcError: branches_full."""
        ids = tuple(ids)
        for index, each in enumerate(self.all):
            if each.ids == ids:
                return replace(self, open=index)
        if self.full:
            raise AigcError("branches_full", count=MOST)
        taken = {each.name for each in self.all}
        name = next(letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in taken)
        return replace(self.joined(name, ids, origin), open=len(self.all))

    def joined(self, name: str, ids: Sequence[int], origin: str) -> Branches:
        """A branch beside the others, also where it reads as one of them; the open one stays open."""
        name = unique(name, {each.name for each in self.all})
        return replace(self, all=(*self.all, Branch(name, tuple(ids), origin)))

    def picked(self, step: int, token_id: int) -> Branches:
        """With another token at a place, chosen by hand: at the end the open branch goes on, elsewhere a new one leaves it."""
        ids = self.active.ids
        if step == len(ids):
            return self.written((*ids, token_id), "picked")
        return self if ids[step] == token_id else self.grown((*ids[:step], token_id), "picked")

    def pruned(self, index: int) -> Branches:
        """Without one branch; the last one stays."""
        if len(self.all) == 1:
            return self
        rest = (*self.all[:index], *self.all[index + 1 :])
        return Branches(rest, min(self.open - (index < self.open), len(rest) - 1))

    def renamed(self, index: int, name: str) -> Branches:
        others = {each.name for place, each in enumerate(self.all) if place != index}
        named = replace(self.all[index], name=unique(" ".join(name.split()) or self.all[index].name, others))
        return replace(self, all=(*self.all[:index], named, *self.all[index + 1 :]))

    def forks(self) -> list[tuple[int, int]]:
        """Of each branch the earlier one that it shares most with, and how many tokens: (−1, 0) for the first."""
        found = []
        for index, each in enumerate(self.all):
            shares = [(shared(each.ids, other.ids), -place) for place, other in enumerate(self.all[:index])]
            most, place = max(shares, default=(0, 1))
            found.append((-place, most))
        return found


def unique(name: str, others: Collection[str]) -> str:
    """The name, cut to its most letters, with a number behind it where another branch has it."""
    numbered = (f"{name[: NAME - 2]} {number}" for number in range(2, MOST + 2))
    return next(each for each in (name[:NAME], *numbered) if each not in others)


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts begin with alike."""
    return next((place for place, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def to_link(branches: Branches) -> str:
    """All branches in one string for an address: of each only the tokens after its fork, in base 36."""
    letters = {name: letter for letter, name in ORIGINS.items()}
    parts = []
    for each, (place, fork) in zip(branches.all, branches.forks()):
        left = f"{place}:{fork}" if fork else ""
        parts.append(f"{letters[each.origin]}{quote(each.name, safe='', errors='replace')}*{left}*{'.'.join(map(base36, each.ids[fork:]))}")
    return f"{branches.open}!{'!'.join(parts)}"


def from_link(text: str, most_tokens: int) -> Branches | None:
    """What ``to_link`` wrote; None for anything else, and for more than the limits allow. Whether the ids are tokens only a model knows."""
    head, *parts = text.split("!")
    if not re.fullmatch(r"[0-9]{1,2}", head) or not 0 < len(parts) <= MOST or int(head) >= len(parts):
        return None
    found: list[Branch] = []
    for part in parts:
        fits = WRITTEN.fullmatch(part)
        if fits is None:
            return None
        letter, name, left, digits = fits.groups()
        place, fork = map(int, (left or "0:0").split(":"))
        if fork and (place >= len(found) or fork > len(found[place].ids)):
            return None
        before = found[place].ids[:fork] if fork else ()
        after = [each for each in digits.split(".") if each]
        if len(before) + len(after) > most_tokens or any(len(each) > 6 for each in after):
            return None
        name = unique(" ".join(unquote(name, errors="replace").split()) or DIGITS[10 + len(found)].upper(), {each.name for each in found})
        found.append(Branch(name, (*before, *(int(each, 36) for each in after)), ORIGINS[letter]))
    return Branches(tuple(found), int(head))


def base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits
