"""The masked-words page: mask two words by click, accept a candidate, undo."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from aigc_core.models.cards import bundled
from tests.browser import looks

pytestmark = pytest.mark.skipif(bundled("story-bert") is None, reason="story-bert is not bundled yet, and its page not in the menu")
TEXT = "The dog ran to the park."


def word(page, text: str):
    return page.locator(".strip .piece.live", has_text=text)


def test_mask_two_words_accept_one_undo(server, open_page):
    from aigc_core import masked, models

    page = open_page(f"/masked?text={quote(TEXT)}")
    word(page, "dog").click(timeout=looks.MODEL_MS)
    expect(looks.text_box(page)).to_have_value("The [MASK] ran to the park.")
    word(page, "park").click()
    both = "The [MASK] ran to the [MASK]."
    expect(looks.text_box(page)).to_have_value(both)
    looks.settle(page)

    gaps = masked.predict(models.load("story-bert"), both, top_k=8)
    lists = page.locator(".bars")
    expect(lists).to_have_count(2)
    for gap, drawn in zip(gaps, lists.all()):
        rows = drawn.locator("button").all()
        assert len(rows) == 8
        for candidate, row in zip(gap.candidates, rows):
            assert candidate.token.text in row.inner_text() and f"{candidate.probability:.1%}" in row.inner_text()

    lists.nth(1).locator("button").first.click()
    accepted = both[: both.rindex("[")] + gaps[1].candidates[0].token.text + "."
    expect(looks.text_box(page)).to_have_value(accepted)
    page.get_by_role("button", name="Undo").click()
    expect(looks.text_box(page)).to_have_value(both)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_became_unknown_is_marked(language, server, open_page):
    page = open_page(f"/masked?text={quote('The 🙂 dog [MASK].')}&lang={language}")
    expect(page.locator(".strip .piece", has_text="[UNK]")).to_have_count(1, timeout=looks.MODEL_MS)
