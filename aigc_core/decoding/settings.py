"""How a text is decoded; what generate() would refuse is refused here, with a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


def check(settings: object, allowed: dict[str, tuple[bool, str]]) -> None:
    """Raises AigcError("setting", …) for the first setting that does not fit: name → (fits, what was expected)."""
    for name, (fits, expected) in allowed.items():
        if not fits:
            raise AigcError("setting", name=name, expected=expected, found=getattr(settings, name))


def is_whole(value: object, least: int) -> bool:
    """True for 3 and for NumPy's 3, not for 3.0 or True."""
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= least


def is_number(value: object, fits: Callable[[float], bool] = lambda number: True) -> bool:
    """True for a finite number, of Python or NumPy, that fits."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value) and fits(value)


def sampling_rules(settings) -> dict[str, tuple[bool, str]]:
    """The rules that sampling and sampled beams share."""
    return {
        # below it float32 logits divided by it overflow
        "temperature": (is_number(settings.temperature, lambda t: t >= 1e-6), "≥ 0.000001"),
        "top_k": (is_whole(settings.top_k, 0), "0, 1, 2, …"),
        "top_p": (is_number(settings.top_p, lambda p: 0 < p <= 1), "0 < p ≤ 1"),
        "repetition_penalty": (is_number(settings.repetition_penalty, lambda penalty: penalty > 0), "> 0"),
        "seed": (is_whole(settings.seed, 0) and settings.seed < 2**63, "0, 1, 2, …"),
        "max_new_tokens": (is_whole(settings.max_new_tokens, 1), "1, 2, 3, …"),
    }


@dataclass(frozen=True)
class SamplingSettings:
    """How the next token is drawn; the defaults leave the model's distribution as it is.

    temperature ≥ 0.000001 divides the logits; top_k ≥ 0 keeps the k best (0: all); top_p in (0, 1] keeps the fewest tokens whose
    probabilities reach p (Holtzman et al. 2020); min_p in [0, 1] keeps those with at least min_p × the best one's probability;
    repetition_penalty > 0 divides positive and multiplies negative logits of tokens that have occurred (Keskar et al. 2019).
    A seed repeats the text. Raises AigcError("setting", …) for what generate() would refuse.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_new_tokens: int = 40

    def __post_init__(self) -> None:
        check(self, sampling_rules(self) | {"min_p": (is_number(self.min_p, lambda p: 0 <= p <= 1), "0 ≤ p ≤ 1")})


@dataclass(frozen=True)
class BeamSettings:
    """How beams are searched: the names and meanings of generate()'s own arguments.

    A hypothesis' score is its summed log-probability ÷ generated length ** length_penalty, its end token counted. early_stopping is True,
    False or "never". With do_sample the candidates are drawn, and temperature, top_k, top_p and seed matter. eos_token_ids replaces the
    model's own end tokens. Raises AigcError("setting", …) for what generate() would refuse.
    """

    num_beams: int = 5
    length_penalty: float = 1.0
    early_stopping: bool | str = True
    num_return_sequences: int = 1
    no_repeat_ngram_size: int = 0
    repetition_penalty: float = 1.0
    max_new_tokens: int = 20
    do_sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    eos_token_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        own = {
            "num_beams": (is_whole(self.num_beams, 1), "1, 2, 3, …"),
            "length_penalty": (is_number(self.length_penalty), "a number"),
            "eos_token_ids": (self.eos_token_ids is None or len(self.eos_token_ids) > 0, "None or at least one id"),
            "early_stopping": (self.early_stopping in (True, False) or self.early_stopping == "never", 'True, False, "never"'),
            "num_return_sequences": (
                is_whole(self.num_return_sequences, 1) and self.num_return_sequences <= self.num_beams,
                "1 … num_beams",
            ),
            "no_repeat_ngram_size": (is_whole(self.no_repeat_ngram_size, 0), "0, 1, 2, …"),
            "do_sample": (not self.do_sample or self.num_beams > 1, "False with one beam (one that draws is decoding.sample)"),
        }
        check(self, own | sampling_rules(self))

    def for_generate(self, model: LanguageModel) -> dict[str, object]:
        """The arguments of generate(): what is off is not passed, so that the model's own generation config stands as it would there."""
        ends = model.module.generation_config.eos_token_id if self.eos_token_ids is None else list(self.eos_token_ids)
        pad = model.module.generation_config.pad_token_id
        given = dict(
            num_beams=self.num_beams,
            num_return_sequences=self.num_return_sequences,
            max_new_tokens=self.max_new_tokens,
            do_sample=self.do_sample,
            no_repeat_ngram_size=self.no_repeat_ngram_size,
            repetition_penalty=float(self.repetition_penalty),
            eos_token_id=ends,
        )
        if self.num_beams > 1:  # with one, generate() would warn that they mean nothing
            given |= dict(length_penalty=float(self.length_penalty), early_stopping=self.early_stopping)
        if self.do_sample:
            given |= dict(temperature=float(self.temperature), top_k=int(self.top_k), top_p=float(self.top_p))
        if pad is None and ends is not None:  # generate() would choose the same and say so on every call
            given["pad_token_id"] = ends if isinstance(ends, int) else ends[0]
        return given
