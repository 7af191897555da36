"""Two patterns side by side in a real browser: what is marked on both, the weights that are said, and the two heads of the beside view."""

import inspect
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from scripts import real_app
from scripts.real_app import settle
from tests.browser import looks

PAGE = """
from pathlib import Path

import streamlit as st

from aigc_core.text import words
from aigc_core.traces import AttentionTrace, Span, Token
from aigc_core.ui.views import beside
from aigc_core.ui.components.pattern_pair import Side, pattern_pair

st.set_page_config(layout="wide")
query = st.query_params
english = words("en", Path("pages/attention"))
texts, spans, patterns = sides()
if query.get("view") == "beside":
    st.session_state.setdefault("page_before", "attention")
    tokens = [tuple(Token(index, text, text, text.startswith("[")) for index, text in enumerate(each)) for each in texts]
    spans = [tuple(Span(*span) for span in each) for each in spans]
    one_way, two_way = (
        AttentionTrace(name, *each) for name, *each in zip(("story-gpt", "two-way"), tokens, patterns, spans)
    )
    if query.get("alone"):
        beside.draw(one_way, 0, 0, None, None, english)
    else:
        head = st.number_input("Head", 0, 1)
        beside.draw(one_way, 0, head, "two-way", two_way, english)
elif query.get("view") == "long":
    n = 300
    even = np.full((n, n), 1 / n, np.float32)
    long = Side("long", even, tuple(map(str, range(n))))
    pattern_pair(long, long, english.table("pattern_pair"), key="pair")
else:
    left, right = (
        Side(name, pattern[0, 0], tuple(text), tuple(Span(*span) for span in where))
        for name, text, where, pattern in zip(("left", "right"), texts, spans, patterns)
    )
    pattern_pair(left, right, english.table("pattern_pair"), key="pair")
"""


def sides():
    """ "unhappy <b> $& ." cut in two ways: texts, spans, and attention [layer, head, query, key] of two heads, the first ones causal."""
    texts = (("unhappy", "·<b>", "$&", "."), ("[CLS]", "un", "##happy", "<b>", "$&", ".", "[SEP]"))
    spans = (((0, 7), (7, 11), (12, 14), (15, 16)), ((0, 0), (0, 2), (2, 7), (8, 11), (12, 14), (15, 16), (0, 0)))
    rng, patterns = np.random.default_rng(0), []
    for text, mask in zip(texts, (np.tril, np.array)):
        weights = mask(rng.random((1, 2, len(text), len(text))) ** 4)
        patterns.append((weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32))
    return texts, spans, patterns


LEFT, RIGHT = (pattern[0, 0] for pattern in sides()[2])


@pytest.fixture(scope="module")
def pair_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    script = folder / "page.py"
    script.write_text(f"import numpy as np\n\n\n{inspect.getsource(sides)}\n{PAGE}", encoding="utf-8")
    with real_app.serve(script, folder / "server.log") as running:
        yield running


@pytest.fixture
def open_pair(pair_server, open_page):
    def open_pair(path: str = "/", **arguments):
        page = open_page(path, on=pair_server, **arguments)
        expect(canvas(page, 1)).to_have_attribute("data-paints", "1")
        return page

    return open_pair


def canvas(page, side: int):
    return page.locator(".pair canvas").nth(side)


def middle(page, side: int, query: int, key: int) -> dict[str, float]:
    """The middle of a cell, in CSS pixels from the canvas's corner."""
    left, top, cell = (float(canvas(page, side).get_attribute(f"data-{name}")) for name in ("left", "top", "cell"))
    return {"x": left + (key + 0.5) * cell, "y": top + (query + 0.5) * cell}


def marked(page, side: int) -> tuple[list[int], list[int]]:
    found = [canvas(page, side).get_attribute(f"data-{axis}") for axis in ("queries", "keys")]
    return tuple([int(index) for index in each.split(",") if index] for each in found)


def weight(page, side: int) -> float:
    return float(canvas(page, side).get_attribute("data-weight"))


def line(page, side: int) -> str:
    return page.locator("figure .cell").nth(side).inner_text()


def held(page) -> bool:
    return page.locator(".pair").get_attribute("data-held") == "true"


def test_a_cell_is_marked_on_both_sides_by_its_characters(open_pair):
    page = open_pair()
    canvas(page, 0).hover(position=middle(page, 0, 1, 0))
    assert marked(page, 0) == ([1], [0]) and marked(page, 1) == ([3], [1, 2])
    assert weight(page, 0) == LEFT[1, 0]
    assert weight(page, 1) == pytest.approx(RIGHT[3, 1:3].sum())
    assert f"{LEFT[1, 0]:.1%}".replace("%", " %") in line(page, 0)
    assert f"{RIGHT[3, 1:3].sum():.1%}".replace("%", " %") in line(page, 1)
    assert [each.inner_text() for each in page.locator("figure").nth(1).locator("bdi").all()] == ["<b>", "un", "##happy"]
    expect(page.locator(".note").nth(1)).to_have_text("sum of 2 columns")
    page.mouse.move(0, 0)
    assert marked(page, 0) == marked(page, 1) == ([], []) and line(page, 0) == ""


def test_rows_are_averaged_and_columns_summed(open_pair):
    page = open_pair()
    canvas(page, 0).hover(position=middle(page, 0, 0, 0))
    assert marked(page, 1) == ([1, 2], [1, 2])
    assert weight(page, 1) == pytest.approx(RIGHT[1:3, 1:3].sum(axis=-1).mean())
    expect(page.locator(".note").nth(1)).to_have_text("mean of 2 rows · sum of 2 columns")


def test_a_special_token_stands_for_nothing_on_the_other_side(open_pair):
    page = open_pair()
    canvas(page, 1).hover(position=middle(page, 1, 0, 4))
    assert marked(page, 1) == ([0], [4]) and marked(page, 0) == ([], [2])
    expect(page.locator(".note").nth(0)).to_have_text("No token here stands for these characters.")
    assert canvas(page, 0).get_attribute("data-weight") == ""


def test_what_a_causal_head_cannot_see_is_exactly_nothing(open_pair):
    page = open_pair()
    canvas(page, 0).hover(position=middle(page, 0, 0, 3))
    assert line(page, 0).endswith("\n0 %")


def test_a_click_holds_and_a_second_one_or_escape_lets_go(open_pair):
    page = open_pair()
    place = middle(page, 0, 2, 1)
    for let_go in (lambda: canvas(page, 0).click(position=place), lambda: page.keyboard.press("Escape")):
        canvas(page, 0).click(position=place)
        canvas(page, 1).hover(position=middle(page, 1, 5, 5))
        assert held(page) and marked(page, 0) == ([2], [1]) and marked(page, 1) == ([4], [3])
        let_go()
        page.mouse.move(0, 0)
        assert not held(page) and marked(page, 0) == ([], [])
    canvas(page, 0).click(position=place)
    canvas(page, 1).click(position=middle(page, 1, 6, 5))  # another cell, and not the same again: the hold moves
    assert held(page) and marked(page, 1) == ([6], [5])


def test_arrow_keys_move_and_stay_inside(open_pair):
    page = open_pair()
    canvas(page, 1).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowUp"):  # the first one begins at the corner
        page.keyboard.press(key)
    assert held(page) and marked(page, 1) == ([0], [1]) and marked(page, 0) == ([], [0])
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    assert marked(page, 1) == ([6], [1])


def test_everything_is_said_to_those_who_do_not_see_it(open_pair):
    page = open_pair()
    canvas(page, 0).hover(position=middle(page, 0, 2, 1))
    said = page.locator(".pair .told").inner_text()
    assert said.startswith(f"left: $& to ·<b>, {LEFT[2, 1]:.1%}".replace("%", " %")) and " right: $& to <b>, " in said
    assert said in canvas(page, 1).get_attribute("aria-label")


def test_both_sides_have_cells_of_one_size_and_are_painted_once(open_pair):
    page = open_pair()
    assert canvas(page, 0).get_attribute("data-cell") == canvas(page, 1).get_attribute("data-cell")
    for key in range(4):
        canvas(page, 0).hover(position=middle(page, 0, 3, key))
    expect(canvas(page, 0)).to_have_attribute("data-paints", "1")
    page.emulate_media(color_scheme="dark")
    expect(canvas(page, 0)).to_have_attribute("data-paints", "2")
    assert sum(pixel(page, 0, middle(page, 0, 0, 0))) > 600  # weight 1: the scale ends bright on dark paper


def pixel(page, side: int, place: dict[str, float]) -> list[int]:
    drawn = "(canvas, { x, y }) => Array.from(canvas.getContext('2d').getImageData(x, y, 1, 1).data.slice(0, 3))"
    return canvas(page, side).evaluate(drawn, place)


def test_a_finger_taps_where_the_two_stand_one_above_the_other(pair_server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(pair_server.url)
    settle(page)
    upper, lower = (canvas(page, side).bounding_box() for side in (0, 1))
    assert upper["y"] + upper["height"] < lower["y"] and lower["x"] + lower["width"] <= 390
    place = middle(page, 0, 3, 2)
    for expected in (([3], [2]), ([], [])):
        page.touchscreen.tap(upper["x"] + place["x"], upper["y"] + place["y"])
        assert marked(page, 0) == expected
    context.close()


def test_of_a_long_text_weights_are_said_to_be_near(open_pair):
    page = open_pair("/?view=long")
    canvas(page, 0).hover(position=middle(page, 0, 299, 299))
    assert marked(page, 1) == ([299], [299])
    assert line(page, 1).endswith("≈ 0 %")


# The view that puts a head beside another model's


def test_the_other_head_is_chosen_and_in_the_link(open_pair):
    page = open_pair("/?view=beside&other_head=1")
    both = sides()[2][1][0]
    said = page.get_by_text("Above the diagonal")
    expect(said).to_contain_text("lies 0% of the weight in story-gpt's head 0.0")
    expect(said).to_contain_text(f"{np.triu(both[1], 1).sum(axis=-1).mean():.1%} in two-way's head 0.1")
    canvas(page, 1).click(position=middle(page, 1, 3, 1))
    assert weight(page, 1) == both[1, 3, 1]
    looks.number(page, "Head of the other").fill("0")
    looks.number(page, "Head of the other").press("Enter")
    settle(page)
    assert held(page) and weight(page, 1) == both[0, 3, 1]  # the same cell in another head
    assert "other_head" not in parse_qs(urlsplit(page.url).query)
    looks.number(page, "Head").fill("1")
    looks.number(page, "Head").press("Enter")
    settle(page)
    expect(said).to_contain_text("story-gpt's head 0.1")
    assert weight(page, 0) == pytest.approx(sides()[2][0][0, 1, 1, 0])


def test_without_another_model_a_sentence_says_why(pair_server, open_page):
    page = open_page("/?view=beside&alone=1", on=pair_server)
    assert "no model that reads both ways" in "".join(looks.alerts(page))
    expect(page.locator(".pair")).to_have_count(0)
