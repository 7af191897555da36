"""The controls that every page shares: language, model, text, layer and head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import streamlit as st

from aigc_core import limits
from aigc_core.analysis import scripts
from aigc_core.errors import AigcError
from aigc_core.figures.labels import visible
from aigc_core.models.cards import bundled, catalogue
from aigc_core.text import LANGUAGES, Words
from aigc_core.traces import Token
from aigc_core.ui import cache, plain, share

ANOTHER = "another"  # no hub id: those of one word exist, but this one would be refused by the hub's own rules only later
SEEDS = 1_000_000
DEFAULT_TEXT = "Once upon a time, a little dog met a big cat. The little dog"


def language() -> str:
    """The language, en or zh; changing it keeps everything else."""
    state = st.session_state
    asked = share.asked("lang")
    state.setdefault("language", asked if asked in LANGUAGES else "en")
    chosen = st.sidebar.segmented_control(
        "Language · 语言", list(LANGUAGES), format_func=LANGUAGES.get, key="language", required=True, label_visibility="collapsed"
    )
    share.mirror("lang", chosen, default="en")
    return chosen


def model(words: Words, kinds: tuple[str, ...]) -> str:
    """The chosen model's name, of a kind that the page can use, the first kind's first; remembered per page kind.

    A bundled model is taken as asked for; a folder or hub id, also one in a link, is loaded only after a click.
    """
    state, key = st.session_state, f"model_{'_'.join(kinds)}"
    others: dict[str, str] = state.setdefault("other_models", {})  # name → kind, of those loaded by a click
    cards = sorted((card for card in catalogue() if card.kind in kinds), key=lambda card: kinds.index(card.kind))
    names = [card.name for card in cards] + [name for name, kind in others.items() if kind in kinds]
    if not names:  # the weights of this installation are gone: only a model of one's own is left
        with st.sidebar:
            _ask_for(words, kinds)
        raise AigcError("none_bundled")
    default = names[0]

    if (arrived := state.pop("arrived_model", None)) in names:
        state[key] = arrived
    asked = share.asked("model")
    if asked in names:
        state.setdefault(key, asked)
    pending = asked not in (None, *names) and not state.get("model_settled")
    if pending and (bundled(asked) or asked in others):
        st.info(plain.sentence(words, "controls.wrong_kind", name=asked, default=default), icon=":material/info:")
    elif pending:
        _offer(words, asked, default, kinds)

    chosen = st.sidebar.selectbox(
        words("controls.model"),
        [*names, ANOTHER],
        format_func=lambda name: words("controls.another") if name == ANOTHER else name,
        help=words("controls.model_help"),
        key=key,
        on_change=lambda: state.update(model_settled=True),
        persist_state="session",
    )
    if chosen == ANOTHER:
        with st.sidebar:
            _ask_for(words, kinds)
        chosen = state.get("model_before", default)
        chosen = chosen if chosen in names else default
    state["model_before"] = chosen
    if card := bundled(chosen):
        about = dict(parameters=f"{card.parameters / 1e6:.1f}", kind=words(f"controls.kind_{card.kind}"), licence=card.licence.upper())
        st.sidebar.caption(words("controls.card", name=chosen, languages=spoken(words, card.languages), **about))
    if not pending:  # until then the address keeps asking for the link's model
        share.mirror("model", chosen, default)
    return chosen


def _ask_for(words: Words, kinds: tuple[str, ...]) -> None:
    """The box for a folder or hub id."""
    typed = st.text_input(words("controls.other_label"), key="other_model", help=words("controls.other_help"), persist_state="session")
    if st.button(words("controls.other_load"), key="other_load"):
        _load(words, typed, kinds)


def _offer(words: Words, asked: str, default: str, kinds: tuple[str, ...]) -> None:
    """A link's model that is not bundled: says so, and loads it after a click where the server allows that."""
    if not may_load_others():
        st.info(plain.sentence(words, "controls.other_forbidden", default=default), icon=":material/info:")
        return
    st.info(plain.sentence(words, "controls.other_asked", name=asked, default=default), icon=":material/link:")
    if st.button(words("controls.other_load"), key="asked_load", type="primary"):
        _load(words, asked, kinds)


def _load(words: Words, name: str, kinds: tuple[str, ...]) -> None:
    """Loads a model that a person asked for; an error is told and nothing changes."""
    name = name.strip()
    try:
        if not may_load_others():
            raise AigcError("other_models_forbidden")
        with st.spinner(plain.sentence(words, "controls.other_loading", name=name)):
            kind = cache.backend().kind(name)
        if kind not in kinds:
            raise AigcError(f"wrong_kind_{kinds[0]}", name=name)
    except AigcError as problem:
        plain.error(words, problem)
        return
    if not bundled(name):
        st.session_state["other_models"][name] = kind
    st.session_state.update(arrived_model=name, model_settled=True)
    st.rerun()


def may_load_others() -> bool:
    """Whether this visitor may load a folder or hub id: by default only one who sits at the server's own machine."""
    rule = limits.current().other_models
    return rule == "always" or (rule == "loopback" and is_local(st.context.ip_address, st.context.headers))


def is_local(address: str | None, headers: Mapping[str, str]) -> bool:
    """True for a browser on this machine that asked for it by a loopback name and came through no proxy.

    Streamlit gives None as the address of a loopback connection, which is also what a proxy on this machine has.
    """
    host = urlsplit(f"//{headers.get('Host', '')}").hostname
    forwarded = any(name.lower().startswith(("x-forwarded", "forwarded", "x-real-ip", "via")) for name in headers)
    return address is None and host in ("localhost", "127.0.0.1", "::1") and not forwarded


def text(words: Words, examples: tuple[str, ...], model: str, default: str = DEFAULT_TEXT) -> str:
    """The text box: typing answers after a short pause, Enter at once; examples fill it; writing the model does not know is told."""

    def take(example: str) -> None:
        st.session_state["text"] = example

    share.recall("text", default)
    typed = st.text_input(
        words("controls.text"), default, key="text", bind="query-params", live=True, placeholder=words("controls.text_placeholder")
    )
    share.remember("text", None if typed == default else typed)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(words("controls.examples"), width="content")
        for index, example in enumerate(examples):
            st.button(example, key=f"example_{index}", on_click=take, args=(example,), type="tertiary")
    card = bundled(model)
    if card and scripts.foreign(typed, card.languages):
        st.info(words("notice.foreign", name=model, languages=spoken(words, card.languages)), icon=":material/translate:")
    return typed


def kind(model: str) -> str:
    """What the chosen model is for: causal, masked or translation."""
    card = bundled(model)
    return card.kind if card else st.session_state["other_models"][model]


def pair(words: Words, model: str) -> str | None:
    """A second text, for models that read pairs of sentences; None where there is none."""
    if kind(model) != "masked":
        return None
    share.recall("pair", "")
    typed = st.text_input(
        words("controls.pair"), key="pair", bind="query-params", live=True, placeholder=words("controls.pair_placeholder")
    )
    share.remember("pair", typed)
    return typed if typed.strip() else None


def spoken(words: Words, languages: tuple[str, ...]) -> str:
    """Languages by name; codes without a word of ours as they are."""
    known = words.table("language")
    return ", ".join(known.get(code, code) for code in languages) or words("controls.unknown")


def slider(words: Words, name: str, low: float, high: float, value: float, step: float) -> float:
    """A setting in the link. A server's limit below the usual value becomes the value; where it is the least, nothing is left to slide."""
    if high <= low:
        return low
    return st.slider(words(name), low, high, min(value, high), step, key=name, help=words(f"{name}_help"), bind="query-params")


def layer_and_head(words: Words, n_layers: int, n_heads: int) -> tuple[int, int]:
    """The chosen head; a click on the wall sets it too."""
    return number("layer", words("controls.layer"), n_layers), number("head", words("controls.head"), n_heads)


def number(name: str, label: str, count: int, width: int = 121) -> int:
    """One of ``count``, as a small number that a link restores."""
    share.recall(name, 0)
    if st.session_state.get(name, 0) >= count:
        st.session_state[name] = 0
    chosen = st.number_input(label, 0, max(count - 1, 1), 0, 1, key=name, bind="query-params", width=width, disabled=count == 1)
    share.remember(name, chosen)
    return chosen


def position(words: Words, tokens: Sequence[Token]) -> int:
    """A token of the text, the last word's where none is chosen; a link restores it."""
    default = max((place for place, token in enumerate(tokens) if not token.special), default=len(tokens) - 1)
    return place(words("controls.token"), tokens, "token", default)


def place(label: str, tokens: Sequence[Token], name: str, default: int) -> int:
    """One of the tokens by its index, which the link holds as ``name``.

    Another text is another widget: Streamlit hands back a choice by its old label where that is none of the new ones.
    """
    named = tuple(f"{index}  {visible(token.text)}" for index, token in enumerate(tokens))
    state, kept, wanted = st.session_state, f"place_{name}", share.asked(name)
    state.setdefault(kept, int(wanted) if wanted and wanted.isdecimal() and len(wanted) < 6 else default)
    if state[kept] >= len(named):
        state[kept] = default
    chosen = st.selectbox(
        label, range(len(named)), index=state[kept], format_func=named.__getitem__, key=f"{kept}_{hash(named)}", width=240
    )
    state[kept] = chosen
    share.mirror(name, str(chosen), default=str(default))
    return chosen


def choose_head(layer: int, head: int) -> None:
    """What a click on the wall does."""
    st.session_state["layer"], st.session_state["head"] = layer, head


def chosen_token() -> int | None:
    """The token, or node of a search, that was chosen on the page or in its link."""
    return chosen_number("token")


def chosen_number(name: str) -> int | None:
    """What a picture of our own let choose, kept by its number in the link."""
    asked = share.asked(name)
    chosen = st.session_state.setdefault(name, int(asked) if asked and asked.isdecimal() and len(asked) < 6 else None)
    share.mirror(name, "" if chosen is None else str(chosen), default="")
    return chosen


def token(count: int, default: int) -> int:
    """The chosen place of ``count``, and ``default`` where none is chosen."""
    chosen = chosen_token()
    return min(default if chosen is None else chosen, count - 1)


def choose_token(index: int) -> None:
    """What a click on a written token, or on a node of a search, does."""
    st.session_state["token"] = max(index, 0)


def choose_step(step: int | None) -> None:
    """What the slider of a replay does; None is the newest step."""
    st.session_state["step"] = step


def next_seed() -> int:
    """Another seed, which the link then carries."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % SEEDS
    return st.session_state["seed"]


def is_dark() -> bool:
    return st.context.theme.type == "dark"
