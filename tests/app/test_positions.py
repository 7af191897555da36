"""The positions page through AppTest: the numbers that it sends are the library's and the model's own, whatever is asked of it."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from aigc_core import models, positions
from aigc_core.models import cards
from aigc_core.models.cards import ModelCard
from aigc_core.positions import ENCODINGS, FROM_MODEL
from aigc_core.positions.rotary import Rotary
from aigc_core.positions.sinusoidal import Sinusoidal
from aigc_core.text import words
from aigc_core.ui import cache, controls
from tests.app.helpers import components, open_page, texts, words_of

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def story_bert():
    cache.backend().kind("story-bert")  # so that no page waits for it
    return models.load("story-bert")


def laboratory(app) -> tuple[dict, dict[str, np.ndarray]]:
    """The header and the arrays that the component was sent."""
    (proto,) = components(app, "glassbox_encoding_lab")
    length = struct.unpack_from("<I", proto.bytes)[0]
    header, rest, arrays = json.loads(proto.bytes[8 : 8 + length]), proto.bytes[8 + length :], {}
    for name, (offset, shape, kind) in header["arrays"].items():
        arrays[name] = np.frombuffer(rest, f"<{kind}", count=int(np.prod(shape)), offset=offset).reshape(shape)
    return header, arrays


def slid(app, view: str = "pictures", **values: float):
    """The page after the browser has sent where its sliders stand."""
    state = app.session_state[f"lab_{view}"]
    state["values"] |= values
    return app.run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_encodings_are_drawn_from_their_own_numbers(language, story_bert):
    app = open_page("positions", lang=language)
    page, (header, arrays) = words_of("positions", language), laboratory(app)
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    assert [side["title"] for side in header["sides"]] == [page("encoding.sinusoidal"), f"{page('encoding.learned')} · story-bert"]
    np.testing.assert_array_equal(arrays["0.table"], ENCODINGS["sinusoidal"].table(64, 64))
    np.testing.assert_array_equal(arrays["1.table"], positions.learned(story_bert).table(64, 192)[:, :64])
    for side in header["sides"]:
        assert side["problem"] is None and side["said"] == page("acts.added")
        assert set(side["readings"]) == {"heat", "curves", "clock", "distance"} and all(side["readings"].values())
    step = float(np.linalg.norm(np.diff(arrays["1.table"].astype(float), axis=0), axis=1).mean())
    assert f"{step:.3g}" in header["sides"][1]["readings"]["heat"]


def test_sliders_change_the_numbers_and_a_link_restores_them(story_bert):
    app = open_page("positions", a="rotary", b="sinusoidal")
    slid(app, positions=100, width=32, base=500, interpolation=2, ntk=3, k=9)
    header, arrays = laboratory(app)
    assert not app.exception
    np.testing.assert_array_equal(arrays["1.table"], Sinusoidal(500).table(100, 32))
    np.testing.assert_array_equal(arrays["0.angles"], Rotary(500, 2, 3).angles(np.arange(100), 32))
    assert header["k"] == 9 and arrays["0.residual"].shape == (91,)
    wanted = {"positions": "100", "width": "32", "base": "500", "k": "9"}
    assert {name: app.query_params[name] for name in wanted} == wanted
    again = open_page("positions", a="rotary", b="sinusoidal", positions="100", width="32", base="500", dims="3.1.99.x")
    header, arrays = laboratory(again)
    np.testing.assert_array_equal(arrays["1.table"], Sinusoidal(500).table(100, 32))
    assert header["dims"] == [1, 3]


@pytest.mark.parametrize(
    "query", [dict(base="x", positions="-5", width="1e400", k="nan", dims="..", a="eval", b=""), dict(k="500", position="511")]
)
def test_a_link_may_ask_for_anything(query):
    app = open_page("positions", **query)
    header, _ = laboratory(app)
    assert not app.exception and not app.error
    assert all(slider["value"] in slider["stops"] for slider in header["sliders"])


def test_a_setting_that_is_not_shown_leaves_the_address_and_comes_back():
    app = open_page("positions", a="sinusoidal", b="none", heads="12", drawn="nan")
    assert "heads" not in app.query_params and "drawn" not in app.query_params
    app.selectbox[1].select("alibi").run()
    assert app.query_params["heads"] == "12" and not app.exception


def test_what_changes_nothing_says_why():
    app = open_page("positions", a="alibi", b="alibi")
    page, (header, arrays) = words_of("positions", "en"), laboratory(app)
    idle = {slider["name"]: slider["idle"] for slider in header["sliders"]}
    assert idle["width"] == idle["position"] == idle["k"] == page("idle.flat") and not idle["positions"] and "base" not in idle
    slid(app, heads=12, bias_head=9, positions=20)
    _, arrays = laboratory(app)
    bias = ENCODINGS["alibi"].bias(12, 20)
    np.testing.assert_array_equal(arrays["0.by_distance"][:, 19:], bias[:, 0])
    np.testing.assert_array_equal(arrays["0.by_distance"][:, 19::-1], bias[:, 19, ::-1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_without_a_table_or_a_bias_says_so_and_the_page_stays_whole(language, story_bert):
    app = open_page("positions", lang=language, b="relative_bias")
    header, arrays = laboratory(app)
    assert not app.exception and not app.error
    assert header["sides"][1]["problem"]["sentence"] == words(language)("error.no_relative_bias", name="story-bert")
    np.testing.assert_array_equal(arrays["0.table"], ENCODINGS["sinusoidal"].table(64, 64))


def test_a_t5s_own_bias(monkeypatch, folder_of, model_of):
    card = ModelCard("small t5", "translation", ("en",), "mit", 1, folder_of("t5"))
    every = (*cards.catalogue(), card)
    for module in (cards, controls):
        monkeypatch.setattr(module, "catalogue", lambda: every)
    app = open_page("positions", model="small t5", a="relative_bias", b="sinusoidal")
    header, arrays = laboratory(app)  # the model is still to be loaded, and the other encoding is there
    assert header["sides"][0]["problem"]["sentence"] == words("en")("controls.loading", name="small t5") and "1.table" in arrays
    header, arrays = laboratory(app.run())
    encoding = positions.relative_bias(model_of("t5"))
    assert not app.exception and not header["sides"][0]["problem"]
    assert {each["name"]: bool(each["idle"]) for each in header["sliders"]}["heads"]
    bias = encoding.bias(encoding.n_heads, 64)
    for query, key in ((0, 63), (63, 0), (7, 4)):
        np.testing.assert_array_equal(arrays["0.by_distance"][:, key - query + 63], bias[:, query, key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_formula_is_drawn_or_its_fault_is_told_with_its_place(language):
    app = open_page("positions", lang=language, a="custom", formula="cos(pos × i) / d")
    _, arrays = laboratory(app)
    np.testing.assert_array_equal(arrays["0.table"], positions.custom("cos(pos × i) / d").table(64, 64))
    for text, place in (("cos(pos × foo)", 10), ("cos(pos", 3), ("1/(pos − 9)", 0), ("eval('1')", 0), ("(" * 10_000, None)):
        app.text_input(key="formula").set_value(text).run()
        header, _ = laboratory(app)
        problem = header["sides"][0]["problem"]
        assert not app.exception and not app.error and problem["place"] == place, text[:20]
        assert app.text_input(key="formula").value == text
        assert header["sides"][1]["problem"] is None  # the other one stays


@pytest.mark.parametrize("language", LANGUAGES)
def test_beyond_the_trained_length(language, story_bert):
    app = open_page("positions", lang=language, view="beyond")
    page, (header, arrays) = words_of("positions", language), laboratory(app)
    assert not app.exception and not app.error
    assert len(header["sides"]) == len(ENCODINGS) + len(FROM_MODEL) + 1
    cards_of = {side["title"]: side for side in header["sides"]}
    learned = cards_of[f"{page('encoding.learned')} · story-bert"]
    assert learned["ends"] == {"at": 256, "sentence": words(language)("error.positions_end", limit=256, found=512)}
    assert arrays[f"{learned['index']}.reach"].shape == (1, 256)
    alibi = cards_of[page("encoding.alibi")]
    np.testing.assert_array_equal(arrays[f"{alibi['index']}.reach"], ENCODINGS["alibi"].bias(8, 512)[:, -1, ::-1])
    assert arrays[f"{cards_of[page('encoding.rotary')]['index']}.reach"].shape == (3, 512)  # as trained, interpolated, NTK
    slid(app, "beyond", times=4, context=64)
    header, arrays = laboratory(app)
    assert not app.exception and arrays[f"{learned['index']}.reach"].shape == (1, 256) and header["rows"] == 256


def test_no_model_is_asked_where_none_is_needed(monkeypatch):
    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(cache, "ask", refuse)
    app = open_page("positions", a="sinusoidal", b="alibi")
    slid(app, base=100)
    assert not app.exception and not app.error and components(app, "glassbox_encoding_lab")


def test_a_new_encoding_is_one_file(monkeypatch):
    """What stands in the registry can be chosen and is drawn by what it acts as, without a name of ours."""
    monkeypatch.setitem(ENCODINGS, "spiral", Sinusoidal(7.0))
    app = open_page("positions", a="spiral")
    header, arrays = laboratory(app)
    assert not app.exception and header["sides"][0]["title"] == "spiral"
    slid(app, base=100)
    np.testing.assert_array_equal(laboratory(app)[1]["0.table"], Sinusoidal(100).table(64, 64))


def test_the_first_kind_of_a_page_is_its_default(story_bert):
    assert open_page("positions").selectbox(key="model_masked_causal_translation").value == "story-bert"
    assert texts(open_page("positions", model="story-gpt", a="alibi", b="learned"))
