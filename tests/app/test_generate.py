"""The generation bench through AppTest: its numbers are the library's, and the settings run no model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aigc_core import decoding, lens, models
from aigc_core.analysis.branches import MOST, Branch, Branches, from_link, to_link
from aigc_core.analysis.columns import columns, spread
from aigc_core.analysis.rivals import softmax
from aigc_core.decoding import SamplingSettings
from aigc_core.errors import AigcError
from aigc_core.figures.labels import visible
from aigc_core.text import words
from aigc_core.ui import bench, cache
from aigc_core.ui.components import stage_table
from tests.app.helpers import LANGUAGES, array, components, figure, open_page, texts, words_of, written

PROMPT = "Once upon a time"
LINK = dict(text=PROMPT, temperature="0.8", top_k="20", top_p="0.9", min_p="0.02", repetition_penalty="1.2", length="12", seed="7")
SETTINGS = SamplingSettings(0.8, 20, 0.9, 0.02, 1.2, seed=7, max_new_tokens=12)


def table(app) -> dict:
    return json.loads(components(app, "glassbox_stage_table")[0].json)


@pytest.fixture
def passes(story_gpt):
    """How many forward passes the app's model has made; the list grows."""
    calls = []
    module = cache.backend()._model("story-gpt").module
    hook = module.register_forward_pre_hook(lambda *_: calls.append(1))
    yield calls
    hook.remove()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_writes_what_the_library_samples(language, story_gpt):
    app, page = open_page("generate", lang=language, **LINK), words_of("generate", language)
    steps = list(decoding.sample(story_gpt, PROMPT, SETTINGS))
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    assert written(app) == [step.token_id for step in steps]
    last = steps[-1]
    assert page("written", count=12, most="12") in texts(app)
    assert page("rivals_title", token=visible(last.token.text)) in texts(app)
    expected = columns(last, [*story_gpt.tokenizer(PROMPT)["input_ids"], *written(app)[:-1]], 100, also=(last.token_id,))
    shown = table(app)
    assert [row[0] for row in shown["rows"]] == expected.ids.tolist()
    for row, numbers in zip(shown["rows"], stage_table.rows_of(expected)):
        np.testing.assert_allclose(np.array(row[3:], float), np.array(numbers, float), rtol=1e-3, atol=2e-4)  # one pass, not one a step
    assert shown["remaining"] == expected.remaining and shown["taken"] == last.token_id
    assert shown["draw"] == [last.token_id, last.draw] and len(shown["on"]) == 8
    now, alone = spread(last.probabilities), spread(softmax(last.logits))
    numbers = dict(bits=f"{now.bits:.2f}", perplexity=f"{now.perplexity:.1f}")
    own = dict(own_bits=f"{alone.bits:.2f}", own_perplexity=f"{alone.perplexity:.1f}")
    assert page("spread", **numbers, **own) in texts(app)


def test_a_link_asks_for_a_token(story_gpt):
    app = open_page("generate", text=PROMPT, length="8", seed="3", token="2")
    third = list(decoding.sample(story_gpt, PROMPT, SamplingSettings(0.7, seed=3, max_new_tokens=8)))[2]
    assert words_of("generate", "en")("rivals_title", token=visible(third.token.text)) in texts(app)


def test_settings_and_views_run_no_model(passes):
    app = open_page("generate", text=PROMPT, length="8", seed="5")
    before, first = len(passes), table(app)["rows"]
    ids = written(app)
    app.slider(key="temperature").set_value(1.5).run()
    app.slider(key="top_k").set_value(5).run()
    assert table(app)["remaining"] == 5 and table(app)["rows"] != first
    assert written(app) == ids and words_of("generate", "en")("reread") in texts(app)
    app.session_state["token"] = 2
    app.run()
    assert len(passes) == before and not app.exception


def test_next_seed_writes_another_text_and_undo_brings_the_first_back():
    app = open_page("generate", text=PROMPT, length="8", seed="3", temperature="2")
    first = written(app)
    app.button(key="again").click().run()
    assert app.number_input(key="seed").value == 4
    assert written(app) != first
    app.button(key="undo").click().run()
    assert written(app) == first and app.button(key="undo").disabled


def test_a_token_is_picked_and_the_text_goes_on(story_gpt):
    app = open_page("generate", text=PROMPT, length="6", seed="3")
    first, desk = written(app), app.session_state["bench"]
    other = next(row[0] for row in table(app)["rows"] if row[0] != first[-1])
    desk.tree = desk.tree.picked(3, other)  # what a click does
    app.session_state["token"] = 4
    app.run()
    assert written(app) == [*first[:3], other] and words_of("generate", "en")("next_title") in texts(app)
    app.button(key="on").click().run()
    settings = SamplingSettings(0.7, seed=3, max_new_tokens=6)
    more = [step.token_id for step in decoding.sample(story_gpt, PROMPT, settings, after=(*first[:3], other))]
    assert written(app) == [*first[:3], other, *more]
    link = app.query_params["branches"]
    again = open_page("generate", text=PROMPT, length="6", seed="3", branches=link if isinstance(link, str) else link[0])
    assert again.session_state["bench"].tree == app.session_state["bench"].tree


@pytest.mark.parametrize("language", LANGUAGES)
def test_inside_a_step(language, story_gpt):
    app = open_page("generate", lang=language, text=PROMPT, length="6", seed="3", token="4", view="inside", layer="3", head="1")
    assert not app.exception and not app.error
    page, ids = words_of("generate", language), tuple(written(app))
    trace = decoding.read(story_gpt, PROMPT, ids).attention
    query = len(trace.tokens) - len(ids) - 1 + 4
    weights = trace.attention[3, 1, query]
    most = int(weights[: query + 1].argmax())
    told = dict(token=visible(trace.tokens[query].text), target=visible(trace.tokens[most].text), share=f"{weights[most]:.0%}")
    assert page("attention_reading", layer=3, head=1, **told) in texts(app)
    found = lens.place(story_gpt, PROMPT, ids[:4], ids[4])
    best, mine = figure(app)["data"]
    np.testing.assert_allclose(array(mine["x"]), found.probabilities, atol=1e-6)
    np.testing.assert_allclose(array(best["x"]), found.best_probabilities, atol=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_greedy_and_beams_stand_beside_the_sample(language, story_gpt):
    app = open_page("generate", lang=language, text=PROMPT, length="6", seed="3", view="branches")
    app.button(key="others").click().run()
    assert not app.exception and not app.error
    page, tree = words_of("generate", language), app.session_state["bench"].tree
    greedy = [step.token_id for step in decoding.sample(story_gpt, PROMPT, SamplingSettings(top_k=1, max_new_tokens=6))]
    best = decoding.beam_tree(decoding.beam_search(story_gpt, PROMPT, decoding.BeamSettings(max_new_tokens=6))).hypotheses[0]
    assert [list(each.ids) for each in tree.all][1:] == [greedy, list(best.token_ids)] and tree.open == 0
    shown = app.table[0].value
    for place, each in enumerate(tree.all):
        logits = decoding.read(story_gpt, PROMPT, each.ids).logits
        total = sum(float(np.log(softmax(logits[step])[token])) for step, token in enumerate(each.ids))
        assert float(shown[page("column.total")].iloc[place].replace("−", "-")) == pytest.approx(total, abs=0.02)
    app.button(key=next(button.key for button in app.button if button.key.startswith("prune_1"))).click().run()
    assert len(app.session_state["bench"].tree.all) == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("link", ["nonsense", "0!", "9!dA**1", "0!dA*7:3*1", "0!xA**1", "0!dA**" + ".".join(["1"] * 500)])
def test_a_damaged_link_is_told_and_the_text_written_anew(language, link):
    app = open_page("generate", lang=language, text=PROMPT, length="3", branches=link)
    assert not app.exception and not app.error
    assert words_of("generate", language)("link_refused") in texts(app)
    assert len(written(app)) == 3


def test_a_link_with_ids_that_are_no_tokens_is_told_and_the_text_written_anew():
    tree = Branches((Branch("A", (5, 2_000_000)),))
    app = open_page("generate", text=PROMPT, length="3", branches=to_link(tree))
    assert not app.exception and words_of("generate", "en")("link_refused") in texts(app)
    assert len(written(app)) == 3 and from_link(to_link(tree), 400) == tree


def test_fewer_tokens_help_where_too_many_were_asked_for():
    app = open_page("generate", text="dog " * 150, length="200")
    assert len(app.error) == 1 and "256" in app.error[0].value
    app.slider(key="length").set_value(4).run()
    assert not app.exception and not app.error and len(written(app)) == 4


def test_at_the_end_of_the_context_nothing_can_be_added():
    app = open_page("generate", text="dog " * 225, length="200")  # asks for too many
    app.slider(key="length").set_value(26).run()
    prompt = decoding.read(models.load("story-gpt"), "dog " * 225, ()).prompt
    app.button(key="on").click().run()
    while not app.button(key="on").disabled:
        app.button(key="on").click().run()
        assert not app.exception and not app.error
    assert len(written(app)) + len(prompt) == 256 or app.session_state["bench"].tree.active.ids[-1] == 0
    pieces = json.loads(components(app, "glassbox_strip")[0].json)["pieces"]
    assert pieces[-1][0] != bench.NEXT and words_of("generate", "en")("on_full") == app.button(key="on").help


def test_what_the_model_cannot_read_is_told_once_and_the_text_stays(monkeypatch):
    app = open_page("generate", text=PROMPT, length="6", seed="3")
    ids, desk = written(app), app.session_state["bench"]

    def refuse(model, prompt, token_ids):
        raise AigcError("attention_large", found=len(token_ids), maps=36, limit=5)

    with monkeypatch.context() as patch:
        patch.setattr(cache, "written", refuse)
        desk.pick(2, 99)
    app.run()
    assert not app.exception and len(app.error) == 1 and written(app) == ids
    assert not app.run().error


def test_the_ninth_continuation_is_refused_with_a_sentence():
    app = open_page("generate", text=PROMPT, length="4", seed="3")
    desk = app.session_state["bench"]
    for row in table(app)["rows"][:12]:
        desk.open(0)
        desk.pick(1, row[0])
    app.run()
    assert len(desk.tree.all) == MOST and from_link(to_link(desk.tree), 400) == desk.tree
    assert [error.value.replace("\\", "") for error in app.error] == [words("en")("error.branches_full", count=MOST)]
    assert app.button(key="branch").disabled


def test_old_controls_give_up_what_is_being_written():
    app = open_page("generate", text=PROMPT, length="6", seed="3")
    desk = app.session_state["bench"]
    desk.pick(2, 99)
    first, second = desk.tree.all
    for act in (lambda: desk.open(0), lambda: desk.pick(1, 7), lambda: desk.rename(1, "x"), lambda: desk.prune(0), desk.undo):
        desk.tree, desk.order = Branches((first, second), 1), None
        desk.write(SETTINGS)
        assert desk.order is not None
        act()
        assert desk.order is None and {first.ids, second.ids} >= {each.ids for each in desk.tree.all if 7 not in each.ids[1:2]}


def test_a_seed_typed_just_before_the_click_is_taken(story_gpt):
    app = open_page("generate", text=PROMPT, length="8", seed="1", temperature="2")
    app.number_input(key="seed").set_value(7)
    app.button(key="write").click().run()
    steps = decoding.sample(story_gpt, PROMPT, SamplingSettings(2.0, seed=7, max_new_tokens=8))
    assert written(app) == [step.token_id for step in steps]
    assert "branches" not in app.query_params


def test_a_links_continuations_wait_for_its_model(folder_of):
    name = str(folder_of("gpt2"))
    tree = Branches((Branch("A", (70, 71, 72)), Branch("B", (70, 99), "picked")), 1)
    app = open_page("generate", text=PROMPT, length="4", model=name, branches=to_link(tree))
    assert app.session_state["bench"].tree != tree and "branches" in app.query_params
    app.button(key="asked_load").click().run()
    assert not app.exception and not app.error
    assert app.session_state["bench"].tree == tree


def test_the_taken_and_the_drawn_token_are_in_the_table_whatever_their_rank():
    app = open_page("generate", text=PROMPT, length="20", seed="7", temperature="2")
    beyond = 0
    for place in range(20):
        app.session_state["token"] = place
        app.run()
        shown = table(app)
        ids = {row[0]: row[1] for row in shown["rows"]}
        assert shown["taken"] in ids and shown["draw"][0] in ids
        beyond += ids[shown["taken"]] > 100
    assert beyond  # at this temperature some are


def test_the_page_says_which_settings_do_nothing():
    page = words_of("generate", "en")
    assert page("only_best") in texts(open_page("generate", text=PROMPT, length="4", top_k="1"))
    assert page("only_best") not in texts(open_page("generate", text=PROMPT, length="4", top_k="2"))


def test_the_strip_marks_the_next_place():
    app = open_page("generate", text=PROMPT, length="3")
    pieces = json.loads(components(app, "glassbox_strip_feed")[-1].json)["pieces"]
    assert pieces[-1][0] == bench.NEXT and len(pieces) == 5
