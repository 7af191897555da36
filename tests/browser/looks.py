"""Where the parts of a page are, and what they show: the one place that knows the app's document."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from aigc_core.ui import bench
from scripts.real_app import settle

MODEL_MS = 60_000  # a first answer may have to import torch and load the model


def text_box(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_test_id("stTextInput").locator("input").first


def title(page: Page) -> Locator:
    return page.get_by_test_id("stMain").locator("h1")


def number(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("spinbutton", name=label, exact=True)


def slider(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("group", name=label, exact=True).get_by_role("slider")


def wall(page: Page) -> Locator:
    return page.locator(".wall canvas.heads")


def reading(page: Page) -> Locator:
    """The sentence that says what the chosen head does."""
    return page.get_by_test_id("stMain").get_by_text("Head ", exact=False).filter(has_text="attention").first


def focused(element: Locator) -> bool:
    return element.evaluate("element => element.getRootNode().activeElement === element")


def pieces(page: Page) -> list[str]:
    """The tokens on the strip, the prompt first."""
    return page.locator(".strip .piece").all_text_contents()


def chart(page: Page) -> dict:
    """What Plotly drew: the first trace's numbers and labels."""
    return page.locator(".js-plotly-plot").first.evaluate(
        """plot => {
            const { z, x, y } = plot._fullData[0];
            return { z: z && Array.from(z, (row) => Array.from(row)), x: Array.from(x), y: Array.from(y) };
        }"""
    )


def written(page: Page) -> list[str]:
    """The tokens that were written, once all are there; the mark of the place after them is none."""
    expect(page.get_by_role("button", name="Next seed")).to_be_visible(timeout=MODEL_MS)
    settle(page)
    expect(page.locator(".strip .piece")).not_to_have_count(1)  # the prompt alone
    return [piece for piece in pieces(page)[1:] if piece != bench.NEXT]


def type_text(page: Page, text: str) -> None:
    """Types into the text box as a person does, without Enter."""
    box = text_box(page)
    box.fill("")
    box.press_sequentially(text)


def alerts(page: Page) -> list[str]:
    return page.get_by_test_id("stMain").get_by_test_id("stAlert").all_inner_texts()


def says(said: str, pattern: str) -> bool:
    return re.search(pattern.replace(",?", ""), said) is not None


def in_a_box(text: str) -> str:
    """What a one-line box makes of a text: HTML lets no line break in."""
    return text.replace("\r", "").replace("\n", "")


def shown(text: str) -> str:
    """A token's text as the strip writes it."""
    from aigc_core.figures.labels import visible

    return visible(text)


def bars(page: Page) -> list[list[float]]:
    """The lengths of the bars, one list for each of Plotly's traces."""
    return page.locator(".js-plotly-plot").first.evaluate("plot => plot._fullData.map((trace) => Array.from(trace.x))")


def ending(text: str) -> re.Pattern:
    return re.compile(re.escape(text) + "$")


def wall_origin(canvas: Locator) -> tuple[float, float]:
    """Where the first thumbnail begins, in CSS pixels: the first column and the first row that are painted over half their length."""
    return tuple(
        canvas.evaluate(
            """canvas => {
                const scale = window.devicePixelRatio, { width, height } = canvas;
                const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
                const columns = new Array(width).fill(0), rows = new Array(height).fill(0);
                for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
                    if (data[(y * width + x) * 4 + 3] === 255) { columns[x]++; rows[y]++; }
                }
                return [columns.findIndex((n) => n > height / 2) / scale, rows.findIndex((n) => n > width / 2) / scale];
            }"""
        )
    )


def background(page: Page) -> tuple[int, ...]:
    found = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
    return tuple(int(part) for part in re.findall(r"\d+", found)[:3])
