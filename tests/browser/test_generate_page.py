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


def test_the_table_holds_the_librarys_numbers_and_a_slider_reads_them_anew(steps, server, open_page):
    page = open_page(LINK)
    before = looks.written(page)
    page.locator(".strip .piece.live").nth(2).click()
    looks.settle(page)
    step = steps[2]
    after = step.probabilities[step.token.id]
    expect(page.get_by_text(f"Token 3 was taken with a probability of {after:.1%}")).to_be_visible()
    assert page.url.endswith("token=2")
    shown = rows(page)
    for (token, probability, cut), id in zip(shown[:30], step.order):
        assert not cut if step.probabilities[id] > 0 else cut
        assert float(probability) == pytest.approx(100 * step.probabilities[id], abs=0.051)
    assert sum(not cut for _, _, cut in shown) == 20 == (step.probabilities > 0).sum()
    looks.slider(page, "Top-k").press("ArrowLeft")
    looks.settle(page)
    assert sum(not cut for _, _, cut in rows(page)) == 19
    assert looks.written(page) == before  # the text stays until somebody writes
    expect(page.get_by_text("no model runs")).to_be_visible()


def rows(page) -> list[tuple[str, str, bool]]:
    """Of each candidate in the table its token, its probability in per cent, and whether a filter cut it."""
    return page.locator(".frame tbody tr:has(bdi)").evaluate_all(
        """rows => rows.map((row) => [row.querySelector("bdi").textContent,
            row.querySelector(".probability").textContent.replace("%", ""), row.classList.contains("cut")])"""
    )


def test_picked_by_hand_written_on_and_the_same_in_another_browser(server, open_page):
    page = open_page(LINK)
    before = looks.written(page)
    page.locator(".strip .piece.live").nth(4).click()
    looks.settle(page)
    other = next(token for token, _, _ in rows(page) if token != before[4])
    page.locator(".frame tbody button").filter(has_text=other).first.click()
    looks.settle(page)
    assert looks.written(page) == [*before[:4], other]
    expect(page.get_by_text("What may come next")).to_be_visible()
    page.get_by_role("button", name="Write on").click()
    longer = looks.written(page)
    assert longer[:5] == [*before[:4], other] and 5 < len(longer) <= 13
    assert looks.written(open_page(page.url.removeprefix(server.url))) == longer
    page.get_by_role("button", name="Undo").click()
    looks.settle(page)
    assert looks.written(page) == [*before[:4], other]


def test_another_seed_writes_another_text(server, open_page):
    page = open_page(LINK)
    before = looks.written(page)
    page.get_by_role("button", name="Next seed").click()
    expect(looks.number(page, "Seed")).to_have_value("8")
    after = looks.written(page)
    assert after != before
    assert "seed=8" in page.url and "branches" not in page.url


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
