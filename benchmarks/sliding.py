"""How often the pictures of the positions page are drawn anew while a slider is dragged: each time a Python answer, in a real browser."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from scripts import real_app
from scripts.real_app import settle

TITLE = "Sliding: redraws of both encodings in a second, while their base is dragged to and fro"
RUNS = 9
LEAST = 5.0  # redraws in a second
SECONDS = 4.0  # of one drag
SIZES = {"64 × 64": "", "256 × 192": "&positions=256&width=192"}  # positions × dimensions of each encoding
# the pictures stand in a shadow root: found once, then kept at hand
FIND = """() => {
    const within = (root) => root.querySelector('.lab') ?? [...root.querySelectorAll('*')].reduce((found, element) => found
        ?? (element.shadowRoot && within(element.shadowRoot)), null);
    document.glassboxHeat = within(document).querySelector('.heat canvas');
}"""
PAINTS = "() => Number(document.glassboxHeat.dataset.paints)"


@dataclass(frozen=True)
class Redraws:
    """Redraws in a second, of each drag, by size."""

    rates: dict[str, tuple[float, ...]]

    @property
    def met(self) -> bool:
        return all(statistics.median(found) >= LEAST for found in self.rates.values())

    def markdown(self) -> str:
        rows = [f"| {size} | {statistics.median(found):.1f} | {min(found):.1f} | {max(found):.1f} |" for size, found in self.rates.items()]
        runs = len(next(iter(self.rates.values())))
        return "\n".join(
            [
                f"**{min(map(statistics.median, self.rates.values())):.1f} redraws in a second** "
                f"(target: at least {LEAST:g}, {'met' if self.met else 'missed'}; median of {runs} drags of {SECONDS:g} s)",
                "",
                "| positions × dimensions | median | least | most |",
                "|---|---|---|---|",
                *rows,
            ]
        )


def drag(page) -> float:
    """Pulls the base from end to end and back, some thirty moves in a second; returns the redraws in a second."""
    box = page.locator(".lab input[name=base]").bounding_box()
    left, reach, middle = box["x"] + 9, box["width"] - 18, box["y"] + box["height"] / 2
    page.mouse.move(left, middle)
    page.mouse.down()
    before, begun = page.evaluate(PAINTS), time.perf_counter()
    while (passed := time.perf_counter() - begun) < SECONDS:
        share = passed % 2  # one second to the right, one to the left
        page.mouse.move(left + reach * (share if share < 1 else 2 - share), middle)
        time.sleep(0.02)
    drawn, passed = page.evaluate(PAINTS) - before, time.perf_counter() - begun
    page.mouse.up()
    settle(page)
    return drawn / passed


def measure(runs: int | None = None) -> Redraws:
    from playwright.sync_api import sync_playwright

    rates: dict[str, list[float]] = {size: [] for size in SIZES}
    with sync_playwright() as playwright, real_app.serve() as app:
        browser = real_app.launch(playwright)
        pages = {}
        for size, query in SIZES.items():
            page = pages[size] = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{app.url}/positions?a=sinusoidal&b=rotary{query}")
            page.locator(".lab .heat canvas").last.wait_for(timeout=60_000)
            settle(page)
            page.evaluate(FIND)
            drag(page)
        for _ in range(runs or RUNS):
            for size, page in pages.items():
                page.bring_to_front()
                rates[size].append(drag(page))
        browser.close()
    return Redraws({size: tuple(found) for size, found in rates.items()})
