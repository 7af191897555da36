"""From starting the server to the home page painted, against an empty Streamlit page."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.pairs import Result, alternate
from scripts import real_app

TITLE = "First paint: server start to home page painted ÷ the same for an empty Streamlit page"
PEER = Path(__file__).parent / "peers" / "empty.py"
PAIRS = 9
# painted: the element stands in the document, in a component's shadow root too, and the browser has drawn two frames since
PAINTED = """selector => new Promise((resolve) => {
    const roots = () => [document, ...[...document.querySelectorAll('[data-testid^=stBidiComponent], [data-testid^=stBidiComponent] *')]
        .map((element) => element.shadowRoot).filter(Boolean)];
    const look = () => roots().some((root) => root.querySelector(selector))
        ? requestAnimationFrame(() => requestAnimationFrame(resolve)) : requestAnimationFrame(look);
    look();
})"""
TITLE_SHOWN = "[data-testid=stMain] h1"
PICTURE_SHOWN = "canvas.heads[data-paints]"


def seconds(browser, script: Path, *selectors: str) -> list[float]:
    """One start, with a new browser context, so that nothing is in its cache: when each of the selectors was painted."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    painted = []
    with real_app.serve(script) as server:
        page.goto(server.url, wait_until="commit")
        for selector in selectors:
            page.evaluate(PAINTED, selector)
            painted.append(time.perf_counter() - begun)
        context.close()
    return painted


def measure(pairs: int | None = None) -> Result:
    from playwright.sync_api import sync_playwright

    titles: list[float] = []
    with sync_playwright() as playwright:
        browser = real_app.launch(playwright)

        def ours() -> float:
            title, picture = seconds(browser, real_app.ROOT / "app.py", TITLE_SHOWN, PICTURE_SHOWN)
            titles.append(title)
            return picture

        def peer() -> float:
            return seconds(browser, PEER, TITLE_SHOWN)[0]

        ours(), peer()  # the first start of each reads its files from the disk
        titles.clear()
        taken = alternate(ours, peer, pairs or PAIRS)
        browser.close()
    title = statistics.median(titles)
    note = f"Painted: Glassbox's recorded picture of all heads, the peer's title. Glassbox's own title came after {title:.3f} s"
    return Result(*taken, target=1.5, notes=(f"{note} (ratio {title / statistics.median(taken[1]):.2f}).",))
