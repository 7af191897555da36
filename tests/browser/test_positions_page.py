"""The positions page as it is used: the pictures follow a slider that is dragged, and a cell says how its number comes about."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from scripts import real_app
from tests.browser import looks
from tests.source import ROOT


@pytest.fixture(scope="module")
def asked_server(tmp_path_factory):
    """The app, which tells its log what the backend is asked for."""
    with real_app.serve(ROOT / "tests" / "browser" / "asked_app.py", tmp_path_factory.mktemp("asked") / "server.log") as running:
        yield running


@pytest.fixture(scope="module")
def rows():
    from aigc_core import models, positions

    return positions.learned(models.load("story-bert")).rows


def drawn(page: Page) -> None:
    expect(page.locator(".lab .heat canvas").last).to_have_attribute("data-paints", re.compile(r"\d+"), timeout=looks.MODEL_MS)
    looks.settle(page)


def hover(page: Page, canvas: Locator, row: int, column: int) -> list[str]:
    """What both sides write of a cell while the pointer is on it."""
    canvas.scroll_into_view_if_needed()
    told = canvas.evaluate("canvas => ({ ...canvas.dataset })")
    left, top, width, height = (float(told[name]) for name in ("left", "top", "cellWidth", "cellHeight"))
    canvas.hover(position={"x": left + (column + 0.5) * width, "y": top + (row + 0.5) * height})
    return page.locator(".lab .heat .worked").all_inner_texts()


def drag(page: Page, name: str, seconds: float = 2.0) -> None:
    """Pulls a slider to and fro and lets it go at its right end."""
    box = page.locator(f".lab input[name={name}]").bounding_box()
    left, right, middle = box["x"] + 9, box["x"] + box["width"] - 9, box["y"] + box["height"] / 2
    page.mouse.move(left, middle)
    page.mouse.down()
    steps = round(seconds * 20)
    for step in range(1, steps + 1):
        page.mouse.move(left + (right - left) * (0.5 - 0.5 * math.cos(math.pi * step / steps * 3)), middle)
        page.wait_for_timeout(1000 * seconds / steps)
    page.mouse.move(right, middle)
    page.mouse.up()


def paints(page: Page) -> list[int]:
    return [int(canvas.get_attribute("data-paints")) for canvas in page.locator(".lab .heat canvas").all()]


def test_a_cell_its_formula_and_the_pictures_that_follow(asked_server, open_page, rows):
    page = open_page("/positions", on=asked_server)
    drawn(page)
    heat = page.locator(".lab .heat canvas").first
    wanted = f"sin(7 / 10000^(4/64)) = {math.sin(7 / 10000 ** (4 / 64)):.4f}".replace("-", "−")
    assert hover(page, heat, 7, 4) == [wanted, f"P[7, 4] = {rows[7, 4]:.4f}".replace("-", "−")]
    asked = asked_server.log.read_text()
    assert asked.count("asked ") == asked.count("asked positions.learned.from_model") == 1
    before, address = paints(page), page.url
    drag(page, "base")
    looks.settle(page)
    after = paints(page)
    assert after[0] - before[0] >= 4  # while it was dragged; how many in a second is the benchmark's
    assert address != page.url and "base=1000000" in page.url
    wanted = f"sin(7 / 1000000^(4/64)) = {math.sin(7 / 1000000 ** (4 / 64)):.4f}".replace("-", "−")
    assert hover(page, heat, 7, 4)[0] == wanted
    assert asked_server.log.read_text().count("asked ") == 1  # no model ran, however much was slid

    # the position turns the hands in the browser, and a step is a turn for one and not for the other
    clock, residual = page.locator(".lab .clock canvas").first, page.locator(".lab .clock .worked")
    hands = clock.evaluate("canvas => canvas.toDataURL()")
    slider = page.locator(".lab input[name=position]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert clock.evaluate("canvas => canvas.toDataURL()") != hands
    expect(residual.first).to_have_text(re.compile(r"\|R_5 · P\(8\) − P\(13\)\| = (\d\.\de−\d|0\.0000)"))
    expect(residual.last).to_contain_text("best turn of P(8) − P(13)")
    looks.settle(page)
    assert "position=8" in page.url
    slider.press("End")  # of 64 positions: there is none five later
    expect(residual.first).to_have_text("P(68) is not shown: there are 64 positions.")


def test_a_formula_at_fault_is_marked_and_the_rest_stays(server, open_page):
    page = open_page("/positions?a=custom&b=alibi")
    drawn(page)
    looks.text_box(page).fill("sin(pos / foo)")
    fault = page.locator(".lab .head .fault mark")
    expect(fault).to_have_text("f")
    expect(page.locator(".lab .head .sentence").first).to_contain_text("Character 11")
    expect(page.locator(".lab .heat canvas:visible")).to_have_count(1)  # ALiBi's
    looks.text_box(page).fill("cos(pos) × i")
    expect(fault).to_have_count(0)
    looks.settle(page)
    own, bias = hover(page, page.locator(".lab .heat canvas").first, 3, 2)
    assert own == "cos(3) × 2 = −1.9800" and bias == "−2^(−1) × |3 − 2| = −0.5000"
    assert "formula=cos" in page.url


def test_past_its_context_a_learned_table_ends(server, open_page):
    page = open_page("/positions?view=beyond")
    expect(page.locator(".lab .reach canvas:visible")).to_have_count(6, timeout=looks.MODEL_MS)  # all but none and T5's bias
    looks.settle(page)
    expect(page.locator(".lab .reach .ends").filter(visible=True)).to_contain_text("256")
    before = page.locator(".lab .reach .reading").all_inner_texts()
    drag(page, "times", seconds=0.5)
    looks.settle(page)
    after = page.locator(".lab .reach .reading").all_inner_texts()
    assert before != after and "times=4" in page.url
    assert any("Position 1023" in sentence for sentence in after)
