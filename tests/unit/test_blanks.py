"""Blanks as they are typed, and the curtain over a text's ends."""

from __future__ import annotations

import pytest

from aigc_core.errors import AigcError
from aigc_core.filling import blanks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ___ ran.", [("The", None), ("___", 0), ("ran.", None)]),
        ("Her red [MASK]. A ____!", [("Her", None), ("red", None), ("[MASK]", 0), (".", None), ("A", None), ("____", 1), ("!", None)]),
        ("bark<mask>  __ _", [("bark", None), ("<mask>", 0), ("__", None), ("_", None)]),
        ("小狗___叫了", [("小", None), ("狗", None), ("___", 0), ("叫", None), ("了", None)]),
        ("", []),
    ],
)
def test_units_are_words_and_blanks(text, expected):
    assert [(each.text, each.blank) for each in blanks.units(text)] == expected
    assert all(text[each.span.start : each.span.end] == each.text for each in blanks.units(text))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(0, 0, "Tom ate  a ___."), (1, 0, "ate  a ___."), (0, 1, "Tom ate  a ___"), (2, 1, "a ___"), (3, 2, ""), (5, 0, ""), (0, 9, "")],
)
def test_the_curtain_cuts_whole_words(left, right, expected):
    assert blanks.uncovered("Tom ate  a ___.", left, right) == expected


def test_parts_and_fillings_give_the_text_back():
    text = " The [MASK], and ____ ran."
    assert blanks.parts(text) == (" The ", ", and ", " ran.")
    assert blanks.fill(blanks.parts(text), ("[MASK]", "____")) == text
    assert blanks.before_last(text) == " The [MASK], and ____"


def test_a_closing_mark_takes_the_place_of_the_space():
    assert blanks.fill(("Tom ran ", " and ", "!"), (".", "sat")) == "Tom ran. and sat!"
    assert blanks.spaced(("", " ran"), (",",)) == ("", ",", " ran")


@pytest.mark.parametrize(("text", "key"), [("The __ ran", "no_blank"), ("___ " * 5, "many_blanks")])
def test_no_blank_and_too_many_are_told(text, key):
    with pytest.raises(AigcError) as told:
        blanks.parts(text)
    assert told.value.key == key
    assert key == "no_blank" or (told.value.values["found"], told.value.values["limit"]) == (5, 4)


@pytest.mark.parametrize(
    ("left", "joins", "begins"), [("The ", 0, 0), ("bark", 1, 0), ("(", 0, 1), ("小", 0, 0), ("", 0, 1), ("Yes. ", 0, 1), ("Tom (", 0, 0)]
)
def test_what_stands_before_a_blank(left, joins, begins):
    assert (blanks.joins(left), blanks.begins(left)) == (bool(joins), bool(begins))
