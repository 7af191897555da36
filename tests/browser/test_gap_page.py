"""The fill-the-gap page in a browser: the curtain is drawn by hand, and what it covers changes only the lists that had read it."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser import looks

TEXT = "Tom was very ___ because he lost his toy."
CHANGED, SAME = "changed by the curtain", "the same, to the last digit"


def lists(page) -> list[list[list[str]]]:
    """Of each list its rows: label and value."""
    rows = [each.locator("button").all() for each in page.locator(".bars").all()]
    return [[row.locator(".label, .value").all_inner_texts() for row in each] for each in rows]


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawn(page, handle: str, aim, past: float) -> None:
    """Draws a handle to a place beside an element; the curtain must follow before it is let go."""
    page.mouse.move(*middle(page.locator(f".handle.{handle}")))
    page.mouse.down()
    x, y = middle(aim)
    page.mouse.move(x + past, y, steps=6)
    expect(page.locator(".unit.hidden").first).to_be_visible()
    page.mouse.up()


def test_with_the_right_half_covered_bert_changes_and_gpt_does_not(server, open_page):
    page = open_page(f"/gap?text={quote(TEXT)}")
    expect(page.locator(".bars")).to_have_count(3, timeout=looks.MODEL_MS)
    before, written = lists(page), looks.pieces(page)
    assert written[0] == "Tom was very " and len(written[1]) > 20

    drawn(page, "right", page.locator(".unit.blank"), 30)
    expect(page.get_by_text(CHANGED)).to_have_count(2)
    looks.settle(page)
    assert page.locator(".unit.hidden").all_inner_texts() == ["because", "he", "lost", "his", "toy."]
    assert page.url.endswith("right=5")
    now = lists(page)
    assert now[0] != before[0] and now[0][0][0] != before[0][0][0]  # BERT's list, from its first word on
    assert now[1] == before[1] and looks.pieces(page) == written  # GPT's words, and its continuation to the last character
    assert now[2] != before[2]
    expect(page.get_by_text(SAME)).to_have_count(1)
    assert any(re.fullmatch(r"[↑↓]\d+|new", mark) for mark in page.locator(".bars").first.locator(".mark").all_inner_texts())

    page.get_by_role("button", name="Uncover").click()
    expect(page.get_by_text("nothing covered")).to_have_count(3)
    looks.settle(page)
    assert lists(page) == before and looks.pieces(page) == written


def test_the_left_by_keyboard_and_one_candidate_in_all_lists(server, open_page):
    page = open_page(f"/gap?text={quote(TEXT)}&filling=sad")
    expect(page.locator(".bars")).to_have_count(3, timeout=looks.MODEL_MS)
    lit = page.locator(".bars button.lit .label")
    assert lit.all_inner_texts() == ["sad"] * 3
    row = page.locator(".bars").nth(2).locator("button", has_text="happy")
    row.hover()
    assert lit.all_inner_texts() == ["happy"] * 3
    expect(page.locator(".sentence")).to_have_text(TEXT.replace("___", "happy"))
    row.click()
    looks.settle(page)
    assert "filling=happy" in page.url

    handle = page.get_by_role("slider", name="Curtain from the left")
    for _ in range(3):
        handle.press("ArrowRight")
    expect(page.get_by_text(CHANGED)).to_have_count(3)
    looks.settle(page)
    assert "left=3" in page.url and looks.focused(handle)
    expect(handle).to_have_attribute("aria-valuenow", "3")
    expect(page.locator(".sentence")).to_have_text(TEXT.replace("Tom was very ___", "happy"))  # the one held

    page.locator(".unit.word", has_text="toy.").click()  # blanked; its full stop stays
    expect(looks.text_box(page)).to_have_value("Tom was very ___ because he lost his ___.")
    looks.settle(page)
    expect(page.locator(".bars")).to_have_count(6)  # two blanks and both together, the writer's two, the judgement
    assert "left=3" in page.url


def test_words_are_blanked_while_the_curtain_is_drawn_and_by_the_keyboard(server, open_page):
    page = open_page(f"/gap?text={quote(TEXT)}")
    expect(page.locator(".bars")).to_have_count(3, timeout=looks.MODEL_MS)
    looks.settle(page)
    box, handle, word = looks.text_box(page), page.get_by_role("slider", name="Curtain from the right"), page.locator(".unit.word")
    handle.press("ArrowLeft")
    handle.press("ArrowLeft")
    word.filter(has_text="lost").click()
    blanked = TEXT.replace("lost", "___")
    for _ in range(100):  # keys are down when the new text comes
        handle.press("ArrowRight")
        handle.press("ArrowLeft")
        if box.input_value() == blanked:
            break
    expect(page.locator(".unit.blank")).to_have_text(["1", "2"])
    assert box.input_value() == blanked and page.locator(".unit.hidden").all_inner_texts() == ["his", "toy."]
    looks.settle(page)
    assert page.locator(".unit.hidden").all_inner_texts() == ["his", "toy."]
    assert "right=2" in page.url and looks.focused(handle)

    first = word.filter(has_text="Tom")
    first.focus()
    first.press("Enter")
    expect(page.locator(".unit.blank")).to_have_count(3)
    looks.settle(page)
    assert looks.focused(word.filter(has_text="was"))
    assert box.input_value() == blanked.replace("Tom", "___") and "right=2" in page.url

    for before in (blanked, TEXT):
        page.get_by_role("button", name="Undo").click()
        expect(box).to_have_value(before)
    looks.settle(page)
    assert "right=2" in page.url and page.locator(".unit.hidden").all_inner_texts() == ["his", "toy."]


def test_a_finger_draws_it_on_a_telephone(server, browser, open_page):
    page = open_page(f"/gap?lang=zh&text={quote(TEXT)}", width=390, height=844)
    expect(page.locator(".bars")).to_have_count(3, timeout=looks.MODEL_MS)
    looks.settle(page)
    start, aim = middle(page.locator(".handle.right")), middle(page.locator(".unit.blank"))
    client = page.context.new_cdp_session(page)
    moves = [("touchStart", [start]), ("touchMove", [(start[0] - 20, start[1])]), ("touchMove", [(aim[0] + 25, aim[1])]), ("touchEnd", [])]
    for kind, points in moves:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
    expect(page.get_by_text("因帘子而改变")).to_have_count(2)
    looks.settle(page)
    assert page.url.endswith("right=5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    hostile = "<img src=x onerror=alert(1)> ___ {0} $x$ **b** ![y](http://example.com/y.png)"
    looks.text_box(page).fill(hostile)
    looks.settle(page)
    expect(page.get_by_text("没有遮住")).to_have_count(3)  # a text that ends otherwise comes uncovered
    assert page.locator(".curtain").inner_text().split()[:3] == ["<img", "src=x", "onerror=alert(1)>"]
    assert page.locator("img[src='x'], img[src*='example.com']").count() == 0
    assert looks.alerts(page) == []
