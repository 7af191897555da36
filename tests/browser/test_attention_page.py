"""The attention page shows the loaded model's own numbers."""

from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser import looks

TEXT = "Tom gave Lily a ball and Lily gave Tom a kite."


@pytest.fixture(scope="module")
def trace():
    from aigc_core import attention, models

    return attention.trace(models.load("story-gpt"), TEXT)


def test_the_heat_map_is_the_models_own_pattern(trace, server, open_page):
    page = open_page(f"/attention?text={quote(TEXT)}&layer=2&head=3")
    drawn = np.array(looks.chart(page)["z"])
    np.testing.assert_allclose(drawn, trace.attention[2, 3], atol=1e-6)
    np.testing.assert_allclose(drawn.sum(axis=-1), 1, atol=1e-5)
    expect(page.get_by_text(f"6 layers × 6 heads over {len(trace.tokens)} tokens.")).to_be_visible()


def test_the_sentence_says_what_the_head_does(trace, server, open_page):
    from aigc_core.analysis import heads
    from aigc_core.text import words
    from aigc_core.ui import panels

    page = open_page(f"/attention?text={quote(TEXT)}&layer=1&head=4")
    expected = panels.reading(words("en"), heads.read(trace.attention[1, 4]), 1, 4)
    expect(page.get_by_test_id("stMain").get_by_text(expected)).to_be_visible()


def test_a_click_on_the_wall_chooses_a_head(trace, server, open_page):
    page = open_page(f"/attention?text={quote(TEXT)}")
    canvas = looks.wall(page)
    expect(canvas).to_have_attribute("data-paints", "1")
    box = canvas.bounding_box()
    gutter, top = looks.wall_origin(canvas)
    layer, head = 4, 1
    pitch = (box["width"] - gutter) / 6, (box["height"] - top) / 6
    canvas.click(position={"x": gutter + (head + 0.5) * pitch[0], "y": top + (layer + 0.5) * pitch[1]})
    expect(looks.number(page, "Layer")).to_have_value(str(layer))
    expect(looks.number(page, "Head")).to_have_value(str(head))
    looks.settle(page)
    assert page.url.endswith("layer=4&head=1")
    np.testing.assert_allclose(np.array(looks.chart(page)["z"]), trace.attention[layer, head], atol=1e-6)
    expect(canvas).to_have_attribute("data-paints", "1")  # the same picture: nothing was painted again


def test_arrow_keys_choose_a_head(server, open_page):
    page = open_page(f"/attention?text={quote(TEXT)}&layer=2&head=3")
    looks.wall(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(looks.number(page, "Layer")).to_have_value("3")
    expect(looks.number(page, "Head")).to_have_value("2")


def test_the_number_boxes_choose_a_head(trace, server, open_page):
    page = open_page(f"/attention?text={quote(TEXT)}")
    looks.number(page, "Head").fill("5")
    looks.number(page, "Head").press("Enter")
    expect(looks.wall(page)).to_have_attribute("aria-label", looks.ending("layer 0, head 5 chosen"))
    looks.settle(page)
    np.testing.assert_allclose(np.array(looks.chart(page)["z"]), trace.attention[0, 5], atol=1e-6)


def test_typing_answers_without_enter(trace, server, open_page):
    page = open_page("/attention?text=Once")
    looks.type_text(page, TEXT)
    expect(page.get_by_text(f"heads over {len(trace.tokens)} tokens")).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    expect(looks.text_box(page)).to_have_value(TEXT)
    assert f"text={quote(TEXT)}".replace("%20", "+") in page.url.replace("%20", "+")


def test_an_example_fills_the_box(server, open_page):
    page = open_page("/attention")
    example = page.get_by_test_id("stMain").get_by_role("button", name="The boy near the big old tree was happy.")
    example.click()
    expect(looks.text_box(page)).to_have_value("The boy near the big old tree was happy.")
    looks.settle(page)
    assert len(looks.chart(page)["z"]) == len(looks.chart(page)["x"])
