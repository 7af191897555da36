"""A candidate written into its sentence, with its numbers: of the one that is pointed at in a group of bars, else of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from aigc_core.figures.theme import OUTPUT

HERE = Path(__file__)

_written = st.components.v2.component(
    "glassbox_written_out",
    html='<p class="sentence" aria-live="polite"></p><dl class="numbers"></dl>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Number:
    """One number of a candidate: what it is, itself with its unit, and what it is made of."""

    label: str
    value: str
    made_of: str = ""


@dataclass(frozen=True)
class Candidate:
    """A candidate: the names it has in the bars, its sentence (text, filling, text, …) and its numbers."""

    names: tuple[str, ...]
    sentence: tuple[str, ...]
    numbers: tuple[Number, ...]


def written_out(candidates: Sequence[Candidate], chosen: Sequence[str], group: str, key: str) -> None:
    """Draws the candidate with exactly the ``chosen`` names; follows the pointer in the bars of ``group``."""
    data = {"candidates": [asdict(each) for each in candidates], "chosen": list(chosen), "group": group, "colour": OUTPUT}
    _written(key=key, data=data)
