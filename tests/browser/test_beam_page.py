"""The beam page shows what generate() returns, and a search that is left ends."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser import looks

PROMPT = "One day, a bird"
LINK = f"/beam?text={quote(PROMPT)}&num_beams=3&num_return_sequences=3&beam_length=10"


@pytest.fixture(scope="module")
def returned():
    """generate()'s own texts and scores for LINK."""
    from aigc_core import models

    model = models.load("story-gpt")
    encoded = model.tokenizer(PROMPT, return_tensors="pt")
    output = model.module.generate(
        **encoded,
        num_beams=3,
        num_return_sequences=3,
        max_new_tokens=10,
        early_stopping=True,
        return_dict_in_generate=True,
        output_scores=True,
        pad_token_id=0,
    )
    texts = [model.tokenizer.decode(row[encoded["input_ids"].shape[1] :], skip_special_tokens=True) for row in output.sequences]
    return [(" ".join(text.split()), f"{score:.6f}") for text, score in zip(texts, output.sequences_scores.tolist())]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_is_what_generate_returns(language, returned, server, open_page):
    page = open_page(f"{LINK}&lang={language}")
    table = page.get_by_test_id("stTable")
    expect(table).to_be_visible(timeout=looks.MODEL_MS)
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    assert [(row[0], row[1]) for row in rows] == returned


def test_a_changed_setting_searches_anew(returned, server, open_page):
    page = open_page(LINK)
    expect(page.get_by_test_id("stTable")).to_be_visible(timeout=looks.MODEL_MS)
    looks.slider(page, "New tokens").press("ArrowLeft")
    expect(page.get_by_text("The search took 9 steps.")).to_be_visible()
    assert "beam_length=9" in page.url


def test_stop_ends_the_search_within_a_step(server, open_page):
    page = open_page(f"/beam?text={quote(PROMPT)}&num_beams=16&beam_length=60", settled=False)
    page.get_by_role("button", name="Stop").click(timeout=looks.MODEL_MS)
    stopped = page.get_by_text("Stopped after")
    expect(stopped).to_be_visible()
    steps = int(stopped.inner_text().split()[2])
    assert steps < 60
    page.wait_for_timeout(1500)  # a step takes a fraction of this
    assert int(stopped.inner_text().split()[2]) == steps
