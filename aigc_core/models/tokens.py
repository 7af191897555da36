"""From token ids to readable tokens, and from a text to ids the model can take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.traces import Span, Token

if TYPE_CHECKING:
    from aigc_core.models.loading import LanguageModel

METASPACE = "\u2581"  # SentencePiece writes a space so


@cache
def byte_of_character() -> dict[str, int]:
    """GPT-2's table from printable characters to bytes (Radford et al. 2019, released encoder)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(hidden)}


def readable(tokenizer, token_id: int, piece: str) -> str:
    """A token's own text. Bytes that are no whole character are written as ⟨e4 bd⟩, which is what the model sees of them."""
    text = tokenizer.decode([token_id], clean_up_tokenization_spaces=False)
    if "\ufffd" in text:
        known = byte_of_character()
        found = [known[character] for character in piece if character in known]
        if piece.startswith("<0x") and piece.endswith(">"):
            return f"⟨{piece[3:-1].lower()}⟩"
        return f"⟨{' '.join(f'{byte:02x}' for byte in found)}⟩" if len(found) == len(piece) else piece
    if piece.startswith(METASPACE):  # decoding alone loses the first space
        return " " * (len(piece) - len(piece.lstrip(METASPACE))) + text.lstrip(" ")
    return text or piece


known: WeakKeyDictionary[LanguageModel, dict[int, Token]] = WeakKeyDictionary()  # what ``tokens`` has read, by model


def tokens(model: LanguageModel, ids: Sequence[int]) -> tuple[Token, ...]:
    """The records of token ids; each is read once, since a search asks for the same ones at every step."""
    read = known.setdefault(model, {})
    if new := [token_id for token_id in dict.fromkeys(ids) if token_id not in read]:
        tokenizer = model.tokenizer
        special = set(tokenizer.all_special_ids)
        for token_id, piece in zip(new, tokenizer.convert_ids_to_tokens(new)):
            if piece is None:  # an id of the embedding beyond the tokenizer's own: some families pad their vocabulary
                piece = f"⟨{token_id}⟩"
            text = piece if token_id in special else readable(tokenizer, token_id, piece)
            read[token_id] = Token(token_id, text, piece, token_id in special)
    return tuple(read[token_id] for token_id in ids)


def whole(text: str) -> str:
    """Half of a surrogate pair, which a damaged link can hold, is no character: it becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def places(model: LanguageModel, text: str, pair: str | None = None) -> dict[str, tuple]:
    """Where the tokens of ``encode`` stand: ``spans`` in the text, ``words`` (index, −1 for added tokens) and, of a pair, ``segments``.

    Empty for a tokenizer that cannot say.
    """
    if not model.tokenizer.is_fast:
        return {}
    encoded = model.tokenizer(whole(text), pair and whole(pair), return_offsets_mapping=True, verbose=False)
    numbers = dict(words=encoded.word_ids(), segments=encoded.sequence_ids() if pair else ())
    spans = tuple(Span(*span) for span in encoded["offset_mapping"])
    return dict(spans=spans) | {name: tuple(-1 if each is None else each for each in found) for name, found in numbers.items()}


def encode(model: LanguageModel, text: str, pair: str | None = None, room_for: int = 0) -> dict:
    """Tokenises by the tokenizer's defaults: tensors [1, position] by the names that the model takes.

    Raises AigcError: text_empty, text_long (characters), context_full (tokens, with ``room_for`` new ones).
    """
    limit = limits.current().characters
    text, pair = whole(text), pair and whole(pair)
    for part in (text,) if pair is None else (text, pair):
        if not part.strip():
            raise AigcError("text_empty")
        if len(part) > limit:
            raise AigcError("text_long", limit=limit, found=len(part))
    encoded = model.tokenizer(text, pair, return_tensors="pt", verbose=False)
    found = encoded["input_ids"].shape[1]
    if not found:
        raise AigcError("text_empty")
    if model.n_ctx is not None and found + room_for > model.n_ctx:
        key = "context_full_new" if room_for else "context_full"
        raise AigcError(key, limit=model.n_ctx, found=found, new=room_for)
    return {name: encoded[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in encoded}
