"""Tokens as people read them: whole characters, bytes that are none, spaces and controls made visible."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers import models as pieces
from transformers import PreTrainedTokenizerFast

from aigc_core import attention
from aigc_core.figures.labels import plotly, visible
from aigc_core.models.tokens import byte_of_character, readable, tokens
from aigc_core.traces import Token
from tests.models import byte_pieces, word_pieces


def texts(tokenizer, text: str) -> list[str]:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [readable(tokenizer, token_id, piece) for token_id, piece in zip(ids, tokenizer.convert_ids_to_tokens(ids))]


def test_the_table_of_bytes_is_the_tokenizers_own():
    """Each byte's character in our table is the one that byte-level BPE writes for it."""
    assert sorted(byte_of_character().values()) == list(range(256))
    assert set(byte_of_character()) == set(pre_tokenizers.ByteLevel.alphabet())
    for text in ("狗", "é", "\n", "🙂", "\x00", " "):
        written = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)[0][0]
        assert bytes(byte_of_character()[character] for character in written) == text.encode()


def test_readable_tokens_join_to_the_text():
    text = "The little dog barked.\nLily and Tom"
    found = texts(byte_pieces(), text)
    assert "".join(found) == text
    assert " dog" in found  # with its space, not with Ġ


def test_parts_of_a_character_are_shown_as_bytes():
    """你 is e4 bd a0: a tokenizer that has seen no Chinese splits it into three pieces."""
    assert texts(byte_pieces(), "你") == ["⟨e4⟩", "⟨bd⟩", "⟨a0⟩"]
    assert texts(byte_pieces(), "é") == ["⟨c3⟩", "⟨a9⟩"]


def with_vocabulary(vocabulary: list[str], decoder, **special) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(pieces.BPE(vocab={piece: index for index, piece in enumerate(vocabulary)}, merges=[], byte_fallback=True))
    tokenizer.decoder = decoder
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def test_a_piece_of_two_bytes_shows_both():
    both = "".join({byte: character for character, byte in byte_of_character().items()}[byte] for byte in (0xE4, 0xBD))
    tokenizer = with_vocabulary([both, "a"], decoders.ByteLevel())
    assert readable(tokenizer, 0, both) == "⟨e4 bd⟩"


def sentencepiece() -> PreTrainedTokenizerFast:
    """Pieces as SentencePiece has them: ▁ for a space, <0xE4> for a byte."""
    decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return with_vocabulary(["▁dog", "dog", "<0xE4>", "<0x41>", "▁", "▁▁a"], decoder)


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, " dog"), (1, "dog"), (2, "⟨e4⟩"), (3, "A"), (4, " "), (5, "  a")],
    ids=["word", "rest", "byte", "letter", "space", "two"],
)
def test_pieces_of_sentencepiece(index, expected):
    tokenizer = sentencepiece()
    assert readable(tokenizer, index, tokenizer.convert_ids_to_tokens(index)) == expected


def test_metaspace_decoders_lose_the_first_space_and_it_is_put_back():
    tokenizer = with_vocabulary(["▁dog", "s"], decoders.Metaspace())
    assert tokenizer.decode([0]) == "dog"
    assert readable(tokenizer, 0, "▁dog") == " dog"


def test_pieces_of_wordpiece_keep_their_joining_marks():
    found = texts(word_pieces(True), "barkeds")
    assert found[0] == "barked" and all(each.startswith("##") for each in found[1:]) and len(found) > 1


def test_special_tokens_are_shown_as_they_are_called(model_of):
    found = attention.trace(model_of("bert"), "the dog").tokens
    assert (found[0].text, found[0].special, found[-1].text, found[-1].special) == ("[CLS]", True, "[SEP]", True)
    assert not any(token.special for token in found[1:-1])
    first = attention.trace(model_of("gpt2"), "<|endoftext|>a").tokens[0]
    assert first == Token(0, "<|endoftext|>", "<|endoftext|>", True)


def test_an_id_beyond_the_tokenizer_has_a_name(model_of):
    """Some families pad their vocabulary: such an id can be drawn, but has no piece."""
    assert [token.text for token in tokens(model_of("gpt2"), [5, 999_999])][1] == "⟨999999⟩"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dog", "dog"),
        (" dog", "·dog"),
        ("", "∅"),
        ("\n", "↵"),
        ("a\tb", "a⇥b"),
        ("\x00\x07", "⟨0⟩⟨7⟩"),
        ("\x1b[31m", "⟨1b⟩[31m"),
        ("a\u202eb", "a⟨202e⟩b"),  # right-to-left override: would turn the label round
        ("\u200b\u200d\ufeff", "⟨200b⟩⟨200d⟩⟨feff⟩"),  # zero width
        ("\u2066x\u2069", "⟨2066⟩x⟨2069⟩"),
        ("\u00a0\u3000\u2028", "⟨a0⟩⟨3000⟩⟨2028⟩"),
        ("\ue000\U000e0041", "⟨e000⟩⟨e0041⟩"),  # private use, tag
        ("\ud800", "⟨d800⟩"),  # half a pair
        ("狗é🙂", "狗é🙂"),
        ("<b>&", "<b>&"),  # text is text: escaping is for those who read markup
    ],
)
def test_what_cannot_be_seen_is_shown(text, expected):
    assert visible(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("</script>", "&lt;/script&gt;"),
        ('<a href="javascript:1">', '&lt;a·href="javascript:1"&gt;'),
        ("&lt;", "&amp;lt;"),
        ("&", "&amp;"),
        (" \u202e<", "·⟨202e⟩&lt;"),
    ],
)
def test_no_markup_is_left_for_plotly(text, expected):
    assert plotly(text) == expected
