"""The generate page writes what the library writes, and shows the library's numbers."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser import looks

PROMPT = "The little dog"
LINK = f"/generate?text={quote(PROMPT)}&temperature=0.9&top_k=20&seed=7&length=8"


@pytest.fixture(scope="module")
def steps():
    from aigc_core import decoding, models

    settings = decoding.SamplingSettings(temperature=0.9, top_k=20, seed=7, max_new_tokens=8)
    return list(decoding.sample(models.load("story-gpt"), PROMPT, settings))


def test_two_browsers_write_the_same_text_and_it_is_the_librarys(steps, server, open_page):
    first, second = looks.written(open_page(LINK)), looks.written(open_page(LINK))
    assert first == second == [looks.shown(step.token.text) for step in steps]


def test_the_rivals_are_the_librarys_numbers(steps, server, open_page):
    page = open_page(LINK)
    looks.written(page)
    page.locator(".strip .piece.live").nth(2).click()
    looks.settle(page)
    step = steps[2]
    after = step.probabilities[step.token.id]
    expect(page.get_by_text(f"Token 3 was taken with a probability of {after:.1%}")).to_be_visible()
    bars = looks.bars(page)
    ours = sorted((float(step.probabilities[each.id]) for each in step.candidates), reverse=True)
    drawn = sorted(max(bars, key=lambda trace: max(trace)), reverse=True)
    assert drawn[0] == pytest.approx(ours[0], abs=1e-6)
    assert page.url.endswith("token=2")


def test_another_seed_writes_another_text(server, open_page):
    page = open_page(LINK)
    before = looks.written(page)
    page.get_by_role("button", name="Write again").click()
    expect(looks.number(page, "Seed")).to_have_value("8")
    after = looks.written(page)
    assert after != before
    assert "seed=8" in page.url


def test_stop_keeps_what_is_written(server, open_page):
    page = open_page(f"/generate?text={quote(PROMPT)}&seed=3&length=200", settled=False)
    page.locator(".strip .piece.live").nth(3).wait_for(timeout=looks.MODEL_MS)
    page.get_by_role("button", name="Stop").click()
    tokens = looks.written(page)
    assert 4 <= len(tokens) < 190
    expect(page.get_by_text(f"Stopped after {len(tokens)} tokens.")).to_be_visible()


def test_typing_writes_anew_without_enter(server, open_page):
    page = open_page(LINK)
    looks.written(page)
    looks.type_text(page, "Lily and Tom")
    expect(page.locator(".strip .piece.quiet")).to_have_text("Lily and Tom", timeout=looks.MODEL_MS)
    assert looks.written(page)
    expect(looks.text_box(page)).to_have_value("Lily and Tom")
