"""The fill-the-gap page through AppTest: its numbers are the library's, and what the curtain covers no model reads."""

from __future__ import annotations

import json
import math

import pytest

from aigc_core import filling, models
from aigc_core.filling.records import Bidirectional, Filling, LeftOnly, LeftToRight
from aigc_core.ui import controls, gaps
from aigc_core.ui.views import gap, gap_lists
from tests.app.helpers import LANGUAGES, components, open_page, texts, words_of

TEXT = "Tom was very ___ because he lost his toy."


@pytest.fixture(scope="module")
def bert():
    return models.load("story-bert")


@pytest.fixture(scope="module")
def gpt():
    return models.load("story-gpt")


def rows(app) -> list[list[tuple[str, str, str]]]:
    """What each list shows: label, value and mark."""
    found = [json.loads(proto.json) for proto in components(app, "glassbox_bars")]
    return [[(row["label"], row["value"], row["mark"]) for row in each["rows"]] for each in found]


def badges(app) -> list[str]:
    return [each.value for each in app.markdown if "-badge[" in each.value]


def percent(log_prob: float) -> str:
    share = math.exp(log_prob)
    return f"{share:.1%}" if share >= 0.001 else "<0.1%"


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_lists_hold_the_models_own_numbers(language, bert, gpt):
    app, page = open_page("gap", lang=language, text=TEXT), words_of("gap", language)
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    both, left, whole = rows(app)
    asked = filling.bidirectional(bert, TEXT).joint
    assert both == [(each.texts[0], percent(each.log_prob), "") for each in asked]
    written = filling.left_to_right(gpt, "Tom was very ___").blanks[0]
    assert left == [(each.texts[0], percent(each.log_prob), "") for each in written.words]
    every = tuple({each.texts: None for each in (*asked, *written.words)})
    ranked = filling.rank(gpt, TEXT, every).ranked
    assert whole == [(each.texts[0], f"−{-each.log_prob:.2f}", "") for each in ranked]
    best = dict(both=asked[0].texts[0], left=written.words[0].texts[0], whole=ranked[0].texts[0])
    assert (best["both"], best["whole"]) == ("sad", "sad") and best["left"] != "sad"  # the lesson of the page's first example
    assert page("verdict.left_apart", **best) in texts(app)
    assert sum(page("uncovered") in each for each in badges(app)) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_the_right_covered_only_the_left_alone_is_the_same(language, bert):
    page = words_of("gap", language)
    open_, app = open_page("gap", lang=language, text=TEXT), open_page("gap", lang=language, text=TEXT, right="5")
    assert not app.exception and not app.error
    for name, badge in zip(("changed", "same", "changed"), badges(app), strict=True):
        assert page(name) in badge
    before, now = rows(open_), rows(app)
    assert now[0] != before[0] and now[1] == before[1] and now[2] != before[2]
    seen = filling.bidirectional(bert, "Tom was very ___").joint
    old = [label for label, *_ in before[0]]
    for place, (row, each) in enumerate(zip(now[0], seen, strict=True)):
        step = old.index(each.texts[0]) - place if each.texts[0] in old else None
        mark = page("new") if step is None else f"↑{step}" if step > 0 else f"↓{-step}" if step else ""
        assert row == (each.texts[0], percent(each.log_prob), mark)
    strips = [[json.loads(proto.json)["pieces"] for proto in components(each, "glassbox_strip")] for each in (open_, app)]
    assert strips[0] == strips[1] and strips[0][0][1][0].strip()


def test_covering_the_left_changes_what_the_writer_writes(gpt):
    app = open_page("gap", text=TEXT)
    app.button(key="cover_left_button").click().run()
    assert not app.exception and app.query_params["left"] == "3"
    assert rows(app)[1][0][0] == filling.left_to_right(gpt, "___").blanks[0].words[0].texts[0]
    assert all(words_of("gap", "en")("changed") in each for each in badges(app))
    app.button(key="uncover_button").click().run()
    assert "left" not in app.query_params
    app.button(key="cover_right_button").click().run()
    assert app.query_params["right"] == "5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_blanks_are_filled_alone_and_together(language, bert, gpt):
    text = "Her ___ was [MASK]."
    app, page = open_page("gap", lang=language, text=text), words_of("gap", language)
    assert not app.exception and not app.error
    asked = filling.bidirectional(bert, text)
    first, second, joint, *left, whole = rows(app)
    for shown, found in zip((first, second, joint), (*asked.independent, asked.joint)):
        assert shown == [(" · ".join(each.texts), percent(each.log_prob), "") for each in found[:5]]
    for shown, found in zip(left, filling.left_to_right(gpt, "Her ___ was ___").blanks, strict=True):
        assert shown == [(each.texts[0], percent(each.log_prob), "") for each in found.words[:5]]
    assert page("joint_title") in texts(app) and whole[0][0] == "mom · sad"


def test_lists_of_any_number_of_pieces_stand_apart(bert):
    app = open_page("gap", text="The ___ swam.", pieces="any")
    shown, page = rows(app), words_of("gap", "en")
    for pieces in (1, 2, 3):
        found = filling.bidirectional(bert, "The ___ swam.", pieces, 4).joint
        assert [label for label, *_ in shown[pieces - 1]] == [each.texts[0] for each in found]
        assert page("pieces_title", count=pieces) in texts(app)
    assert page("any_caption") in texts(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_within_a_word_only_the_same_tokens_are_compared(language, gpt):
    text = "She play___ ball."
    app, page = open_page("gap", lang=language, text=text), words_of("gap", language)
    listed = filling.left_to_right(gpt, "She play___").blanks[0].words
    read = {each.texts: each for each in filling.rank(gpt, text, tuple(each.texts for each in listed)).ranked}
    others = [each for each in listed if (each.token_ids,) != read[each.texts].token_ids]
    assert [each.texts for each in others] == [("fully",)] and abs(others[0].log_prob - read[("fully",)].words) > 1
    same = [each for each in listed if each not in others]
    assert page("other_pieces", count=1) in texts(app)
    assert page("measured", count=len(same), nats="@").split("@")[0] in texts(app)
    assert all(abs(each.log_prob - read[each.texts].words) < gap.ROUNDING for each in same)
    (written,) = [json.loads(proto.json) for proto in components(app, "glassbox_written_out")]
    (told,) = [each for each in written["candidates"] if each["names"] == ["0 fully"]]
    assert percent(others[0].log_prob) in json.dumps(told)  # "left only": the list's own number


def test_the_curtain_stays_over_what_both_texts_have():
    app = open_page("gap", text=TEXT, right="3", filling="sad")
    blanked = TEXT.replace("Tom", "___")
    app.text_input(key="text").set_value(blanked).run()
    assert app.query_params["right"] == "3" and "filling" not in app.query_params
    app.button(key="undo_button").click().run()
    assert app.text_input(key="text").value == TEXT and app.query_params["right"] == "3"
    app.text_input(key="text").set_value("The ___ swam to me.").run()
    assert "right" not in app.query_params
    app.button(key="cover_right_button").click().run()
    assert app.query_params["right"] == "3"
    app.button(key="undo_button").click().run()  # back to a text that ends otherwise
    assert app.text_input(key="text").value == TEXT and "right" not in app.query_params


def test_each_page_undoes_its_own_texts(monkeypatch):
    state = {"page_before": "gap", "text": "two"}
    monkeypatch.setattr(gaps.st, "session_state", state)
    assert not gaps.remember("one") and gaps.remember("two")
    state["page_before"] = "masked"
    assert not gaps.remember("two") and gaps.remember("three")
    state.update(page_before="gap")
    gaps.undo()
    assert state["text"] == "one"


def test_of_two_words_that_differ_in_capitals_only_each_is_itself():
    """To a masked model without capitals they are one candidate: then the more probable one's number counts."""

    def ways(*found: tuple[str, float]) -> gap.Ways:
        words = tuple(Filling((text,), (0,), log_prob) for text, log_prob in found)
        blank = LeftOnly("", words, "")
        return gap.Ways("___ ___", (Bidirectional(1, ((), ()), False, ()),), LeftToRight((blank, blank)), (), {})

    page = words_of("gap", "en")
    now = ways(("Tom", -1.0), ("tom", -2.0))
    scene = gap_lists.Scene(now, now, 0, page)
    rows = now.left.blanks[0].words
    assert gap_lists.moved(scene, rows, rows) == ["", ""]
    assert gap_lists.moved(scene, rows[1:], rows[:1]) == [""]  # nothing of its own before: the one that it cannot be told from
    told = gap.candidates(now, range(2), page, "bert", "gpt")
    assert [each.names for each in told] == [("0 tom",), ("1 tom",)]
    assert all(each.numbers[1].value == percent(-1.0) and each.sentence[1] in ("Tom", "___") for each in told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("link", "key"),
    [
        (dict(text="The dog barked."), "no_blank"),
        (dict(text=TEXT, right="6"), "all_covered"),
        (dict(text="___ " * 5), "error.many_blanks"),
        (dict(text="Her ___ was ___.", right="2"), "blank_covered"),
        (dict(text=TEXT, writer="someone/else"), "writer_unknown"),
        (dict(text="a" * 4000 + " ___"), "error.text_long"),
        (dict(text="cat " * 300 + "___"), "error.context_full"),
    ],
)
def test_what_is_missing_is_said(language, link, key):
    app, page = open_page("gap", lang=language, **link), words_of("gap", language)
    assert not app.exception
    assert app.text_input(key="text").value == link["text"].strip() or len(link["text"]) != len(link["text"].strip())
    found, limit = {"error.text_long": (4004, 4000), "error.context_full": (303, 256)}.get(key, (5, 4))
    assert page(key, found=found, limit=limit, numbers="2", name="someone/else", default="story-gpt") in texts(app)


def test_a_held_candidate_stays_under_the_curtain(gpt):
    app = open_page("gap", text=TEXT, right="5", filling="upset")
    whole = [label for label, *_ in rows(app)[2]]
    assert "upset" in whole
    (written,) = [json.loads(proto.json) for proto in components(app, "glassbox_written_out")]
    assert written["chosen"] == ["0 upset"]
    assert next(each for each in written["candidates"] if each["names"] == written["chosen"])["sentence"] == ["Tom was very ", "upset", ""]
    assert app.query_params["filling"] == "upset"


def test_the_usual_text_of_this_page_is_no_other_pages():
    app = open_page("gap", length="3", beam_length="3")
    usual = app.text_input(key="text").value
    app.switch_page("../../pages/generate/page.py").run()
    assert app.text_input(key="text").value == controls.DEFAULT_TEXT
    app.switch_page("../../pages/gap/page.py").run()
    assert app.text_input(key="text").value == usual and "___" in usual
    app.text_input(key="text").set_value("The ___ swam.").run()
    app.switch_page("../../pages/masked/page.py").run()
    assert app.text_input(key="text").value == "The ___ swam."
