"""The experiments of the positions page: the order test, moved positions, and the article's lines against the real ones."""

from __future__ import annotations

import pytest

from aigc_core import article, attention, models, order, positions
from aigc_core.analysis.heads import entropy
from aigc_core.figures.labels import magnitude, visible
from aigc_core.positions import ENCODINGS
from aigc_core.ui import controls, versus
from aigc_core.ui.versus.losses import percent
from tests.app.helpers import array, components, figure, open_page, texts, words_of

LANGUAGES = ("en", "zh")
TEXT = "The dog bites the man. He was sad."
MODELS = {"masked": "story-bert", "causal": "story-gpt"}


@pytest.fixture(scope="module")
def bert():
    return models.load("story-bert")


@pytest.fixture(scope="module")
def gpt():
    return models.load("story-gpt")


def plain(sentence: str) -> str:
    return sentence.replace("\\", "")


def strips(app) -> list[list[str]]:
    """The words on each strip."""
    import json

    found = [json.loads(proto.json)["pieces"] for proto in components(app, "glassbox_strip")]
    return [[text for text, *_ in pieces if text != " "] for pieces in found]


# The order test


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["article", "sinusoidal", "custom"])
def test_the_verdict_names_both_orders(name, language, bert):
    app = open_page("positions", view="order", lang=language, text=TEXT, encoding=name, order="3", formula="sin(pos) * (i + 1)")
    page = words_of("positions", language)
    encoding = ENCODINGS.get(name) or positions.custom("sin(pos) * (i + 1)")
    found = order.shuffled(bert, TEXT, encoding, seed=3)
    assert not app.exception and not app.error
    assert app.session_state["chosen_model"] == "story-bert"  # the page's first kind gives its default
    largest = found.largest if name == "article" else float(found.changes.max())
    values = dict(
        name="story-bert", given=page("order.with", encoding=page(f"order.named.{name}")), largest=magnitude(largest),
        first="The dog bites the man. …", second=" ".join(found.words[word] for word in found.order[:6]) + " …",
        word=found.words[int(found.changes.argmax())],
    )  # fmt: skip
    said = page("order.blind" if name == "article" else "order.tells", **values)
    assert said in texts(app)
    assert (found.largest < 1e-5) == (name == "article") and (found.largest > 1e-2) == (name != "article")
    assert strips(app) == [list(found.words), [found.words[word] for word in found.order]]
    drawn = figure(app)["data"]
    assert array(drawn[0]["y"]) == pytest.approx(found.changes, rel=1e-5)
    own = order.shuffled(bert, TEXT, positions.learned(bert), seed=3)
    assert array(drawn[1]["y"]) == pytest.approx(own.changes, rel=1e-5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_causal_mask_reveals_order_and_the_encoding_is_tested_without_it(language, gpt):
    app = open_page("positions", view="order", lang=language, text=TEXT, model="story-gpt")
    page = words_of("positions", language)
    found, same = order.shuffled(gpt, TEXT, ENCODINGS["article"]), order.against_none(gpt, TEXT, ENCODINGS["article"])
    bare = order.shuffled(gpt, TEXT, ENCODINGS["none"])
    values = dict(encoding=page("order.named.article"), largest=magnitude(found.largest), bare=magnitude(bare.largest))
    assert page("order.mask_tells", name="story-gpt", **values) in texts(app) and bare.level == 2
    values = dict(name="story-gpt", encoding=page("order.named.article"), largest=magnitude(same.largest))
    assert page("order.unheard", **values) in texts(app) and same.largest < 2e-5
    app.session_state["encoding"] = "sinusoidal"
    app.run()
    same = order.against_none(gpt, TEXT, ENCODINGS["sinusoidal"])
    values = dict(name="story-gpt", encoding=page("order.named.sinusoidal"), largest=magnitude(same.largest))
    assert page("order.heard", **values) in texts(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_added_says_why_and_a_faulty_formula_where(language):
    page = words_of("positions", language)
    app = open_page("positions", view="order", lang=language, text=TEXT, encoding="rotary")
    assert page("order.why.rotary") in texts(app) and not app.get("plotly_chart")
    app = open_page("positions", view="order", lang=language, text=TEXT, encoding="custom", formula="sin(pos / ")
    assert page("error.formula_ends", place=10) in texts(app)
    assert app.text_input(key="formula").value == "sin(pos / "


def test_another_order_is_the_next_seed_and_one_word_has_none(bert):
    app = open_page("positions", view="order", text=TEXT)
    app.button(key="order_again").click().run()
    found = order.shuffled(bert, TEXT, ENCODINGS["article"], seed=1)
    assert app.query_params["order"] == "1" and strips(app)[1] == [found.words[word] for word in found.order]
    app.text_input(key="text").set_value("dog").run()
    assert words_of("positions", "en")("error.few_words", found=1) in texts(app)


def test_an_order_is_written_as_it_stands_in_the_text():
    text = "He didn't go, did he?"
    said = texts(open_page("positions", view="order", text=text, order="1"))
    assert "“He didn't go, …” from “" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_between_rounding_and_a_real_one_is_called_neither(language, bert):
    text, formula = "The dog bites the man.", "pos + 0.01*sin(pos*i)"
    page = words_of("positions", language)
    app = open_page("positions", view="order", lang=language, text=text, encoding="custom", formula=formula)
    found = order.shuffled(bert, text, positions.custom(formula))
    second = " ".join(found.words[word] for word in found.order)
    values = dict(name="story-bert", given=page("order.with", encoding=page("order.named.custom")), largest=magnitude(found.largest))
    assert found.level == 1 and page("order.hardly", first=text, second=second, **values) in texts(app)
    app = open_page("positions", view="versus", card="positions", lang=language, text=text, formula=formula, run="0")
    assert page("versus.positions.own_hardly") in texts(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_encoding_is_not_tested_against_none(language):
    page, said = words_of("positions", language), {}
    for model in MODELS.values():
        app = open_page("positions", view="order", lang=language, text=TEXT, model=model, encoding="none")
        said[model] = texts(app)
        assert len(app.get("plotly_chart")) == 1 and page("order.how_as_is", name=model) in said[model]  # no table, no scale
    assert page("order.without") in said["story-bert"] and page("order.same_order") not in said["story-gpt"]


# Moved positions


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("how, k", [("shuffled", None), ("shifted", 7), ("zero", None)])
def test_moved_positions(how, k, language, bert):
    link = {"shift": str(k)} if k else {}
    app = open_page("positions", lang=language, view="own", moves=how, text=TEXT, **link)
    page, arguments = words_of("positions", language), {"k": k} if k else {}
    found = order.repositioned(bert, TEXT, how, **arguments)
    assert not app.exception and not app.error
    low = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    assert strips(app) == [[visible(token.text) + str(row).translate(low) for token, row in zip(found.tokens, found.rows)]]
    drawn = figure(app)["data"]
    for trace, field in zip(drawn, ("before", "after")):
        assert array(trace["x"]) == pytest.approx([getattr(change, field) for change in found.prediction.changes], abs=1e-6)
    assert page(f"own.why.{how}") in texts(app)


# The article against the real ones


def run(card: str, language: str = "en", model: str = "masked", text: str = TEXT):
    app = open_page("positions", lang=language, view="versus", card=card, text=text, model=MODELS[model])
    assert [metric.value for metric in app.metric][:2] == ["–", "–"]
    return app.button(key=f"versus_{card}_run").click().run()


def numbers(app) -> list[str]:
    return [metric.value for metric in app.metric]


def test_every_card_has_its_words():
    page = words_of("positions", "en")
    assert set(page.table("versus.card")) == set(versus.CARDS)
    for card in versus.CARDS.values():
        assert {page(f"versus.{card.name}.{part}") for part in ("left", "right", "measure", "source")}
        assert all(page(f"versus.side.{side}") for side in card.sides)


@pytest.mark.parametrize("model", MODELS)
def test_positions_run_on_a_model_without_a_causal_mask(model, bert):
    app = run("positions", model=model)
    found = [order.shuffled(bert, TEXT, each).largest for each in (ENCODINGS["article"], ENCODINGS["sinusoidal"])]
    own = order.shuffled(bert, TEXT, positions.custom("sin(pos / 10000^(i/d))")).largest
    assert found[0] < 1e-5 and found[1] > 1e-2
    assert numbers(app) == [magnitude(each) for each in (*found, own)]
    assert "cannot tell" in texts(app) and words_of("positions", "en")("versus.positions.own_tells") in texts(app)
    app.text_input(key="formula").set_value("pos").run()
    assert words_of("positions", "en")("versus.positions.own_blind") in texts(app)  # the same in all columns, as the article's
    app.text_input(key="formula").set_value("pos +").run()
    assert numbers(app) == [*(magnitude(each) for each in found), "–"] and len(app.error) == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_scale(language, model, bert, gpt):
    app, page = run("scale", language, model), words_of("positions", language)
    loaded, without = bert if model == "masked" else gpt, attention.Intervention(scale=False)
    both = (None, without)
    assert numbers(app) == [f"{entropy(attention.trace(loaded, TEXT, intervention=each).attention).mean():.2f}" for each in both]
    if model == "causal":
        losses = [article.objective(gpt, TEXT, each).loss for each in both]
    else:
        losses = [article.masking(bert, TEXT, 0, each).average for each in both]
    assert page(f"versus.scale.{model}", loss=f"{losses[0]:.2f}", loss_now=f"{losses[1]:.2f}") in texts(app)
    assert app.button(key="versus_scale_run").disabled and app.button(key="versus_scale_run").help == page("versus.no_chance")


@pytest.mark.parametrize("model", MODELS)
def test_objective_runs_both_models(model, bert, gpt):
    app = run("objective", model=model)
    sees, blind = (article.rightwards(each, TEXT) for each in (bert, gpt))
    assert numbers(app) == [magnitude(sees.largest), "0"] and blind.largest == 0 and sees.largest > 0.1
    learned, filled = article.objective(gpt, TEXT), article.masking(bert, TEXT)
    for value in (f"{learned.loss:.2f} nats", f"{filled.loss:.2f} nats", "[ M A S K ]"):
        assert value in texts(app)
    assert strips(app)[0] == [visible(token.text) for token in learned.tokens]
    app.button(key="versus_objective_run").click().run()  # another draw
    assert numbers(app) == [magnitude(article.rightwards(bert, TEXT, 1).largest), "0"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_masking_and_a_language_that_changes_keeps_it(language, bert):
    app = run("masking", language)
    found = article.masking(bert, TEXT)
    expected = [f"{found.copying:.2f}", f"{found.average:.2f}"]
    assert numbers(app) == expected and found.copying < found.average
    assert strips(app) == [[visible(token.text) for token in each] for each in (found.tokens, found.corrupted)]
    other = "zh" if language == "en" else "en"
    app.session_state["language"] = other
    app.run()
    assert app.title[0].value == words_of("positions", other)("title") and numbers(app) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_next_sentence(language, bert):
    app, page = run("next_sentence", language), words_of("positions", language)
    found = article.next_sentences(bert, TEXT, "The red car was very fast.")
    chances = [percent(each) for each in (found.follows, found.follows, found.swapped, found.unrelated)]
    assert numbers(app) == [page("versus.next_sentence.numbers", width=192), *chances]
    app.text_input(key="unrelated").set_value("He was happy.").run()
    assert numbers(app)[-1] == percent(article.next_sentences(bert, TEXT, "He was happy.").unrelated)
    app.text_input(key="text").set_value("The dog bites the man.").run()
    assert page("error.one_sentence") in texts(app)


def test_the_third_sentence_can_be_typed_before_the_card_is_run():
    app = open_page("positions", view="versus", card="next_sentence", text=TEXT)
    assert app.text_input(key="unrelated").value == "The red car was very fast." and numbers(app) == ["–", "–"]


def test_a_link_restores_the_draw_of_its_card(bert):
    app = run("masking")
    app.button(key="versus_masking_run").click().run()
    assert app.query_params["run"] == "1"
    again = open_page("positions", view="versus", card="masking", text=TEXT, run="1")
    found = article.masking(bert, TEXT, 1)
    assert numbers(again) == numbers(app) == [f"{found.copying:.2f}", f"{found.average:.2f}"]
    again.session_state["card"] = "positions"  # another one has not been run
    again.run()
    assert "run" not in again.query_params and numbers(again) == ["–", "–", "–"]
    for nonsense in ("x", "-1", "1e3", "9" * 40, "²"):
        assert numbers(open_page("positions", view="versus", card="masking", text=TEXT, run=nonsense)) == ["–", "–"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_token_has_no_loss(language):
    app = open_page("positions", view="versus", card="scale", lang=language, model="story-gpt", text="Hi", run="0")
    assert words_of("positions", language)("versus.scale.one_token") in texts(app)
    assert not app.exception and not app.error and "nan" not in texts(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_models_are_asked_for_the_same_word(language, bert, gpt):
    text = "He didn't go, did he?"
    app = open_page("positions", view="versus", card="objective", lang=language, text=text, run="0")
    found = [article.rightwards(each, text) for each in (bert, gpt)]
    assert [each.word for each in found] == ["go", "go"] and "“go”" in texts(app)


@pytest.mark.parametrize("view", ["order", "own", "versus"])
@pytest.mark.parametrize("text, key", [("  ", "text_empty"), ("word " * 300, "context_full")], ids=["spaces", "over the context"])
def test_bad_text_is_told_in_a_sentence_and_kept(text, key, view, bert):
    app = open_page("positions", view=view, text=text)
    if view == "versus":
        app.button(key="versus_positions_run").click().run()
    found = len(bert.tokenizer(text)["input_ids"])
    said = words_of("positions", "en")(f"error.{key}", found=found, limit=256)
    assert not app.exception and {plain(error.value) for error in app.error} == {said}
    assert app.text_input(key="text").value == text


@pytest.mark.parametrize("view", ["order", "own"])
def test_a_model_without_a_table_says_so(view, folder_of, monkeypatch):
    monkeypatch.setattr(controls, "may_load_others", lambda: True)
    app = open_page("positions", view=view, text=TEXT)
    app.selectbox(key="model_masked_causal_translation").select("another").run()
    app.text_input(key="other_model").set_value(str(folder_of("llama"))).run()
    app.button(key="other_load").click().run()
    said = words_of("positions", "en")("error.no_position_table", name=app.session_state["chosen_model"])
    assert not app.exception and [plain(error.value) for error in app.error] == [said]


def test_text_is_never_markup():
    hostile = "![x](http://example.com/x.png) **b** <b>i</b>. $\\frac{1}{2}$ {found} `c` :material/home: ends."
    for view, cards in {"order": [None], "own": [None], "versus": list(versus.CARDS)}.items():
        app = open_page("positions", view=view, text=hostile)
        for card in cards:
            if card:
                app.session_state["card"] = card
                app.run()
                app.button(key=f"versus_{card}_run").click().run()
            assert not app.exception and not app.error, card
            said = "\n".join(str(each.value) for kind in ("markdown", "caption", "subheader") for each in getattr(app, kind))
            for markup in ("![x](", "**b**", "<b>", "`c`", ":material/home:", "$\\frac{1}{2}$"):
                assert markup not in said, (card, markup)
