"""The model's own positions in other places: what it predicts when its tokens get other rows of its own table."""

from __future__ import annotations

import streamlit as st

from aigc_core.figures.labels import SUBSCRIPT, visible
from aigc_core.figures.theme import KEY
from aigc_core.text import Words
from aigc_core.traces import Repositioned
from aigc_core.ui import cache, panels, plain, share
from aigc_core.ui.components.token_strip import Piece, token_strip
from aigc_core.ui.views.order import another_order, order_seed


def draw(model: str, text: str, words: Words, dark: bool) -> None:
    """The choice of a move, the tokens with the rows that they got, and the prediction before and after. Words: the table ``own``."""
    with plain.told(words), cache.loading(words, model):
        n_ctx = len(cache.ask("positions.learned", model).rows)
        room = n_ctx - len(cache.ask("order.repositioned", model, text=text, how="zero").tokens)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            how = share.choice("moves", words("own.label"), words.table("own.moves"))
            if how == "shuffled":
                another_order(words)
            asked = dict(seed=order_seed()) if how == "shuffled" else dict(k=shift(words, room)) if how == "shifted" else {}
        found = cache.ask("order.repositioned", model, text=text, how=how, **asked)
        st.caption(words("own.rows", n_ctx=n_ctx - 1))
        token_strip(pieces(found, words), None, words.table("own.strip"), "own_strip", lines=1)
        panels.predictions(found.prediction, found.tokens, model, words, "own")
        st.caption(words(f"own.why.{how}"))


def shift(words: Words, room: int) -> int:
    """How many rows further each token's is, kept in the link; a text that fills the table leaves no room."""
    if room < 1:
        st.caption(words("own.no_room"))
        return 0
    usual = min(10, room)
    asked = share.asked("shift")
    wanted = st.session_state.get("shift", int(asked) if asked and asked.isdecimal() and len(asked) < 6 else usual)
    st.session_state["shift"] = min(wanted, room)
    help_text = words("own.shift_help", room=room)
    chosen = st.number_input(words("own.shift"), 0, room, step=1, key="shift", help=help_text, persist_state="session", width=160)
    share.mirror("shift", str(chosen), str(usual))
    return chosen


def pieces(found: Repositioned, words: Words) -> list[Piece]:
    """Each token with the number of its row; coloured where that is not its own."""
    shown: list[Piece] = []
    for place, (token, row) in enumerate(zip(found.tokens, found.rows)):
        told = words("own.token", place=place, row=row)
        shown += [Piece(visible(token.text) + str(row).translate(SUBSCRIPT), f"{KEY}{'59' if row != place else '14'}", told), Piece(" ")]
    return shown
