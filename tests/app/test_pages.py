"""Every page through AppTest, in both languages: what stands on it, not only that nothing was raised."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aigc_core import attention, masked, models
from aigc_core.analysis import heads
from aigc_core.figures.labels import visible
from aigc_core.models import cards
from aigc_core.models.cards import ModelCard
from aigc_core.text import words
from aigc_core.ui import cache, controls
from aigc_core.ui.components import wall
from aigc_core.ui.controls import is_local  # bound here before the tests below replace it in its module
from tests.app.helpers import LANGUAGES, array, components, figure, open_page, texts, words_of, written
from tests.models import without_mask

TEXT = "The dog barked because the dog"


@pytest.mark.parametrize("language", LANGUAGES)
def test_attention_draws_the_models_own_numbers(language, story_gpt):
    app = open_page("attention", lang=language, text=TEXT, layer="2", head="3")
    page, trace = words_of("attention", language), attention.trace(story_gpt, TEXT)
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    assert app.text_input(key="text").value == TEXT
    assert (app.number_input(key="layer").value, app.number_input(key="head").value) == (2, 3)
    assert page("wall_caption", layers=6, heads=6, tokens=len(trace.tokens)) in texts(app)
    found = heads.read(trace.attention[2, 3])
    values = dict(layer=2, head=3, share=f"{found.share:.0%}", effective=f"{found.effective:.1f}")
    assert page(f"reading.{found.key}", **values) in texts(app)
    heatmap = figure(app)["data"][0]
    np.testing.assert_allclose(array(heatmap["z"]), trace.attention[2, 3], atol=1e-6)
    packed = wall.pack(trace.attention)
    assert [proto.bytes for proto in components(app, "glassbox_wall_carrier")] == [packed]


def test_attention_follows_the_chosen_head(story_gpt):
    app = open_page("attention", text=TEXT)
    app.number_input(key="layer").set_value(4).run()
    app.number_input(key="head").set_value(1).run()
    np.testing.assert_allclose(array(figure(app)["data"][0]["z"]), attention.trace(story_gpt, TEXT).attention[4, 1], atol=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_shows_a_recorded_picture_then_the_live_one(language, story_gpt, monkeypatch):
    page = words_of("", language)
    monkeypatch.setattr(type(cache.backend()), "ready", lambda self, name: False)
    app = open_page("", lang=language, text=TEXT)
    assert app.title[0].value == page("title") and page("home.what") in texts(app)
    assert page("home.recorded", name="story-gpt") in texts(app) and page("home.live", name="story-gpt") not in texts(app)

    monkeypatch.undo()
    cache.backend().kind("story-gpt")
    app = open_page("", lang=language, text=TEXT)
    assert page("home.live", name="story-gpt") in texts(app) and page("home.recorded", name="story-gpt") not in texts(app)
    packed = wall.pack(attention.trace(story_gpt, TEXT).attention)
    assert [proto.bytes for proto in components(app, "glassbox_wall_carrier")] == [packed]


BAD = {
    "": "text_empty",
    "   ": "text_empty",
    "a" * 4001: "text_long",
    "word " * 300: "context_full",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["", "attention", "generate"])
@pytest.mark.parametrize("text", BAD, ids=["empty", "spaces", "too long", "over the context"])
def test_bad_text_is_told_in_a_sentence_and_kept(name, text, language, story_gpt):
    key = BAD[text]
    app = open_page(name, lang=language)
    app.text_input(key="text").set_value(text).run()
    assert not app.exception
    if key == "context_full" and name == "generate":
        key = "context_full_new"
    found = len(story_gpt.tokenizer(text)["input_ids"]) if key.startswith("context") else len(text)
    limit = 256 if key.startswith("context") else 4000
    assert [error.value.replace("\\", "") for error in app.error] == [words(language)(f"error.{key}", found=found, limit=limit, new=40)]
    assert app.text_input(key="text").value == text


@pytest.mark.parametrize("name", ["attention", "generate"])
@pytest.mark.parametrize(
    "text",
    ["🙂🙃 😀", "שלום עולם", "a\x00b\x07c", "<script>alert(1)</script>", "</script>", "<|endoftext|>", "![x](http://example.com/x.png)"],
)
def test_odd_text_gets_a_right_result(name, text, story_gpt):
    app = open_page(name, text=text, length="5")
    assert not app.exception and not app.error
    if name == "attention":
        np.testing.assert_allclose(array(figure(app)["data"][0]["z"]), attention.trace(story_gpt, text).attention[0, 0], atol=1e-6)
    else:
        assert 1 <= len(written(app)) <= 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_writing_that_the_model_does_not_know_is_told(language):
    said = words(language)("notice.foreign", name="story-gpt", languages=words(language)("language.en"))
    assert said in texts(open_page("attention", lang=language, text="小狗叫了"))
    assert said not in texts(open_page("attention", lang=language, text="The dog barked – naïve café 🙂 1 + 1"))


def test_a_link_alone_never_loads_another_model(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(type(cache.backend()), "kind", lambda self, name: asked.append(name) or "causal")
    folder = str(tmp_path / "some_model")
    app = open_page("attention", model=folder, text=TEXT)
    assert words("en")("controls.other_asked", name=folder, default="story-gpt") in texts(app)
    assert not asked
    app.button(key="asked_load").click().run()
    assert asked == [folder]

    monkeypatch.setattr(controls, "is_local", lambda address, headers: False)
    app = open_page("attention", model=folder, text=TEXT)
    assert words("en")("controls.other_forbidden", default="story-gpt") in texts(app)
    assert not [button for button in app.button if button.key == "asked_load"]


def test_another_model_is_loaded_from_a_folder_and_its_faults_are_told(tmp_path, folder_of):
    app = open_page("attention", text=TEXT)
    app.selectbox(key="model_causal_masked_translation").select("another").run()
    app.text_input(key="other_model").set_value(str(tmp_path / "nowhere")).run()
    app.button(key="other_load").click().run()
    assert words("en")("error.folder_missing", name=str(tmp_path / "nowhere")) in texts(app)
    assert app.text_input(key="other_model").value == str(tmp_path / "nowhere")

    app.text_input(key="other_model").set_value(str(folder_of("llama"))).run()
    app.button(key="other_load").click().run()
    assert not app.exception and not app.error
    assert app.selectbox(key="model_causal_masked_translation").value == str(folder_of("llama"))
    np.testing.assert_allclose(
        array(figure(app)["data"][0]["z"]), attention.trace(models.load(str(folder_of("llama"))), TEXT).attention[0, 0], atol=1e-6
    )


def test_a_model_of_the_wrong_kind_is_told(folder_of):
    app = open_page("generate", text=TEXT, length="3")
    app.selectbox(key="model_causal").select("another").run()
    app.text_input(key="other_model").set_value(str(folder_of("bert"))).run()
    app.button(key="other_load").click().run()
    assert words("en")("error.wrong_kind_causal", name=str(folder_of("bert"))) in texts(app)
    assert app.session_state["writing"].request[1] == "story-gpt"


def test_a_model_is_remembered_for_the_pages_that_can_use_it(folder_of):
    app = open_page("attention", text=TEXT)
    app.selectbox(key="model_causal_masked_translation").select("another").run()
    app.text_input(key="other_model").set_value(str(folder_of("bert"))).run()
    app.button(key="other_load").click().run()
    assert app.selectbox(key="model_causal_masked_translation").value == str(folder_of("bert"))
    app.switch_page("../../pages/generate/page.py").run()
    assert app.selectbox(key="model_causal").value == "story-gpt"
    app.switch_page("../../pages/attention/page.py").run()
    assert app.selectbox(key="model_causal_masked_translation").value == str(folder_of("bert"))


def test_languages_change_and_keep_everything():
    app = open_page("attention", text=TEXT, layer="3", head="2")
    app.segmented_control(key="language").set_value("zh").run()
    assert app.title[0].value == words_of("attention", "zh")("title")
    assert app.text_input(key="text").value == TEXT
    assert (app.number_input(key="layer").value, app.number_input(key="head").value) == (3, 2)
    assert app.query_params["lang"] == "zh"


def test_only_a_browser_on_this_machine_is_local():
    assert is_local(None, {"Host": "localhost:8501"}) and is_local(None, {"Host": "[::1]:8501"})
    assert not is_local("10.0.0.7", {"Host": "localhost:8501"})
    assert not is_local(None, {"Host": "glassbox.example"})  # a proxy on this machine
    assert not is_local(None, {"Host": "localhost", "X-Forwarded-For": "10.0.0.7"})
    assert not is_local(None, {})


MASKED = "The dog [MASK] at the [MASK]."


@pytest.fixture(params=["bert", "roberta bytes", "xlm_roberta unigram"])
def small_masked(request, monkeypatch, folder_of):
    """A small model that fills masks, in the catalogue for one test: its page is offered also where none is bundled."""
    card = ModelCard(f"small {request.param}", "masked", ("en",), "mit", 1, folder_of(request.param))
    every = (*cards.catalogue(), card)
    for module in (cards, controls):
        monkeypatch.setattr(module, "catalogue", lambda: every)
    return models.load(card.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_masked_shows_the_models_own_candidates(language, small_masked):
    app = open_page("masked", lang=language, text=MASKED, model=small_masked.card.name)
    page, gaps = words_of("masked", language), masked.predict(small_masked, MASKED, top_k=8)
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    shown = [json.loads(proto.json)["rows"] for proto in components(app, "glassbox_bars")]
    assert [[row["label"] for row in rows] for rows in shown] == [[visible(each.token.text) for each in gap.candidates] for gap in gaps]
    for rows, gap in zip(shown, gaps):
        np.testing.assert_allclose([row["share"] for row in rows], [each.probability for each in gap.candidates], atol=1e-6)
    for number, gap in enumerate(gaps, start=1):
        best, rest = gap.candidates[0], 1 - sum(each.probability for each in gap.candidates)
        assert texts(app).count(page("gap_title", number=number)) == 1
        assert page("gap_reading", best=visible(best.token.text), share=f"{best.probability:.1%}", rest=f"{rest:.1%}") in texts(app)
    strip = json.loads(components(app, "glassbox_strip")[0].json)["pieces"]
    assert "".join(text for text, *_ in strip[2:-2]) == MASKED.replace("[MASK]", "[MASK]₁", 1).replace("[MASK].", "[MASK]₂.")


def test_masked_hides_accepts_and_undoes(small_masked):
    text = "The dog barked."
    app = open_page("masked", text=text, model=small_masked.card.name)
    assert words_of("masked", "en")("no_gap") in texts(app) and app.button(key="undo_button").disabled
    read = masked.read(small_masked, text)
    word = read.words[read.words.index(1)]
    hidden = masked.mask_word(small_masked, text, word)
    accepted = masked.accept(small_masked, hidden, 0, read.tokens[read.words.index(1)].id)
    for changed in (hidden, accepted):
        app.session_state["text"] = changed  # what a click does
        app.run()
        assert not app.exception and app.text_input(key="text").value == changed
        assert len(components(app, "glassbox_bars")) == changed.count("[MASK]")
    for before in (hidden, text):
        app.button(key="undo_button").click().run()
        assert app.text_input(key="text").value == before
    assert app.button(key="undo_button").disabled


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_without_a_mask_says_so_and_keeps_the_text(language, small_masked, folder_of, tmp_path):
    folder = str(without_mask(folder_of("bert"), tmp_path / "no_mask"))
    app = open_page("masked", lang=language, text=MASKED)
    app.selectbox(key="model_masked").select("another").run()
    app.text_input(key="other_model").set_value(folder).run()
    app.button(key="other_load").click().run()
    assert not app.exception
    assert [error.value.replace("\\", "") for error in app.error] == [words(language)("error.no_mask_token", name=folder)]
    assert app.text_input(key="text").value == MASKED


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["", "masked"])
def test_without_bundled_models_a_link_says_so_and_takes_one_of_ones_own(name, language, monkeypatch, folder_of):
    for module in (cards, controls):
        monkeypatch.setattr(module, "catalogue", lambda: ())
    app = open_page(name, lang=language, text=TEXT)
    assert not app.exception
    assert [error.value.replace("\\", "") for error in app.error] == [words(language)("error.none_bundled")]
    app.text_input(key="other_model").set_value(str(folder_of("gpt2"))).run()
    app.button(key="other_load").click().run()
    assert not app.exception and not app.error
    assert app.text_input(key="text").value == TEXT


@pytest.mark.parametrize("name", ["bloom", "gpt_neo", "albert", "electra"])
def test_what_a_family_cannot_show_is_said(name, folder_of):
    """Bloom and GPT-Neo draw their patterns and say that their arithmetic stays shut; ALBERT and ELECTRA show all."""
    app = open_page("attention", text=TEXT)
    app.selectbox(key="model_causal_masked_translation").select("another").run()
    app.text_input(key="other_model").set_value(str(folder_of(name))).run()
    app.button(key="other_load").click().run()
    assert not app.exception and not app.error
    trace = attention.trace(models.load(str(folder_of(name))), TEXT)
    np.testing.assert_allclose(array(figure(app)["data"][0]["z"]), trace.attention[0, 0], atol=1e-6)
    closed = words("en")("notice.closed", name=str(folder_of(name)))
    offered = [option.content for group in app.get("button_group") for option in group.proto.options]
    page = words_of("attention", "en")
    if name in ("bloom", "gpt_neo"):
        assert closed in texts(app) and page("view.steps") not in offered and page("view.bertviz") in offered
    else:
        assert closed not in texts(app) and page("view.steps") in offered


@pytest.mark.parametrize("query", [dict(view="layers"), dict(view="what_if", set_score="true")])
def test_a_chosen_token_survives_other_texts(query):
    """Longer, then shorter, then another model: the choice falls back and nothing breaks."""
    app = open_page("attention", text="The dog barked. The cat ran.", **query)
    for text in ("A cat ran away from the big dog.", "A cat", "The dog barked because the dog"):
        app.text_input(key="text").set_value(text).run()
        assert not app.exception and not app.error, text
    app.selectbox(key="model_causal_masked_translation").select("story-bert").run()
    app.text_input(key="text").set_value("A cat").run()
    assert not app.exception and not app.error
