"""A small language for positional encodings: pos, i, d, pi, numbers, sin, cos, exp, log, sqrt, + − × ÷ ^ and brackets.

A formula is parsed by lark's LALR(1) parser, in time proportional to its length and without recursion, to steps for a stack of arrays.
Python never evaluates any of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from aigc_core.errors import AigcError

LENGTH = 200  # characters
DEPTH = 20  # brackets within brackets

# −2^2 is −(2^2), 2^3^2 is 2^(3^2), and × is never left out; also read are * / ** π · and what a Chinese keyboard writes
GRAMMAR = r"""
    ?sum: product | sum (PLUS | MINUS) product        -> binary
    ?product: signed | product (TIMES | OVER) signed  -> binary
    ?signed: power | (PLUS | MINUS) signed            -> unary
    ?power: operand | operand HAT signed              -> binary
          | operand RAISED                            -> raised
    ?operand: NUMBER                                  -> number
            | NAME                                    -> variable
            | OPEN sum CLOSE                          -> bracket
            | FUNCTION OPEN sum CLOSE                 -> call
    PLUS: "+" | "＋"
    MINUS: "−" | "-" | "－"
    TIMES: "×" | "*" | "·" | "⋅" | "＊"
    OVER: "÷" | "/" | "／"
    HAT: "^" | "**"
    RAISED: /[⁰¹²³⁴⁵⁶⁷⁸⁹]+/
    OPEN: "(" | "（"
    CLOSE: ")" | "）"
    NUMBER: /([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?/
    NAME: /(pos|i|d|pi|π)(?![A-Za-z0-9_])/
    FUNCTION: /(sin|cos|exp|log|sqrt)(?![A-Za-z0-9_])/
    %ignore /\s+/
"""
OPERATIONS = {"PLUS": np.add, "MINUS": np.subtract, "TIMES": np.multiply, "OVER": np.divide, "HAT": np.power}
SIGNS = {"PLUS": np.positive, "MINUS": np.negative}
FUNCTIONS = {"sin": np.sin, "cos": np.cos, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}
VARIABLE = re.compile(r"(?<![A-Za-z0-9_])(pos|i|d)(?![A-Za-z0-9_])")
WORD = re.compile(r"[^\W⁰¹²³⁴⁵⁶⁷⁸⁹]+")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


class Step(NamedTuple):
    """An operand to put on the stack, or an operation on what lies on top of it; ``start`` to before ``end`` is its part of the text."""

    do: float | str | np.ufunc  # a number, a variable, an operation
    start: int
    end: int


@v_args(inline=True)
class Steps(Transformer):
    """From the grammar's rules to steps, operands before operations (postfix); the last step of each part spans the part."""

    def number(self, token: Token) -> tuple[Step, ...]:
        return (Step(float(token), token.start_pos, token.end_pos),)

    def variable(self, token: Token) -> tuple[Step, ...]:
        return (Step(np.pi if token in ("pi", "π") else str(token), token.start_pos, token.end_pos),)

    def raised(self, base: tuple[Step, ...], power: Token) -> tuple[Step, ...]:
        exponent = Step(float(power.translate(DIGITS)), power.start_pos, power.end_pos)
        return *base, exponent, Step(np.power, base[-1].start, power.end_pos)

    def binary(self, left: tuple[Step, ...], sign: Token, right: tuple[Step, ...]) -> tuple[Step, ...]:
        return *left, *right, Step(OPERATIONS[sign.type], left[-1].start, right[-1].end)

    def unary(self, sign: Token, right: tuple[Step, ...]) -> tuple[Step, ...]:
        return *right, Step(SIGNS[sign.type], sign.start_pos, right[-1].end)

    def call(self, name: Token, _open: Token, inner: tuple[Step, ...], close: Token) -> tuple[Step, ...]:
        return *inner, Step(FUNCTIONS[name], name.start_pos, close.end_pos)

    def bracket(self, opened: Token, inner: tuple[Step, ...], close: Token) -> tuple[Step, ...]:
        return *inner[:-1], inner[-1]._replace(start=opened.start_pos, end=close.end_pos)


@dataclass(frozen=True)
class Formula:
    """A parsed formula."""

    text: str
    steps: tuple[Step, ...]

    def evaluate(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        """Over arrays that broadcast, in float64. Raises AigcError: formula_value, for a part whose value is somewhere not finite."""
        variables = {"pos": position, "i": column, "d": d_model}
        stack: list[np.ndarray] = []
        with np.errstate(all="ignore"):  # what comes of it is looked at
            for step in self.steps:
                if isinstance(step.do, np.ufunc):
                    arguments = stack[-step.do.nin :]
                    del stack[-step.do.nin :]
                    value = step.do(*arguments)
                else:
                    value = np.asarray(variables.get(step.do, step.do), np.float64)
                self.check_finite(value, step, position, column)
                stack.append(value)
            self.check_finite(stack[-1].astype(np.float32), self.steps[-1], position, column)  # as the table holds it
        return stack[-1]

    def check_finite(self, value: np.ndarray, step: Step, position: np.ndarray, column: np.ndarray) -> None:
        """Names the first position and column where a part of the formula has no finite value."""
        if np.isfinite(value).all():
            return
        found, positions, columns = np.broadcast_arrays(value, position, column)
        first = tuple(np.argwhere(~np.isfinite(found))[0])
        part = self.text[step.start : step.end]
        raise AigcError("formula_value", part=part, place=step.start + 1, pos=int(positions[first]), i=int(columns[first]))

    def put_in(self, **numbers: int | str) -> str:
        """The text as it was written, with numbers for pos, i and d."""
        return VARIABLE.sub(lambda found: str(numbers[found[0]]), self.text)


@cache
def parser() -> Lark:
    return Lark(GRAMMAR, start="sum", parser="lalr", lexer="basic", transformer=Steps())


@lru_cache(maxsize=256)
def parse(text: str) -> Formula:
    """Raises AigcError: formula_empty, formula_long, formula_deep; and with the place of the fault, counted in characters from 1,
    formula_character, formula_name, formula_operand, formula_ends, formula_call, formula_operator, formula_unopened, formula_unclosed.
    """
    if not text.strip():
        raise AigcError("formula_empty")
    if len(text) > LENGTH:
        raise AigcError("formula_long", limit=LENGTH, found=len(text))
    unclosed = open_brackets(text)
    try:
        return Formula(text, parser().parse(text))
    except UnexpectedCharacters as error:
        raise unreadable(text, error.pos_in_stream) from None
    except UnexpectedToken as error:
        raise unexpected(error, text, unclosed) from None


def open_brackets(text: str) -> list[int]:
    """The places of the brackets that are still open at the end, counted from 0."""
    unclosed: list[int] = []
    for place, character in enumerate(text):
        if character in "(（":
            unclosed.append(place)
        elif character in ")）" and unclosed:
            unclosed.pop()
        if len(unclosed) > DEPTH:
            raise AigcError("formula_deep", limit=DEPTH, place=place + 1)
    return unclosed


def unreadable(text: str, place: int) -> AigcError:
    """A name that is none of ours, or a character that belongs to no formula."""
    word = WORD.match(text, place)
    if word and word[0].isascii():
        return AigcError("formula_name", name=word[0], place=place + 1)
    if word:
        place += next(index for index, character in enumerate(word[0]) if not character.isascii())
    return AigcError("formula_character", character=named(text[place]), place=place + 1)


def named(character: str) -> str:
    """A character beyond ASCII with its code point: some look like others, or like nothing."""
    code = f"U+{ord(character):04X}"
    return character if character.isascii() and character.isprintable() else f"{character} ({code})" if character.isprintable() else code


def unexpected(error: UnexpectedToken, text: str, unclosed: list[int]) -> AigcError:
    """A number, name or sign in the wrong place, or the end too early."""
    at_end, found, place = error.token.type == "$END", str(error.token), error.token.start_pos + 1
    if error.expected == {"OPEN"}:
        called = list(re.finditer(WORD, text[: len(text) if at_end else place - 1]))[-1]
        return AigcError("formula_call", name=called[0], place=called.end() + 1)
    if "NUMBER" in error.expected:  # the state before a number, name, function or bracket
        return AigcError("formula_ends", place=len(text.rstrip()) + 1) if at_end else AigcError("formula_operand", found=found, place=place)
    if at_end:
        return AigcError("formula_unclosed", place=unclosed[-1] + 1)
    if error.token.type == "CLOSE":
        return AigcError("formula_unopened", place=place)
    return AigcError("formula_operator", found=found, place=place)
