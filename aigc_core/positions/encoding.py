"""What a positional encoding can be: added to the input, a rotation of queries and keys, or a bias on the scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np

from aigc_core.errors import AigcError


class Added(ABC):
    """One vector for each position, added to the token's own."""

    acts: ClassVar[Literal["added"]] = "added"
    name: ClassVar[str]
    d_model: int | None = None  # the only width that it has; None where any will do

    @abstractmethod
    def values(self, position: np.ndarray, column: np.ndarray, d_model: int) -> np.ndarray:
        """The encoding's numbers, float64, over whole numbers that broadcast: position [n, 1] and column [1, d_model], or one of each."""

    @abstractmethod
    def formula(self, position: int | str, column: int, d_model: int) -> str:
        """What one number of the table is, with the numbers put in: sin(7 / 10000^(4/64))."""

    def table(self, n_positions: int, d_model: int) -> np.ndarray:
        """float32 [position, d_model]."""
        check_size("n_positions", n_positions)
        check_size("d_model", d_model)
        values = self.values(np.arange(n_positions)[:, None], np.arange(d_model)[None, :], d_model)
        return np.broadcast_to(values, (n_positions, d_model)).astype(np.float32)

    def rotation(self, k: int, d_model: int) -> np.ndarray | None:
        """R_k, float32 [d_model, d_model], with P(pos + k) = R_k · P(pos) for every pos, where the formula has one."""
        return None

    def worked(self, position: int, column: int, d_model: int) -> str:
        """The formula of one cell and its value: sin(7 / 10000^(4/64)) = −0.7126."""
        value = self.values(np.array(position), np.array(column), d_model)
        return self.template(column, d_model).format(pos=position, value=four_decimals(float(value)))

    def template(self, column: int, d_model: int) -> str:
        """The same for every position of a column: sin({pos} / 10000^(4/64)) = {value}."""
        return f"{self.formula('{pos}', column, d_model)} = {{value}}"


class Rotating(ABC):
    """Turns each query and key by its position, so that their product depends on the distance alone."""

    acts: ClassVar[Literal["rotates"]] = "rotates"
    name: ClassVar[str]

    @abstractmethod
    def rotate(self, x: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Queries or keys [position, d_head], each turned by its own entry of ``positions`` [position]: float32 of the same shape."""

    @abstractmethod
    def angles(self, positions: np.ndarray, d_head: int) -> np.ndarray:
        """By what each pair of dimensions is turned, in radians: float64 [position, pair]."""

    @abstractmethod
    def pairs(self, d_head: int) -> np.ndarray:
        """The two dimensions of each pair; a turn by 90° moves the first onto the second: int [pair, 2]."""

    @abstractmethod
    def template(self, pair: int, d_head: int) -> str:
        """The angle of one pair at every position: {pos} / 10000^(4/64) = {value} rad."""

    def worked(self, position: float, pair: int, d_head: int) -> str:
        """The angle by which one pair of dimensions is turned, in radians: 7 / 10000^(4/64) = 3.9364 rad."""
        value = self.angles(np.array([position]), d_head)[0, pair]
        return self.template(pair, d_head).format(pos=plain(position), value=four_decimals(float(value)))


class Biasing(ABC):
    """Adds to the score of each query and key a number that depends on their distance."""

    acts: ClassVar[Literal["biases"]] = "biases"
    name: ClassVar[str]
    n_heads: int | None = None  # as many heads as it has; None where any number will do

    @abstractmethod
    def values(self, distance: np.ndarray, n_heads: int) -> np.ndarray:
        """The bias at whole distances key − query of any shape: [head, *distance]."""

    @abstractmethod
    def template(self, head: int, distance: int, n_heads: int) -> str:
        """How the bias of a head at one distance comes about, for every query and key: −2^(−1) × |{query} − {key}| = {value}."""

    def bias(self, n_heads: int, n_positions: int) -> np.ndarray:
        """float32 [head, query, key]."""
        check_size("n_positions", n_positions)
        position = np.arange(n_positions)
        return self.values(position[None, :] - position[:, None], n_heads).astype(np.float32)

    def worked(self, head: int, query: int, key: int, n_heads: int) -> str:
        """One number of the bias and how it comes about: −2^(−1) × |7 − 4| = −1.5000."""
        value = self.values(np.array(key - query), n_heads)[head]
        return self.template(head, key - query, n_heads).format(query=query, key=key, value=four_decimals(float(value)))


Encoding = Added | Rotating | Biasing


def check_size(name: str, found: int) -> None:
    if found < 1:
        raise AigcError("setting", name=name, expected="1, 2, 3, …", found=found)


def check_even(name: str, found: int) -> None:
    """Dimensions that go in pairs."""
    if found < 2 or found % 2:
        raise AigcError("setting", name=name, expected="2, 4, 6, …", found=found)


def check_positive(name: str, found: float) -> None:
    if not 0 < found < np.inf:
        raise AigcError("setting", name=name, expected="> 0", found=found)


def plain(number: float) -> str:
    """10000, 0.5, 1000000: a setting as a person writes it."""
    return f"{number:.10g}"


def four_decimals(value: float) -> str:
    """−0.7126; never −0.0000; of a size that four decimals do not serve, 1.2346e+08."""
    value = round(value, 4) + 0.0
    return f"{value:.4f}".replace("-", "−") if abs(value) < 1e6 else f"{value:.4e}".replace("-", "−", 1)
