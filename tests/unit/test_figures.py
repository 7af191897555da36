"""Figures show the records' own numbers, and a token is never markup."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from aigc_core import attention, figures
from aigc_core.analysis.rivals import Rival, choice
from aigc_core.decoding import SamplingSettings, sample
from aigc_core.figures.labels import magnitude
from aigc_core.figures.theme import DARK, LIGHT, mix, scale, template, theme
from aigc_core.text import words
from aigc_core.traces import AttentionTrace, OrderTest, Reliance, Replacement, Token
from tests.models import TEXT

HOSTILE = ("<b>x</b>", "</script><script>alert(1)</script>", '<a href="javascript:alert(1)">', "&lt;", "\u202ereversed", "<br>")


def hostile_trace() -> AttentionTrace:
    n = len(HOSTILE)
    tokens = tuple(Token(index, text, text, False) for index, text in enumerate(HOSTILE))
    return AttentionTrace("m", tokens, np.full((1, 1, n, n), 1 / n, np.float32))


def labels(figure) -> list[str]:
    """Every string of a figure that may hold a token."""
    found = []

    def visit(value) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for each in value.values():
                visit(each)
        elif isinstance(value, (list, tuple)):
            for each in value:
                visit(each)

    content = json.loads(figure.to_json())
    content["layout"].pop("template")
    for trace in content["data"]:
        trace.pop("hovertemplate", None)
    visit(content)
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_heat_map_is_the_trace(language, dark, model_of):
    trace = attention.trace(model_of("gpt2"), TEXT)
    text = words(language)
    figure = figures.attention_heatmap(trace, 1, 2, text, dark)
    (heatmap,) = figure.data
    np.testing.assert_array_equal(heatmap.z, trace.attention[1, 2])
    assert (heatmap.zmin, heatmap.zmax) == (0, 1)  # the same colour is the same weight in every head
    assert figure.layout.xaxis.title.text == text("figure.key") and figure.layout.yaxis.title.text == text("figure.query")
    assert figure.layout.yaxis.autorange == "reversed"  # the first query stands at the top
    assert len(set(heatmap.x)) == len(set(heatmap.y)) == len(trace.tokens)  # "the" occurs twice
    assert heatmap.colorscale[-1][1] == theme(dark).attention[-1]


def test_every_token_has_its_row_also_where_labels_are_thinned():
    tokens = tuple(Token(1, " a", "Ġa", False) for _ in range(100))
    trace = AttentionTrace("m", tokens, np.full((1, 1, 100, 100), 0.01, np.float32))
    figure = figures.attention_heatmap(trace, 0, 0)
    assert len(set(figure.data[0].x)) == 100
    assert list(figure.layout.xaxis.tickvals) == list(range(0, 100, 5))
    assert len(figure.layout.xaxis.ticktext) == len(figure.layout.xaxis.tickvals) <= 48


def rivals() -> list[Rival]:
    return [Rival(Token(index, text, text, False), 0.1 * index, 0.05 * index, index == 0, index == 3) for index, text in enumerate(HOSTILE)]


def hostile_reliance() -> Reliance:
    """The first token is predicted, the second and the third are replaced."""
    predicted, most, other = (Token(index, text, text, False) for index, text in enumerate(HOSTILE[:3]))
    return Reliance(0, 0, 5, predicted, 0.5, (predicted,), Replacement(1, most, 0.4, 0.1, 0.6), Replacement(2, other, 0.1, 0.3, 0.2))


def order_test(words: tuple[str, ...] = HOSTILE, largest: float = 0.5) -> OrderTest:
    changes = np.linspace(0, largest, len(words), dtype=np.float32)
    return OrderTest("m", "none", 1.0, words, tuple(reversed(range(len(words)))), changes, largest)


DRAWN = {
    "order": lambda: figures.order_dots({"a": order_test(), "b": order_test(largest=1e-6)}),
    "heat map": lambda: figures.attention_heatmap(hostile_trace(), 0, 0),
    "layers": lambda: figures.layers_heatmap(hostile_trace(), 1),
    "bars": lambda: figures.rivals_bars(rivals()),
    "reliance": lambda: figures.reliance_bars(hostile_reliance()),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_token_through_the_layers(language, model_of):
    trace, text = attention.trace(model_of("gpt2"), TEXT), words(language)
    (heatmap,) = figures.layers_heatmap(trace, 3, text).data
    np.testing.assert_allclose(heatmap.z, trace.attention[:, :, 3].mean(axis=1))
    assert list(heatmap.y) == [text("wall.layer", layer=layer) for layer in range(2)]
    assert (heatmap.zmin, heatmap.zmax, len(set(heatmap.x))) == (0, 1, len(trace.tokens))


def test_the_blocks_of_a_pair_stand_in_reading_order():
    shares = np.array([[[0.1, 0.2], [0.3, 0.4]]], np.float32)  # [layer, from, to]
    (heatmap,) = figures.pair_heatmap(shares).data
    assert list(heatmap.x) == ["A → A", "A → B", "B → A", "B → B"]
    np.testing.assert_allclose(heatmap.z, [[0.1, 0.2, 0.3, 0.4]])


def test_the_bars_of_a_reliance():
    (bars,) = figures.reliance_bars(hostile_reliance()).data
    assert list(bars.x) == [0.5, 0.1, 0.3] and list(bars.text) == ["50.0%", "10.0%", "30.0%"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_dots_of_an_order_test(language):
    text, found = words(language), order_test(tuple("abcde"))
    (first, second) = figures.order_dots({"x": found, "y": order_test(tuple("abcde"), 1e-6)}, text, chosen=2).data
    np.testing.assert_allclose(first.y[1:], found.changes[1:], rtol=1e-6)
    assert first.y[0] == 1e-8 and first.customdata[0] == "a: 0"  # no change at all: on the floor of the axis, and told as 0
    assert (second.y[1:] < OrderTest.ROUNDING).all() and (first.y[1:] > OrderTest.TELLS).all()
    assert [width > 0 for width in first.marker.line.width] == [False, False, True, False, False]
    layout = figures.order_dots({"x": found}, text).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == (text("figure.words"), text("figure.state_change"))
    assert layout.yaxis.type == "log" and {shape.y1 for shape in layout.shapes} == {OrderTest.ROUNDING, OrderTest.TELLS}


def test_words_of_a_long_text_are_thinned():
    layout = figures.order_dots({"x": order_test(("a",) * 100)}).layout
    assert list(layout.xaxis.tickvals) == list(range(0, 100, 3)) and len(layout.xaxis.ticktext) == 34


@pytest.mark.parametrize(
    "value, said",
    [(0.0, "0"), (0.1794, "0.179"), (12.54, "12.5"), (4.77e-7, "4.8×10⁻⁷"), (1e-6, "10⁻⁶"), (25000.0, "2.5×10⁴"), (9.96e-8, "10⁻⁷")],
)
def test_magnitudes_are_readable(value, said):
    assert magnitude(value) == said


@pytest.mark.parametrize("figure", DRAWN.values(), ids=DRAWN)
def test_tokens_are_never_markup(figure):
    found = labels(figure())
    assert any("&lt;b&gt;x" in label for label in found)
    assert not any(re.search(r"[<>\u202e]", label) for label in found)


def test_a_token_is_not_put_into_a_template():
    """A token like %{x} is data: templates name it and do not contain it."""
    token = Token(1, "%{x}", "%{x}", False)
    figure = figures.rivals_bars([Rival(token, 0.5, 0.5, False, True)])
    assert all("%{customdata}" in bar.hovertemplate for bar in figure.data)
    assert [bar.customdata[0].endswith("%{x}") for bar in figure.data] == [True, True]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bars_are_the_records(language, model_of):
    step = next(sample(model_of("gpt2"), TEXT, SamplingSettings(top_k=4, temperature=0.5)))
    found, text = choice(step), words(language)
    before, after = figures.rivals_bars(found.rivals, text).data
    assert list(before.x) == [rival.before for rival in found.rivals]
    assert list(after.x) == [rival.after for rival in found.rivals]
    assert [written == text("figure.removed") for written in after.text] == [rival.removed for rival in found.rivals]
    assert [name.startswith("▸") for name in before.customdata] == [rival.taken for rival in found.rivals]
    assert (before.name, after.name) == (text("figure.before"), text("figure.after"))


def test_two_rivals_that_look_alike_keep_their_own_bars():
    twins = [Rival(Token(index, "a", "a", False), 0.3, 0.3, False, False) for index in range(2)]
    before, after = figures.rivals_bars(twins).data
    assert len(set(before.y)) == 2


def lightness(colour: str) -> float:
    """CIELAB L* of #rrggbb (sRGB, D65)."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["attention", "probability"])
def test_equal_steps_of_weight_look_equal(look, name):
    """Lightness changes one way along a scale, and by steps of which none is more than twice another."""
    steps = np.diff([lightness(colour) for colour in getattr(look, name)])
    assert (steps < 0).all() or (steps > 0).all()
    assert np.abs(steps).max() / np.abs(steps).min() < 2


def test_colours_between():
    assert scale(("#000000", "#ffffff", "#000000")) == [[0, "#000000"], [0.5, "#ffffff"], [1, "#000000"]]
    assert mix(("#000000", "#ffffff"), 0.5) == "rgb(128, 128, 128)"
    assert mix(("#000000", "#ff0000", "#0000ff"), 0.75) == "rgb(128, 0, 128)"
    assert mix(("#000000", "#ffffff"), -3) == "rgb(0, 0, 0)" and mix(("#000000", "#ffffff"), 1) == "rgb(255, 255, 255)"


def test_light_and_dark_differ():
    assert template(False).layout.font.color != template(True).layout.font.color
