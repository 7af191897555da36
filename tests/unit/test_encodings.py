"""The pictures of encodings: the library's own numbers, hover texts that equal ``worked``, and what a browser may send."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pytest

from aigc_core import positions
from aigc_core.analysis.distances import best_turn, mean_similarity, nearest, similarity
from aigc_core.errors import AigcError
from aigc_core.figures.encodings import Size, picture, reach
from aigc_core.figures.theme import DARK, LIGHT
from aigc_core.positions import ENCODINGS, FROM_MODEL
from aigc_core.positions.encoding import four_decimals
from aigc_core.positions.learned import Learned
from aigc_core.positions.relative_bias import RelativeBias
from aigc_core.positions.rotary import Rotary
from aigc_core.positions.sinusoidal import Sinusoidal
from aigc_core.text import words
from aigc_core.ui.components import encoding_lab
from aigc_core.ui.views import beyond, encoding_settings
from aigc_core.ui.views.encoding_settings import Chosen
from tests.source import ROOT
from tests.unit.test_figures import lightness

GENERATOR = np.random.default_rng(0)
SIZE = Size(n_positions=40, width=12, n_heads=6, head=2, drawn=0, k=5)
ROWS = GENERATOR.normal(size=(30, 16)).astype(np.float32)
EVERY = [
    *ENCODINGS.values(),
    Sinusoidal(500.0),
    Rotary(700.0, interpolation=2.5, ntk=3.0),
    Learned(ROWS),
    RelativeBias(GENERATOR.normal(size=(32, 6)).astype(np.float32), 128, True),
    positions.custom("cos(pos × i) ÷ (d − pi) + 10^(pos/40)"),
]
by_encoding = pytest.mark.parametrize("encoding", EVERY, ids=lambda encoding: encoding.name)
PAGE = words("en", ROOT / "pages" / "positions")


# What is told of a cell


@by_encoding
def test_what_the_browser_writes_of_a_cell_is_what_the_library_says_of_it(encoding):
    """The browser fills a column's template with the numbers that it was sent."""
    drawn, size = picture(encoding, SIZE), SIZE
    rows = size.n_positions if drawn.ends is None else drawn.ends
    for _ in range(60):
        row, column = int(GENERATOR.integers(rows)), int(GENERATOR.integers(size.width))
        if encoding.acts == "biases":
            column = int(GENERATOR.integers(rows))
            at = column - row + size.n_positions - 1
            value = four_decimals(float(drawn.by_distance[size.head, at]))
            assert drawn.templates[at].format(query=row, key=column, value=value) == encoding.worked(size.head, row, column, size.n_heads)
        elif encoding.acts == "rotates":
            pair = int(np.argsort(drawn.pairs.ravel())[column] // 2)
            value = four_decimals(float(drawn.angles[row, pair]))
            assert drawn.templates[column].format(pos=row, value=value) == encoding.worked(row, pair, size.width)
        else:
            value = four_decimals(float(drawn.table[row, column]))
            width = encoding.d_model or size.width
            assert drawn.templates[column].format(pos=row, value=value) == encoding.worked(row, column, width)


@by_encoding
def test_the_numbers_are_the_encodings_own(encoding):
    drawn = picture(encoding, SIZE)
    if encoding.acts == "biases":
        bias = encoding.bias(SIZE.n_heads, SIZE.n_positions)
        for query, key in ((0, 39), (39, 0), (7, 4), (20, 20)):
            assert np.array_equal(drawn.by_distance[:, key - query + 39], bias[:, query, key])
    elif encoding.acts == "rotates":
        vector = np.zeros(12, np.float32)
        vector[:6] = 1
        assert np.array_equal(drawn.table, encoding.rotate(np.tile(vector, (40, 1)), np.arange(40)))
        assert np.array_equal(drawn.angles, encoding.angles(np.arange(40), 12))
    elif encoding.name == "learned":
        assert np.array_equal(drawn.table, ROWS[:, :12]) and drawn.ends == 30
        assert np.array_equal(drawn.by_distance, similarity(ROWS))  # of whole vectors, not of the columns that are shown
    else:
        assert np.array_equal(drawn.table, encoding.table(40, 12)) and drawn.ends is None
    assert not any(array.flags.writeable for array in vars(drawn).values() if isinstance(array, np.ndarray))


# The clock: a step is a turn


@pytest.mark.parametrize("k", [0, 1, 5, 39])
@pytest.mark.parametrize("encoding", [Sinusoidal(), Sinusoidal(50.0), Rotary(), Rotary(ntk=4.0)], ids=lambda encoding: encoding.name)
def test_a_step_of_a_sinusoid_or_a_rotation_is_one_turn_for_all_positions(encoding, k):
    drawn = picture(encoding, Size(40, 12, 6, 0, 0, k))
    assert drawn.exact and drawn.residual.shape == (40 - k,)
    assert np.abs(drawn.stepped - drawn.table[k:]).max() < 1e-6
    assert np.allclose(drawn.residual, np.linalg.norm(drawn.stepped - drawn.table[k:], axis=1), atol=1e-9) and drawn.residual.max() < 1e-6
    turned = best_turn(drawn.table, drawn.pairs, k)  # found from the numbers alone, it is the same turn
    assert np.abs(turned - drawn.table[k:]).max() < 1e-5


def test_hands_begin_at_twelve_and_turn_as_a_clocks():
    for encoding in (Sinusoidal(), Rotary()):
        drawn = picture(encoding, SIZE)
        across, upwards = (drawn.table[:, drawn.pairs[:, axis]] for axis in (0, 1))
        assert np.allclose(across[0], 0) and np.allclose(upwards[0], 1)
        assert (across[1] > 0).all()  # to the right


def test_the_best_turn_is_the_best():
    """No other angle of a pair comes nearer, and a learned table is not a turn."""
    pairs, k = np.arange(16).reshape(-1, 2), 3
    found = best_turn(ROWS, pairs, k)

    def missed(angle: float, pair: int) -> float:
        x, y = ROWS[:-k, 2 * pair], ROWS[:-k, 2 * pair + 1]
        turned = np.stack([x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)], axis=1)
        return float(((turned - ROWS[k:, 2 * pair : 2 * pair + 2]) ** 2).sum())

    for pair in range(8):
        mine = float(((found[:, 2 * pair : 2 * pair + 2] - ROWS[k:, 2 * pair : 2 * pair + 2]) ** 2).sum())
        assert mine <= min(missed(angle, pair) for angle in np.linspace(0, 2 * math.pi, 721)) + 1e-4
    assert not picture(Learned(ROWS), SIZE).exact


# By distance


def test_similarity_is_the_cosine_over_all_pairs_at_a_distance():
    found = similarity(ROWS)
    for k in (0, 1, 7, 29):
        cosines = [
            float(ROWS[p] @ ROWS[p + k] / (np.linalg.norm(ROWS[p]) * np.linalg.norm(ROWS[p + k]))) for p in range(len(ROWS) - k)
        ]
        assert np.allclose(found[:, k], [np.mean(cosines), min(cosines), max(cosines)], atol=1e-6)
    assert np.allclose(mean_similarity(ROWS), found[0], atol=1e-6)


def test_zero_vectors_have_no_direction():
    table = np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.float32)
    assert np.isnan(similarity(np.zeros((4, 3), np.float32))).all() and np.isnan(mean_similarity(np.zeros((4, 3), np.float32))).all()
    mean = similarity(table)[0]
    assert mean[0] == 1 and mean[1] == 0 and np.isnan(mean[2:]).all()
    np.testing.assert_allclose(mean_similarity(table), mean, atol=1e-7)
    assert nearest(table, 2, 2) == (1, 0.0)
    huge = positions.custom("10^(38 − pos/10)").table(5, 3)  # whose squares float32 does not hold
    assert np.allclose(similarity(huge)[0], 1)


def test_a_score_knows_the_distance_alone_and_a_drawn_pair_is_drawn():
    even, drawn, again = (picture(ENCODINGS["rotary"], Size(40, 12, 6, 0, seed, 5)).by_distance[0] for seed in (0, 3, 3))
    frequencies = 10000.0 ** (-np.arange(0, 12, 2) / 12)
    assert np.allclose(even, np.cos(np.arange(40)[:, None] * frequencies).mean(axis=1), atol=1e-6)
    assert np.array_equal(drawn, again) and not np.allclose(drawn, even, atol=0.1) and np.abs(drawn).max() <= 1


@by_encoding
def test_the_reach_begins_as_the_picture_does(encoding):
    curves, ends = reach(encoding, SIZE)
    drawn = picture(encoding, SIZE)
    if encoding.acts == "biases":
        assert np.array_equal(curves, drawn.by_distance[:, 39::-1])  # looking back
    else:
        np.testing.assert_allclose(curves[0], drawn.by_distance[0], atol=1e-6)
    assert ends == drawn.ends


def test_interpolation_brings_every_pair_back_to_angles_that_training_saw():
    assert beyond.unseen(Rotary(), 64, 256, 255) == 0
    slow = int((256 * 10000.0 ** (-np.arange(0, 64, 2) / 64) < 2 * math.pi).sum())
    assert beyond.unseen(Rotary(), 64, 256, 511) == slow > 10
    assert beyond.unseen(Rotary(interpolation=2), 64, 256, 511) == 0
    assert 0 < beyond.unseen(Rotary(ntk=2), 64, 256, 511) < slow


# What goes to the browser and what comes back


def test_what_is_packed_is_unpacked():
    arrays = {"0.table": ROWS[:5, :3], "0.angles": np.arange(3.0), "1.none": np.zeros((0, 4), np.float32), "1.last": np.float32([[np.nan]])}
    packed = encoding_lab.pack({"turn": 3, "said": "位置"}, arrays)
    length, nothing = struct.unpack_from("<II", packed)
    header, rest = json.loads(packed[8 : 8 + length]), packed[8 + length :]
    assert (header["turn"], header["said"], nothing) == (3, "位置", 0)
    assert length % 8 == 0 and header["arrays"].keys() == arrays.keys()
    for name, (offset, shape, kind) in header["arrays"].items():
        assert offset % 8 == 0
        found = np.frombuffer(rest, f"<{kind}", count=int(np.prod(shape)), offset=offset).reshape(shape)
        assert found.dtype == arrays[name].dtype
        np.testing.assert_array_equal(found, arrays[name])


@pytest.mark.parametrize("value", [None, True, "7", [7], {}, math.nan, math.inf])
def test_a_slider_stands_only_at_its_stops(value):
    assert encoding_lab.closest((1, 2, 5), value) is None
    assert encoding_lab.closest((1, 2, 5), 3.4) == 2 and encoding_lab.closest((1, 2, 5), -1e300) == 1


@pytest.mark.parametrize("value", [None, "0", [0.5], [True], ["1"], [[1]], {"0": 1}])
def test_only_dimensions_can_be_chosen(value):
    assert encoding_lab.dimensions(value, 8) is None
    assert encoding_lab.dimensions([9, 5, 5, -1, 0], 8) == [0, 5]
    assert len(encoding_lab.dimensions(list(range(8)), 8)) == encoding_lab.MOST_DIMENSIONS


def test_stops_hold_their_defaults():
    assert all(encoding_settings.DEFAULTS[name] in stops for name, stops in encoding_settings.STOPS.items())
    assert all(list(stops) == sorted(set(stops)) for stops in encoding_settings.STOPS.values())
    assert all(word in PAGE.table("slider") for word in encoding_settings.STOPS)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_the_diverging_scale_is_even_on_both_sides_of_zero(look):
    steps = np.diff([lightness(colour) for colour in look.diverging])
    for half in (steps[:3], -steps[3:]):
        assert (np.sign(half) == np.sign(half[0])).all() and np.abs(half).max() / np.abs(half).min() < 1.25
    assert abs(lightness(look.diverging[0]) - lightness(look.diverging[-1])) < 1  # neither sign is stronger


# Where a formula is at fault


@pytest.mark.parametrize("text", ["sin(pos / foo)", "1 + ", "x" * 300, "(" * 30, "1 +" + " " * 90 + "位", "pos\ud800", "\U0001f600" * 50])
def test_the_marked_character_is_the_one_that_the_sentence_names(text):
    chosen = encoding_settings.find("custom", "", PAGE, text)
    told = encoding_settings.missing(PAGE, chosen, "", chosen.problem)
    json.dumps(told, ensure_ascii=False).encode()  # can be sent
    place = chosen.problem.values.get("place")
    assert told["sentence"] == str(chosen.problem) and (told["place"] is None) == (place is None)
    if place and place <= len(text):
        marked = told["formula"][told["place"]]
        assert marked == text[place - 1].encode("utf-8", "replace").decode()
    assert len(told["formula"]) <= 2 * encoding_settings.AROUND + 3


def test_a_value_that_does_not_exist_is_marked_at_its_part():
    chosen = encoding_settings.find("custom", "", PAGE, "1 + 1/(pos − 3)")
    with pytest.raises(AigcError) as caught:
        picture(chosen.encoding, SIZE)
    told = encoding_settings.missing(PAGE, chosen, "", caught.value)
    assert told["formula"][told["place"] :].startswith("1/(pos") and "pos = 3" in told["sentence"]


def test_every_encoding_can_be_chosen_and_a_new_one_comes_by_itself(monkeypatch):
    assert set(encoding_settings.names(PAGE)) == {*ENCODINGS, *FROM_MODEL, "custom"}
    monkeypatch.setitem(ENCODINGS, "spiral", Sinusoidal(7.0))
    assert list(encoding_settings.names(PAGE))[-1] == "spiral"
    found = encoding_settings.find("spiral", "", PAGE)
    assert found.encoding.base == 7 and Chosen("spiral", Rotary()).own() == ("base", "interpolation", "ntk")
