"""Whatever is typed: a clear sentence or a right result; nothing lost, nothing run, nothing fetched."""

import pytest
from playwright.sync_api import expect

from tests.browser import looks

EMPTY = "There is no text yet."
LONG = "The text has 4,001 characters"
FOREIGN = "knows English"
# text → what a sentence on the page must say; None: no sentence, the model's own result
INPUTS = {
    "empty": ("", EMPTY),
    "spaces": ("   ", EMPTY),
    "tab and spaces": (" \t ", EMPTY),
    "too long": ("a" * 4001, "4,?001 characters and the limit is 4,?000"),
    "more tokens than the context": ("cat " * 400, "takes at most 256"),
    "emoji": ("The dog 🐕‍🦺 is 👩‍👩‍👧 happy 🇫🇷", None),
    "right to left": ("שלום הכלב מרחבא", FOREIGN),
    "mixed directions": ("The dog said \u202eevil\u202c to مرحبا", None),
    "control characters": ("The\x01 dog\x07 \x1b[31mran\x7f", None),
    "zero width": ("The\u200b dog\u200d\ufeff ran", None),
    "script": ("<script>alert(1)</script>", None),
    "end of script": ("</script><img src=x onerror=alert(1)>", None),
    "end token": ("Once upon a time<|endoftext|>The dog", None),
    "image": ("![x](http://example.com/x.png)", None),
    "link and formula": ("[x](http://example.com) $\\frac{1}{2}$ :material/home: **b** `c`", None),
    "placeholder": ("{found} %s {0} %{x}<br>", None),
    "chinese": ("小狗看见了一只猫", FOREIGN),
}


# the other pages share the box and the sentences with the attention page, but draw the text themselves
ALSO = {"/": ("empty", "too long", "script", "image", "chinese")}
ALSO["/generate?length=3"] = (*ALSO["/"], "more tokens than the context", "emoji", "control characters", "end token")
CASES = {"/attention": tuple(INPUTS)} | ALSO


@pytest.mark.parametrize("path", CASES)
def test_typed(path, server, open_page):
    """One after another into the same page, which has to outlive them all."""
    page = open_page(path)
    if path == "/":
        expect(page.get_by_text("Live: story-gpt")).to_be_visible(timeout=looks.MODEL_MS)
    for name in CASES[path]:
        typed(page, path, name, *INPUTS[name])


def typed(page, path: str, name: str, text: str, sentence: str | None) -> None:
    box = looks.text_box(page)
    box.fill(text)
    if text:
        box.press("Enter")
    looks.settle(page)
    said = " ".join(looks.alerts(page)).replace(",", "")
    assert "went wrong" not in said, name
    if sentence is None:
        picture = page.locator(".strip .piece.live").first if path.startswith("/generate") else looks.wall(page)
        expect(picture).to_be_visible(timeout=looks.MODEL_MS)
    else:
        assert looks.says(said, sentence), (name, said)
    expect(box).to_have_value(looks.in_a_box(text))
    assert page.locator("script:not([src])").filter(has_text="alert(1)").count() == 0, name
    assert page.locator("img[src='x'], img[src*='example.com']").count() == 0, name


@pytest.mark.parametrize("name", ["script", "image", "chinese", "control characters", "placeholder", "link and formula"])
def test_in_a_link(name, server, open_page):
    from urllib.parse import quote

    text, _ = INPUTS[name]
    page = open_page(f"/attention?text={quote(text, safe='')}")
    expect(looks.text_box(page)).to_have_value(looks.in_a_box(text))
    expect(looks.wall(page)).to_be_visible()
    assert page.locator("img[src*='example.com']").count() == 0
