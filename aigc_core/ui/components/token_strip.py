"""The token strip: a text piece by piece, each coloured, explained under the pointer, and chosen by a click.

Redrawing in a loop: Streamlit refuses one key twice in a run, and a mount without a key is thrown away and built again for new
data. So the strip itself is mounted once, with its key, and ``Strip.update`` mounts an invisible *feed* without one, whose
only act in the browser is to hand its pieces to the strip, which changes the pieces that differ. (Measured: 15 redraws a second,
each painted, no blank frame; the strip mounted without a key: 60 mounts and 14 blank frames in 60 redraws.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__)
HTML = """
<div class="strip" role="group"></div>
<div class="detail" role="tooltip"></div>
"""
JS = HERE.with_suffix(".js").read_text(encoding="utf-8")

_strip = st.components.v2.component("glassbox_strip", html=HTML, css=HERE.with_suffix(".css").read_text(encoding="utf-8"), js=JS)
_feed = st.components.v2.component("glassbox_strip_feed", js=JS)  # the same text is the same module in the browser


@dataclass(frozen=True)
class Piece:
    """One token as it is shown. A piece without a colour is quiet (a prompt's) and cannot be chosen."""

    text: str  # ready to read: spaces and line breaks made visible by the caller
    colour: str | None = None  # background, any CSS colour
    detail: str = ""  # told under the pointer or focus, plain text
    breaks: bool = False  # the line ends after it
    bar: float | None = None  # 0…1: height of a bar over it


@dataclass
class Strip:
    """A strip on the page: the index chosen on it in this run, and the way to redraw it in a loop."""

    chosen: int | None
    _name: str
    _run: int  # which drawing of the strip this is: the browser shows no piece of an older one
    _slot: Any = field(repr=False)
    _steps: int = field(default=0, repr=False)

    def update(self, pieces: Sequence[Piece], selected: int | None = None) -> None:
        """Shows these pieces from now to the end of the run; may be called many times a second."""
        self._steps += 1  # Streamlit refuses two mounts without a key that are alike in one run
        with self._slot:
            _feed(data={"feeds": self._name, "run": self._run, "step": self._steps, **_shown(pieces, selected)}, height=1)


def _shown(pieces: Sequence[Piece], selected: int | None) -> dict:
    return {"pieces": [[each.text, each.colour, each.detail, each.breaks, each.bar] for each in pieces], "selected": selected}


def _index(value: object, pieces: Sequence[Piece]) -> int | None:
    """What the browser sent, if it is the index of a piece that may be chosen."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(pieces)
    return value if fits and pieces[value].colour is not None else None


def token_strip(
    pieces: Sequence[Piece],
    selected: int | None,
    words: dict[str, str],
    key: str,
    on_select: Callable[[int], None] | None = None,
    lines: int = 2,
) -> Strip:
    """Draws the strip, at least ``lines`` lines high, so that a growing text does not push the page down at once.

    ``on_select(index)`` runs as a widget callback, before the script; without it nothing can be chosen. words: ``label``, read to those
    who cannot see the strip. A choice made while ``update`` shows pieces may lie beyond ``pieces``: then ``on_select`` gets it and
    ``chosen`` is None.
    """

    def tell() -> None:
        # pieces shown by update() are not known here, so the index is checked for its kind only
        value = st.session_state[key].selected
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0 and on_select:
            on_select(value)

    with st.container(gap=None):
        run = time.monotonic_ns()
        data = {"name": key, "run": run, "words": dict(words), "lines": lines, "fixed": on_select is None, **_shown(pieces, selected)}
        result = _strip(key=key, data=data, on_selected_change=tell)
        slot = st.empty()  # empties it of the last run's feed, too
    return Strip(_index(result.selected, pieces), key, run, slot)
