"""Every page on a telephone, on a desk, and in the dark."""

from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser import looks

VIEWS = ("what_if", "heads", "layers", "beside", "caution", "bertviz")
PAGES = [
    "/",
    "/attention",
    "/masked?text=The+%5BMASK%5D+ran.",
    "/gap?text=Her+___+was+___.&right=1",
    "/positions?a=custom",
    "/generate?length=12",
    "/beam?beam_length=6",
]
EVERY = [*product(PAGES, ("en", "zh")), *((f"/attention?view={view}", language) for view, language in zip(VIEWS, ("en", "zh") * 3))]
EVERY += [(f"/positions?view={view}", language) for view, language in zip(("beyond", "order", "own", "versus"), ("zh", "en") * 2)]


@pytest.mark.parametrize(("path", "language"), EVERY)
def test_nothing_scrolls_sideways_at_390_pixels(path, language, server, open_page):
    page = open_page(path + ("&" if "?" in path else "?") + f"lang={language}", width=390, height=844)
    if path == "/":
        expect(page.get_by_text("story-gpt").last).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    wide = page.evaluate(
        """() => [document.documentElement, document.body,
                ...document.querySelectorAll('[data-testid=stMain], [data-testid=stAppViewContainer]')]
            .filter((element) => element.scrollWidth > element.clientWidth + 1)
            .map((element) => [element.dataset.testid ?? element.tagName, element.scrollWidth, element.clientWidth])"""
    )
    assert wide == []
    box = looks.text_box(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize("path", PAGES)
def test_dark_is_followed(path, server, open_page):
    page = open_page(path, scheme="dark")
    red, green, blue = looks.background(page)
    assert max(red, green, blue) < 64


def test_pictures_follow_when_the_appearance_changes(server, open_page):
    page = open_page("/generate?length=6")
    looks.written(page)
    labels = page.locator(".js-plotly-plot .ytick text")
    light = labels.first.evaluate("text => getComputedStyle(text).fill")
    page.emulate_media(color_scheme="dark")
    expect(labels.first).not_to_have_css("fill", light)
    looks.settle(page)
    first = page.locator(".strip .piece.live").first
    background = first.evaluate("piece => getComputedStyle(piece).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert max(background) < 160  # dark enough for the pale letters of a dark page
