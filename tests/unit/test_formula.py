"""The learner's own formula: what it means, where it is at fault, and that nothing hostile gets through."""

from __future__ import annotations

import gc
import itertools
import math
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from aigc_core import positions
from aigc_core.errors import AigcError
from aigc_core.positions.formula import DEPTH, LENGTH, parse
from aigc_core.text import LANGUAGES, words


def values(text: str, n_positions: int = 6, d_model: int = 5) -> np.ndarray:
    return positions.custom(text).table(n_positions, d_model)


def refused(text: str, **size: int) -> AigcError:
    with pytest.raises(AigcError) as caught:
        values(text, **size)
    return caught.value


# What it means

MEANS: dict[str, Callable[[float, float, float], float]] = {
    "pos": lambda pos, i, d: pos,
    "i / d": lambda pos, i, d: i / d,
    "pi": lambda pos, i, d: math.pi,
    "π + 1.5 + .5 + 2. + 1e-3": lambda pos, i, d: math.pi + 4.001,
    "sin(pos) + cos(i) + exp(-d) + log(1 + pos) + sqrt(i)": lambda pos, i, d: (
        math.sin(pos) + math.cos(i) + math.exp(-d) + math.log(1 + pos) + math.sqrt(i)
    ),
    "sin(pos / 10000^(i/d))": lambda pos, i, d: math.sin(pos / 10000 ** (i / d)),
    "sin(pos/10000) + cos(pos/10000)": lambda pos, i, d: math.sin(pos / 10000) + math.cos(pos / 10000),
    "2 + 3 × 4": lambda pos, i, d: 14,
    "10 − 4 − 3": lambda pos, i, d: 3,  # from the left
    "100 / 10 / 5": lambda pos, i, d: 2,
    "2^3^2": lambda pos, i, d: 512,  # from the right
    "-2^2": lambda pos, i, d: -4,
    "(-2)^2": lambda pos, i, d: 4,
    "2^-1": lambda pos, i, d: 0.5,
    "2^-3^2": lambda pos, i, d: 2**-9,
    "--+-pos": lambda pos, i, d: -pos,
    "2 * 3 - 4": lambda pos, i, d: 2,
    "6 ÷ 3 · 2 ⋅ 1": lambda pos, i, d: 4,
    "2**3**2 * 1": lambda pos, i, d: 512,
    "pos² + i³ + 2¹⁰": lambda pos, i, d: pos**2 + i**3 + 1024,
    "-pos²": lambda pos, i, d: -(pos**2),
    "（pos ＋ 1）＊ 2 － 4 ／ 2": lambda pos, i, d: (pos + 1) * 2 - 2,
    "\tpos\n+ 1\u3000": lambda pos, i, d: pos + 1,
}


@pytest.mark.parametrize("text", MEANS)
def test_a_formula_means_what_mathematics_says(text):
    expected = [[MEANS[text](pos, i, 5) for i in range(5)] for pos in range(6)]
    found = values(text)
    assert found.dtype == np.float32 and found.shape == (6, 5)
    assert np.abs(found - expected).max() <= 1e-6 * max(1, np.abs(expected).max())


def test_it_is_worked_out_in_float64():
    assert values("2^40 + 1 − 2^40").tolist()[0][0] == 1  # float32 would lose the 1
    assert values("exp(100) ÷ exp(99)")[0, 0] == pytest.approx(math.e)  # and overflow


# Where it is at fault

FAULTS = {
    "": ("formula_empty", {}),
    " \n ": ("formula_empty", {}),
    "foo + 1": ("formula_name", {"name": "foo", "place": 1}),
    "1 + posi": ("formula_name", {"name": "posi", "place": 5}),
    "Sin(pos)": ("formula_name", {"name": "Sin", "place": 1}),
    "1 + x² + 1": ("formula_name", {"name": "x", "place": 5}),
    "x_1": ("formula_name", {"name": "x_1", "place": 1}),
    "pos.real": ("formula_character", {"character": ".", "place": 4}),
    "sin(pos, 2)": ("formula_character", {"character": ",", "place": 8}),
    "pos = 1": ("formula_character", {"character": "=", "place": 5}),
    "s\u0456n(pos)": ("formula_character", {"character": "\u0456 (U+0456)", "place": 2}),  # a Cyrillic i
    "位置": ("formula_character", {"character": "位 (U+4F4D)", "place": 1}),
    "pos\u200b": ("formula_character", {"character": "U+200B", "place": 4}),  # an invisible one
    "pos\ud800": ("formula_character", {"character": "U+D800", "place": 4}),
    "\u0663": ("formula_character", {"character": "\u0663 (U+0663)", "place": 1}),  # a digit of another script
    "sin(pos / )": ("formula_operand", {"found": ")", "place": 11}),
    "()": ("formula_operand", {"found": ")", "place": 2}),
    "1 + × 2": ("formula_operand", {"found": "×", "place": 5}),
    "²": ("formula_operand", {"found": "²", "place": 1}),
    "1 + ": ("formula_ends", {"place": 4}),
    "sin(": ("formula_ends", {"place": 5}),
    "sin": ("formula_call", {"name": "sin", "place": 4}),
    "1 + sin pos": ("formula_call", {"name": "sin", "place": 8}),
    "sin²(pos)": ("formula_call", {"name": "sin", "place": 4}),
    "2pos": ("formula_operator", {"found": "pos", "place": 2}),
    "2 (pos)": ("formula_operator", {"found": "(", "place": 3}),
    "1.2.3": ("formula_operator", {"found": ".3", "place": 4}),
    "1 + 2)": ("formula_unopened", {"place": 6}),
    "((1 + 2) × 3": ("formula_unclosed", {"place": 1}),
    "(1 + (2 × 3": ("formula_unclosed", {"place": 6}),
    "(" * (DEPTH + 1) + "1" + ")" * (DEPTH + 1): ("formula_deep", {"limit": DEPTH, "place": DEPTH + 1}),
    "1" * (LENGTH + 1): ("formula_long", {"limit": LENGTH, "found": LENGTH + 1}),
    "1 / pos": ("formula_value", {"part": "1 / pos", "place": 1, "pos": 0, "i": 0}),
    "1 + log(pos − 3 + i)": ("formula_value", {"part": "log(pos − 3 + i)", "place": 5, "pos": 0, "i": 0}),
    "sqrt(3 − i)": ("formula_value", {"part": "sqrt(3 − i)", "place": 1, "pos": 0, "i": 4}),
    "2 × exp(300 × pos)": ("formula_value", {"part": "exp(300 × pos)", "place": 5, "pos": 3, "i": 0}),
    "(-8)^(1/3)": ("formula_value", {"part": "(-8)^(1/3)", "place": 1, "pos": 0, "i": 0}),
    "10^(10 × pos)": ("formula_value", {"part": "10^(10 × pos)", "place": 1, "pos": 4, "i": 0}),  # too large for the table's float32
    "1e999 − 1e999": ("formula_value", {"part": "1e999", "place": 1, "pos": 0, "i": 0}),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_named_with_its_place(text):
    error = refused(text)
    assert (error.key, error.values) == FAULTS[text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_is_a_sentence(language):
    for text in FAULTS:
        error = refused(text)
        sentence = words(language)(f"error.{error.key}", **error.values)
        assert all(str(value) in sentence for value in error.values.values())


def test_the_limits_themselves_are_allowed():
    assert values("(" * DEPTH + "pos" + ")" * DEPTH)[3, 0] == 3
    assert values("pos".ljust(LENGTH))[3, 0] == 3
    assert values("+".join(["pos"] * 50))[3, 0] == 150
    assert values("−" * (LENGTH - 1) + "1")[0, 0] == -1  # as deep as the length lets signs go


# Hostile

ESCAPES = [
    "__import__('os')", "__import__('os').system('id')", "eval('1')", "exec('1')", "open('/etc/passwd')", "().__class__.__bases__",
    "pos.__class__", "sin.__globals__", "lambda: 1", "[x for x in pos]", "{pos}", "pos if 1 else 2", "pos; import os", "pos\nimport os",
    "1 or 1", "not pos", "pos := 1", "'a' * 9", '"a"', "`id`", "$(id)", "${pos}", "%s", "{0}", "{place}", "\\x41", "#", "pos # note",
    "@pos", "pos[0]", "pos,i", "print(1)", "globals()", "getattr(pos, i)", "os", "np.sin(pos)", "numpy", "math.pi", "self", "None",
    "True", "nan", "inf", "-inf", "1j", "0x10", "0b1", "1_000", "e", "sin", "sin()", "sin(sin)", "sin(pos)(pos)", "sinpos", "asin(pos)",
    "tan(pos)", "<script>alert(1)</script>", "<b>pos</b>", "$\\frac{1}{2}$", "pos!", "pos%2", "5 // 2", "1 << 99", "~1", "pos & 1",
    "pos | 1", "pos ? 1 : 2", "1 ++", "* 2", "/", "^", "**", "***", "2***3", ")(", "())", "(()", "1 2", "1..", "..1", ".", "1e", "1e+",
    "e5", "1.5e1.5", "−", "×", "÷",
]  # fmt: skip
LETTERS = [
    "\uff53\uff49\uff4e(pos)", "\u0440os", "p\u043es", "\u0456", "\u217c", "\u2170", "d\u0301", "pos\u0301", "\u202epos", "pos\u202c",
    "\u2066i\u2069", "\ufeffpos", "p\u00ados", "po\u200ds", "\u0000", "pos\u0000", "\u0007", "\x1b[31mpos", "\ud83d\ude00", "\U0001f600",
    "\U0001d461", "\u221a2", "\u221epos", "\u222bpos", "\u0661+1", "\uff11", "\u2460", "\u00bd", "\u2153", "1\u20442", "2\u20d71",
    "pos\u2081", "\u2202pos", "K\u212a", "\u017fin(pos)", "s\u0131n(pos)", "\u0130", "co\u017f(pos)", "\u03a0", "\u213c",
    "\u2212\u2013\u2014", "\u2215", "\u2044", "\u22c6", "\u2217", "i\u0307", "位置", "正弦(pos)", "pos\udfff",
]  # fmt: skip
DEEP = [
    *("(" * count + "pos" + ")" * count for count in (DEPTH + 1, 50, 98, 1000, 5000)), "sin(" * 40 + "pos" + ")" * 40, "(" * 200,
    ")" * 200, "(" * 10_000, "-" * 10_000 + "1", "sin(" * 2500, "((" * 99 + "1", "(" * 100 + ")" * 100, "(（" * 60, "^" * 200, "1+" * 99,
    "2^" * 99, "-" * 200, "1" + "/" * 199,
]  # fmt: skip
HUGE = [
    "9^9^9^9", "9**9**9**9**9", "^".join(["9"] * 100), "10^10^10^10", "(10^300)^300", "exp(exp(exp(9)))", "exp(1e308)", "1e308 * 10",
    "1e309", "9" * 190 + "^9", "9" * 199 + "^", "1e" + "9" * 198, "1e99999999", "2^(2^(2^(2^(2^2))))", "exp(710 + pos)",
    "pos^pos^pos^pos", "(pos+9)^(pos+9)^9", "9⁹⁹⁹⁹⁹", "9" + "⁹" * 199, "exp(9⁹)", "i^i^i^i^i^i", "d^d^d^d", "1/0", "0/0", "0^-1",
    "1/(pos-63)", "1/(i-31)", "log(0)", "log(-1)", "log(-pos)", "sqrt(-1)", "sqrt(-i)", "(-1)^0.5", "(-1)^(i/d)", "sin(1/0)",
    "sin(1e999)", "1e999 - 1e999", "exp(1000) / exp(1000)", "log(log(1))", "log(sin(pos))", "sqrt(cos(pos))", "1e39", "10^39 + pos",
    "-1e39", "1/(sin(pos)-sin(pos))", "exp(exp(pos))", "d^(pos+99)", "1e-999^-1", "0^(0-1)",
]  # fmt: skip
REPEATED = ["1", "x", "(", "+", " ", "²", ".", "sin(", "pos", "\u0301", "\u200b", "位", "\U0001f600", "9^", "\\", "'", "{", "\n", "-"]
LONG = [part * 10_000 for part in REPEATED] + ["+".join(["pos"] * 2500), "pos" + "+1" * 4999, "a" * 201, "pos" + " " * 198]
HOSTILE = list(dict.fromkeys(ESCAPES + LETTERS + DEEP + HUGE + LONG))


@pytest.fixture(scope="module")
def evaluated():
    """What Python compiles or executes, while told to listen; an audit hook stays for the life of the process, silent."""
    found: list[str] | None = None

    def hook(event: str, arguments: tuple) -> None:
        if found is not None and event in ("compile", "exec", "open", "os.system", "subprocess.Popen"):
            found.append(event)

    def listen(action: Callable[[], None]) -> list[str]:
        nonlocal found
        found = []
        try:
            action()
            return found
        finally:
            found = None

    sys.addaudithook(hook)
    assert listen(lambda: eval("1 + 1")) == ["compile", "exec"]  # it does hear
    for language in LANGUAGES:  # read once, before the clock runs
        words(language)
    values("pos")
    gc.collect()
    gc.freeze()  # the clock shall not hold a collection of what other tests have left
    yield listen
    gc.unfreeze()


def test_there_are_two_hundred_hostile_formulas():
    assert len(HOSTILE) >= 200


@pytest.mark.parametrize("text", HOSTILE, ids=itertools.count())
def test_a_hostile_formula_gets_a_sentence_at_once_and_never_reaches_python(text, evaluated):
    error: list[AigcError] = []
    started = time.thread_time()  # of this thread: other work on the machine does not count
    assert evaluated(lambda: error.append(refused(text, n_positions=64, d_model=32))) == []
    assert time.thread_time() - started < 0.1
    for language in LANGUAGES:
        sentence = words(language)(f"error.{error[0].key}", **error[0].values)
        assert 10 < len(sentence) < 700  # a part of the formula may stand in it, 10,000 characters do not


def test_two_formulas_may_be_parsed_at_once():
    """Lark's parser is shared; each thread still gets the formula that it asked for."""
    wrong: list[str] = []

    def work(offset: int) -> None:
        for number in range(offset, offset + 200):
            if parse.__wrapped__(f"sin(pos) × {number} − (i)").evaluate(np.array(0), np.array(1), 4) != -1:
                wrong.append(str(number))

    threads = [threading.Thread(target=work, args=(1000 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
