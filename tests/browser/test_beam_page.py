"""The beam page shows what generate() returns, and a search that is left ends."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

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
    assert [(row[0], row[3]) for row in rows] == returned


def test_a_changed_setting_searches_anew(returned, server, open_page):
    page = open_page(LINK)
    expect(page.get_by_test_id("stTable")).to_be_visible(timeout=looks.MODEL_MS)
    looks.slider(page, "New tokens").press("ArrowLeft")
    expect(page.get_by_text("The search took 9 steps.")).to_be_visible()
    assert "beam_length=9" in page.url


def test_stop_ends_the_search_within_a_step(server, open_page):
    page = open_page(f"/beam?text={quote(PROMPT)}&num_beams=16&beam_length=2")
    expect(page.get_by_text("The search took 2 steps.")).to_be_visible(timeout=looks.MODEL_MS)
    looks.slider(page, "New tokens").press("End")
    page.get_by_role("button", name="Stop").click(timeout=looks.MODEL_MS)
    stopped = page.get_by_text("Stopped after")
    expect(stopped).to_be_visible()
    steps = int(stopped.inner_text().split()[2])
    assert steps < 60
    page.wait_for_timeout(1500)  # a step takes a fraction of this
    assert int(stopped.inner_text().split()[2]) == steps


@pytest.fixture(scope="module")
def recorded():
    """The library's own record for LINK."""
    from aigc_core import models
    from aigc_core.decoding import BeamSettings, beam_search

    settings = BeamSettings(num_beams=3, num_return_sequences=3, max_new_tokens=10)
    return list(beam_search(models.load("story-gpt"), PROMPT, settings))


def test_a_clicked_node_shows_its_path_and_its_competitors(recorded, server, open_page):
    page = open_page(LINK)
    rows = page.locator(".contest tbody tr:not(.line)")
    expect(rows.first).to_be_visible(timeout=looks.MODEL_MS)
    canvas = page.locator(".tree canvas")
    canvas.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowDown", "Enter"):  # from the last best node; beside the third last
        page.keyboard.press(key)
    page.wait_for_url("**token=*")
    looks.settle(page)
    chosen = int(parse_qs(urlsplit(page.url).query)["token"][0])
    step, node = next((step, each) for step in recorded for each in step.candidates if each.id == chosen)
    assert 0 < step.index < 9
    shown = [row.locator("td").all_inner_texts() for row in rows.all()]
    for cells, each in zip(shown, step.candidates, strict=True):
        numbers = [f"{value:.4f}".replace("-", "−") for value in (each.log_prob, each.cumulative_log_prob, each.score)]
        assert [cells[0], cells[1], *cells[3:6]] == [str(each.rank + 1), looks.shown(each.token.text), *numbers]
        assert each.fate in cells[6]
    nodes = {each.id: each for each in sum((each.candidates for each in recorded), ())}
    way = [node]
    while way[0].parent is not None:
        way.insert(0, nodes[way[0].parent])
    assert looks.pieces(page)[1:] == [looks.shown(each.token.text) for each in way]
    rows.last.click()  # a row is a node, too
    page.wait_for_url(f"**token={step.candidates[-1].id}*")
    expect(rows.last).to_have_class("pruned chosen")
    expect(page.get_by_text("nats behind the last one kept.")).to_be_visible()


def test_the_replay_asks_nothing_of_the_server_and_its_step_is_in_the_link(server, open_page):
    sent = []
    page = open_page(f"{LINK}&step=4", settled=False)
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"{server.url}{LINK}&step=4")
    told = page.locator(".replay output")
    expect(told).to_have_text("step 4 of 10", timeout=looks.MODEL_MS)
    expect(page.locator(".contest tr").first).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    before = len(sent)
    page.get_by_role("button", name="Play the recorded steps").click()
    expect(told).to_have_text("step 9 of 10", timeout=10_000)
    assert len(sent) == before  # not one message while it plays
    expect(told).to_have_text("step 10 of 10")
    expect(page.get_by_role("button", name="Play the recorded steps")).to_be_visible()
    page.wait_for_url(lambda url: "step=" not in url)  # at its end it is as without a replay
    slider = page.locator(".replay input")
    slider.press("ArrowLeft")
    expect(told).to_have_text("step 9 of 10")
    page.wait_for_url("**step=9*")
    assert page.get_by_text("The search took 10 steps.").is_visible()


def test_the_articles_example_shows_what_its_last_space_does(server, open_page):
    from aigc_core import models

    page = open_page("/beam?beam_length=8")
    page.get_by_role("button", name="Article's example").click()
    expect(page.get_by_text("The space at the end")).to_be_visible(timeout=looks.MODEL_MS)
    looks.settle(page)
    assert looks.text_box(page).input_value() == "I love to play "
    model = models.load("story-gpt")
    written = page.get_by_test_id("stCode").all_inner_texts()
    for text, first, tokens in (("I love to play ", 0, 2), ("I love to play", 3, 5)):
        ids = model.tokenizer(text)["input_ids"]
        assert all(f"[{token}]" in written[first] for token in ids) and written[first].count("[") == len(ids)
        encoded = model.tokenizer(text, return_tensors="pt")
        output = model.module.generate(**encoded, num_beams=5, early_stopping=True, max_new_tokens=8, pad_token_id=0)
        expected = model.tokenizer.decode(output[0, len(ids) :])
        assert written[tokens].replace("\n", "") == looks.shown(expected)
    page.reload()
    expect(page.get_by_text("The space at the end")).to_be_visible(timeout=looks.MODEL_MS)  # the link holds the space
