"""Pictures of the real app.

``python -m scripts.screenshots`` takes those of README.md and README.zh.md into docs/. With ``--all FOLDER`` every page is taken in both
languages, light and dark, 1280 and 390 pixels wide, to be looked at.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import product
from pathlib import Path
from urllib.parse import quote

from scripts import real_app
from scripts.real_app import ROOT, settle

TEXTS = {
    "en": "Tom gave Lily a ball and Lily gave Tom a kite.",
    "zh": "Tom gave Lily a ball and Lily gave Tom a kite.",  # the bundled model knows English alone
}
ATTENTION = "/attention?text={text}&layer=4&head=1&view="
PAGES = {  # name → address
    "home": "/?text={text}",
    "attention": "/attention?text={text}&layer=4&head=1",
    "steps": ATTENTION + "steps",
    "what_if": ATTENTION + "what_if&no_mask=true",
    "heads": ATTENTION + "heads",
    "layers": ATTENTION + "layers",
    "beside": ATTENTION + "beside&other_layer=2&other_head=3",
    "caution": ATTENTION + "caution",
    "bertviz": ATTENTION + "bertviz",
    "pair": "/attention?model=story-bert&text=Lily%20lost%20her%20ball.&pair=She%20was%20very%20sad.&layer=4&head=1&view=layers",
    "masked": "/masked?text=Lily%20was%20very%20%5BMASK%5D%20because%20she%20lost%20her%20red%20%5BMASK%5D.",
    "order": "/positions?text=The%20dog%20bites%20the%20man.&view=order&encoding=article&token=1",
    "order_gpt": "/positions?text={text}&view=order&encoding=article&model=story-gpt",
    "own": "/positions?text={text}&view=own&moves=shifted&shift=40",
    "versus": "/positions?text={text}&view=versus&card=positions",
    "gap": "/gap?right=5&filling=sad",
    "positions": "/positions?a=sinusoidal&b=learned",
    "rotary": "/positions?a=rotary&b=alibi",
    "beyond": "/positions?view=beyond",
    "generate": "/generate?text=The%20little%20dog&seed=7&length=60&token=7",
    "beam": "/beam?text=Once%20upon%20a%20time&num_beams=5&beam_length=24&ends=.%20!&early_stopping=never",
    "space": "/beam?text=I%20love%20to%20play%20&num_beams=5&num_return_sequences=1&beam_length=12",
}
SHOWN = {  # what must be on the page before its picture is taken
    "home": "text=/^(Live|实时)/",  # the recorded picture has been replaced
    "attention": ".js-plotly-plot .main-svg",
    "steps": ".step canvas",
    "what_if": ".pair canvas",
    "heads": "[data-testid=stDataFrame]",
    "layers": ".js-plotly-plot .main-svg >> nth=4",
    "beside": ".pair canvas",
    "caution": ".js-plotly-plot .main-svg >> nth=3",
    "bertviz": "iframe",
    "pair": ".js-plotly-plot .main-svg >> nth=4",
    "masked": ".bars button",
    "order": ".js-plotly-plot .main-svg",
    "order_gpt": ".js-plotly-plot .main-svg >> nth=3",
    "own": ".js-plotly-plot .main-svg",
    "versus": ".katex",
    "gap": ".bars button >> nth=20",
    "positions": ".lab .distance canvas",
    "rotary": ".lab .distance canvas",
    "beyond": ".lab .reach canvas >> nth=1",
    "generate": ".js-plotly-plot .main-svg",
    "beam": ".js-plotly-plot .main-svg",
    "space": ".js-plotly-plot .main-svg",
}
README = ("home", "attention", "steps", "masked", "positions", "generate", "beam", "gap")
SCROLLED = {"steps": ".katex"}  # what stands at the top of the picture, where it is not the page's title
HEIGHTS = {1280: 860, 390: 844}


def take(browser, server, name: str, language: str, scheme: str, width: int, target: Path, whole: bool) -> None:
    """One picture of one page; ``whole`` takes all of it, not only what fits the window."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, device_scale_factor=1 if whole else 2
    )
    page = context.new_page()
    address = PAGES[name].format(text=quote(TEXTS[language]))
    page.goto(f"{server.url}{address}&lang={language}")
    page.locator(SHOWN[name]).first.wait_for(timeout=60_000)
    settle(page, quiet_ms=1200)
    if whole:  # the page scrolls inside an element of its own: a window as tall as that holds everything
        for _ in range(3):  # the layout may grow with the window
            height = page.get_by_test_id("stMain").evaluate("element => element.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(height, HEIGHTS[width]), 6000)})
            settle(page, quiet_ms=300)
    elif name in SCROLLED:
        page.locator(SCROLLED[name]).first.evaluate("element => element.scrollIntoView()")
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=target)
    context.close()
    print(target)


def main(arguments: list[str] | None = None) -> int:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page × en, zh × light, dark × 1280, 390 pixels")
    parser.add_argument("--page", choices=PAGES, help="this page alone")
    chosen = parser.parse_args(arguments)
    names = [chosen.page] if chosen.page else list(PAGES) if chosen.all else README
    folder = chosen.all or ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with real_app.serve() as server, sync_playwright() as playwright:
        browser = real_app.launch(playwright)
        if chosen.all:
            for name, language, scheme, width in product(names, ("en", "zh"), ("light", "dark"), HEIGHTS):
                take(browser, server, name, language, scheme, width, folder / f"{name}-{language}-{scheme}-{width}.png", whole=True)
        else:
            for name, (language, suffix) in product(names, {"en": "", "zh": ".zh"}.items()):
                take(browser, server, name, language, "light", 1280, folder / f"{name}{suffix}.png", whole=False)
        browser.close()
    print(f"{time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
