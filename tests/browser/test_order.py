"""The experiments of the positions page in a real browser: what breaks is seen, and stays when the language changes."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from aigc_core import models, order
from aigc_core.figures.labels import magnitude
from aigc_core.positions import ENCODINGS
from tests.browser import looks

TEXT = "The dog bites the man"
BASE = f"/positions?text={quote(TEXT)}"


@pytest.fixture(scope="module")
def found():
    """The order test by the library, as the page asks for it."""
    model = models.load("story-bert")
    return {name: order.shuffled(model, TEXT, ENCODINGS[name]) for name in ("article", "sinusoidal")}


def told(page, text: str):
    """The paragraph that says so."""
    return page.get_by_test_id("stMain").locator("p").filter(has_text=text).first


def dots(page) -> list[list[float]]:
    """The heights of the dots, one list for each series."""
    return page.locator(".js-plotly-plot").first.evaluate("plot => plot._fullData.map((trace) => Array.from(trace.y))")


def test_the_articles_formula_tells_no_order_and_sinusoids_do(found, server, open_page):
    page = open_page(f"{BASE}&view=order&encoding=article")
    other = " ".join(found["article"].words[word] for word in found["article"].order)
    verdict = told(page, "cannot tell")
    expect(verdict).to_contain_text(f"story-bert cannot tell “{TEXT}” from “{other}”", timeout=looks.MODEL_MS)
    expect(verdict).to_contain_text(magnitude(found["article"].largest))
    assert found["article"].largest < 1e-5
    looks.settle(page)
    assert max(dots(page)[0]) < 1e-5
    page.get_by_role("radio", name="Sinusoidal").click()
    expect(told(page, "story-bert tells")).to_contain_text(f"“{TEXT}” from “{other}”", timeout=looks.MODEL_MS)
    looks.settle(page)
    assert "encoding=sinusoidal" in page.url
    assert dots(page)[0] == pytest.approx(found["sinusoidal"].changes.tolist(), rel=1e-4)
    assert found["sinusoidal"].largest > 1e-2

    page.locator(".strip").first.get_by_role("button", name="dog").click()
    expect(page.locator(".strip .piece.selected")).to_have_text(["dog", "dog"])  # found in both orders
    looks.settle(page)
    assert "token=1" in page.url


def test_a_card_runs_both_lines_and_keeps_them_when_the_language_changes(found, server, open_page):
    page = open_page(f"{BASE}&view=versus&card=positions")
    values = page.get_by_test_id("stMetricValue")
    expect(values).to_have_text(["–", "–", "–"])
    assert page.locator(".katex [style*='color']").count() > 0  # the part at fault is marked
    page.get_by_role("button", name="Run both").click()
    numbers = [magnitude(found[name].largest) for name in ("article", "sinusoidal")]
    for index, number in enumerate(numbers):
        expect(values.nth(index)).to_have_text(number, timeout=looks.MODEL_MS)
    looks.settle(page)
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_role("button", name="重新抽取，再运行两边")).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    assert values.all_inner_texts()[:2] == numbers
    page.get_by_role("textbox", name="公式 P(pos, i) =").fill("pos")
    expect(told(page, "毫无察觉")).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    assert "formula=pos" in page.url
    page.get_by_test_id("stSidebarNav").get_by_role("link").first.click()
    expect(page.get_by_role("textbox", name="公式 P(pos, i) =")).to_have_count(0)
    looks.settle(page)
    page.go_back()
    expect(page.get_by_role("textbox", name="公式 P(pos, i) =")).to_have_value("pos", timeout=looks.MODEL_MS)
    looks.settle(page)
    assert "formula=pos" in page.url and "run=0" in page.url
