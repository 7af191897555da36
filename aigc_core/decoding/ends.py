"""Which tokens end a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aigc_core.errors import AigcError
from aigc_core.models.tokens import tokens
from aigc_core.traces import Token

if TYPE_CHECKING:
    from aigc_core.models import LanguageModel


@dataclass(frozen=True)
class EndTokens:
    """The model's own end tokens, and those that a text names."""

    own: tuple[Token, ...]
    named: tuple[Token, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(token.id for token in (*self.own, *self.named)))


def end_ids(model: LanguageModel) -> frozenset[int]:
    """The tokens that end a text: the generation config's own, else the tokenizer's."""
    found = model.module.generation_config.eos_token_id
    if found is None:
        found = model.tokenizer.eos_token_id
    return frozenset([] if found is None else [found] if isinstance(found, int) else found)


def end_tokens(model: LanguageModel, named: tuple[str, ...] = ()) -> EndTokens:
    """The tokens that read like one of ``named``, with a space before it or without, such as "." or "!".

    Raises AigcError no_such_token for a text that is no single token.
    """
    found: dict[int, Token] = {}
    for text in named:
        # after a letter, after a space and alone: a vocabulary may hold one token for each
        spelled = [model.tokenizer(form, add_special_tokens=False, verbose=False)["input_ids"] for form in (text, f" {text}", f"a{text}")]
        alike = {token.id: token for token in tokens(model, sum(spelled, [])) if token.text.strip() == text}
        if not alike:
            pieces = " | ".join(token.text for token in tokens(model, spelled[0]))
            raise AigcError("no_such_token", text=text, name=model.card.name, pieces=pieces)
        found |= alike
    return EndTokens(tokens(model, sorted(end_ids(model))), tuple(found.values()))
