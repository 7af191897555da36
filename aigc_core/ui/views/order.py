"""The order test: the model reads the words in two orders with the chosen positional encoding; which words notice?"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import streamlit as st

from aigc_core import figures, positions
from aigc_core.figures.labels import magnitude, visible
from aigc_core.figures.theme import OUTPUT
from aigc_core.text import Words
from aigc_core.traces import OrderTest
from aigc_core.ui import cache, controls, plain, share
from aigc_core.ui.components.token_strip import Piece, token_strip
from aigc_core.ui.views.encoding_settings import formula_box

TESTED = ("article", "sinusoidal", "learned", "none", "rotary", "alibi", "custom")  # the first is the default
SHOWN = 6  # words of an order in a sentence


def draw(model: str, text: str, words: Words, dark: bool) -> None:
    """Choices, both orders, a dot for each word, and the verdict. Words: the table ``order``."""
    names = words.table("encoding")
    name, seed = share.choice("encoding", words("order.label"), {each: names[each] for each in TESTED}), order_seed()
    typed = formula_box(words) if name == "custom" else ""
    if name in positions.ENCODINGS and positions.ENCODINGS[name].acts != "added":
        st.info(words.table("order.why")[name], icon=":material/info:")
        return
    with plain.told(words), cache.loading(words, model):
        show(name, chosen(name, typed, model), model, text, seed, words, dark)


def show(name: str, encoding: positions.Encoding, model: str, text: str, seed: int, words: Words, dark: bool) -> None:
    """Both readings with one encoding, beside the model's own table; under a causal mask beside none, and in the same order, too."""
    names = words.table("encoding")
    causal = controls.kind(model) == "causal"
    other = "none" if causal else "learned"
    found, beside = (
        cache.ask("order.shuffled", model, text=text, encoding=each, seed=seed) for each in (encoding, chosen(other, "", model))
    )
    strips(found, words)
    if causal:
        told = dict(name=model, largest=magnitude(found.largest), bare=magnitude(beside.largest))
        if name == other:
            sentence = plain.sentence(words, "order.mask_alone", **told)
        else:
            sentence = plain.sentence(words, "order.mask_tells", encoding=words(f"order.named.{name}"), **told)
    else:
        sentence = verdict(found, text, words)
    picture({names[name]: found} | {names[other]: beside}, sentence, words, dark, "order_dots")
    if causal and name != other:
        same = cache.ask("order.against_none", model, text=text, encoding=encoding)
        st.subheader(words("order.same_order"), anchor=False)
        picture({names[name]: same}, against(same, words), words, dark, "none_dots")
    st.caption(words.table("order.why")[name])
    how = "order.how_as_is" if found.scale == 1 else "order.how"  # its own table, or one of zeros
    st.caption(plain.sentence(words, how, name=model, scale=magnitude(found.scale)))


def order_seed() -> int:
    """What another order is drawn by, kept in the link."""
    asked = share.asked("order")
    seed = st.session_state.setdefault("order_seed", int(asked) if asked and asked.isdecimal() and len(asked) < 7 else 0)
    share.mirror("order", str(seed), default="0")
    return seed


def another_order(words: Words) -> None:
    """The button that draws the next one."""
    state = st.session_state
    following = order_seed() + 1
    st.button(words("order.another"), key="order_again", icon=":material/shuffle:", on_click=lambda: state.update(order_seed=following))


def chosen(name: str, typed: str, model: str) -> positions.Encoding:
    """The encoding of that name: the learner's, the loaded model's own, or one that needs nothing but numbers."""
    if name == "custom":
        return positions.custom(typed)
    return cache.ask("positions.learned.from_model", model) if name == "learned" else positions.ENCODINGS[name]


def strips(found: OrderTest, words: Words) -> None:
    """The text and its words in the other order; the stronger the colour, the more a word's state changed. A click marks a word in both."""
    place = marked(found)
    labels = {"first": words.table("order.strip_first"), "second": words.table("order.strip_second")}
    for name, order in (("first", range(len(found.words))), ("second", found.order)):
        pieces: list[Piece] = []
        for word in order:
            change = float(found.changes[word])
            told = f"{visible(found.words[word])}  {magnitude(change)}"
            pieces += [Piece(visible(found.words[word]), f"{OUTPUT}{strength(change):02x}", told), Piece(" ")]
        selected = None if place is None else 2 * list(order).index(place)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(words(f"order.{name}"), width="content")
            if name == "second":
                another_order(words)

        def mark(index: int, order: Sequence[int] = tuple(order)) -> None:
            controls.choose_token(order[min(index // 2, len(order) - 1)])

        token_strip(pieces, selected, labels[name], f"order_{name}", on_select=mark, lines=1)


def marked(found: OrderTest) -> int | None:
    """The index of the word that was clicked."""
    place = controls.chosen_token()
    return place if place is not None and place < len(found.words) else None


def strength(change: float) -> int:
    """A colour's opacity 0…255 by the change's order of magnitude: an eighth of it at 10⁻⁷, as rounding has it, most of it from 0.1 on."""
    return round(255 * min(max(1 + log10(max(change, 1e-8)) / 8, 0.06), 0.85))


def picture(tests: dict[str, OrderTest], sentence: str, words: Words, dark: bool, key: str) -> None:
    """The dots under the sentence that says what they show."""
    st.markdown(sentence)
    figure = figures.order_dots(tests, words, dark, chosen=marked(next(iter(tests.values()))))
    st.plotly_chart(figure, theme=None, key=key, alt=sentence.replace("\\", "").replace("*", ""), config={"displayModeBar": False})


def verdict(found: OrderTest, text: str, words: Words) -> str:
    """Whether the model can tell the two orders apart, with the words of both."""
    most = int(found.changes.argmax())
    largest = float(found.changes[most]) if found.level == 2 else found.largest  # with the tokens that the tokenizer added
    orders = dict(first=beginning(text, found.words), second=abbreviated([found.words[word] for word in found.order]))
    none = found.encoding == "none"
    given = words("order.without") if none else words("order.with", encoding=words(f"order.named.{found.encoding}"))
    values = dict(name=found.model, given=given, largest=magnitude(largest), word=visible(found.words[most])) | orders
    return plain.sentence(words, ("order.blind", "order.hardly", "order.tells")[found.level], **values)


def abbreviated(said: Sequence[str]) -> str:
    """The first words of an order. Spaces of its own it has none: each word is one that changed its place."""
    return " ".join(said[:SHOWN]) + (" …" if len(said) > SHOWN else "")


def beginning(text: str, said: Sequence[str]) -> str:
    """The text up to the end of as many words, with its own spaces."""
    end = 0
    for word in said[:SHOWN]:
        if (start := text.find(word, end)) < 0:  # the words are a tokenizer's own spelling
            return abbreviated(said)
        end = start + len(word)
    return text[:end].strip() + (" …" if len(said) > SHOWN else "")


def against(same: OrderTest, words: Words) -> str:
    """What the encoding says to a model that knows the order by its mask."""
    key = ("order.unheard", "order.hardly_heard", "order.heard")[same.level]
    return plain.sentence(words, key, encoding=words(f"order.named.{same.encoding}"), name=same.model, largest=magnitude(same.largest))
