"""From the last key to the new picture, against the least page that answers to typing. The text box's own pause of 0.25 s is in both."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

from benchmarks.pairs import Result, alternate
from scripts import real_app
from scripts.real_app import settle

TITLE = "Answer: last key to the new attention pictures ÷ the same for an empty page that only counts characters"
PEER = Path(__file__).parent / "peers" / "echo.py"
PAIRS = 21
WORDS = "dog cat bird fish tree ball kite sun moon hat".split()
# what the attention page has drawn: the wall's count of paintings, and the word on the heat map's axis (in pieces, perhaps)
OURS = """([word, paints]) => Number(document.glassboxWall?.dataset.paints) > paints
    && document.querySelector('.js-plotly-plot')?._fullData?.[0]?.y
        ?.map((label) => label.replace(/ \\(\\d+\\)$/, '')).join('').includes(word)"""
PEERS = "length => document.querySelector('[data-testid=stMain] h1')?.innerText === `${length} characters`"
# the wall stands in a shadow root: found once, then kept at hand
FIND_WALL = """() => {
    const within = (root) => root.querySelector('canvas.heads') ?? [...root.querySelectorAll('*')].reduce((found, element) => found
        ?? (element.shadowRoot && within(element.shadowRoot)), null);
    document.glassboxWall = within(document);
    return Number(document.glassboxWall.dataset.paints);
}"""


def measure(pairs: int | None = None) -> Result:
    from playwright.sync_api import sync_playwright

    numbers = count()
    with sync_playwright() as playwright, real_app.serve() as app, real_app.serve(PEER) as echo:
        browser = real_app.launch(playwright)
        ours_page, peer_page = (browser.new_page(viewport={"width": 1280, "height": 900}) for _ in range(2))
        ours_page.goto(f"{app.url}/attention")
        peer_page.goto(echo.url)
        for page in (ours_page, peer_page):
            settle(page)

        def typed(page, text: str) -> float:
            """Types all but the last letter unseen, then the last; returns when that was."""
            box = page.locator("[data-testid=stMain] input[type=text]")
            box.fill(text[:-1])
            box.press("End")
            begun = time.perf_counter()
            box.press(text[-1])
            return begun

        def ours() -> float:
            number = next(numbers)
            word = WORDS[number % len(WORDS)]
            text = f"The little girl saw a big {word}. She said {number} times: look at the {word}"  # never seen before: no cache answers
            settle(ours_page)
            paints = ours_page.evaluate(FIND_WALL)
            begun = typed(ours_page, text)
            ours_page.wait_for_function(OURS, arg=[word, paints], timeout=60_000)
            return time.perf_counter() - begun

        def peer() -> float:
            text = "x" * (next(numbers) % 50 + 2)
            settle(peer_page)
            begun = typed(peer_page, text)
            peer_page.wait_for_function(PEERS, arg=len(text), timeout=60_000)
            return time.perf_counter() - begun

        ours(), peer()
        result = Result(*alternate(ours, peer, pairs or PAIRS), notes=("Both hold the 0.25 s pause after which a text box answers.",))
        browser.close()
    return result
