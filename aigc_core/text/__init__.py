"""The words of the app, English and Chinese, in TOML tables with the same keys and placeholders (a test holds them together).

The shared catalogue lies here; a page's own words lie beside it. ``words("zh", folder)`` reads both.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
HERE = Path(__file__).parent


class Words:
    """A catalogue of one language: ``words("error.text_long", limit=4000)`` is the sentence with its values put in."""

    def __init__(self, language: str, sentences: dict[str, str]) -> None:
        self.language = language
        self.sentences = sentences

    def __call__(self, key: str, /, **values: object) -> str:
        return self.sentences[key].format(**values)

    def table(self, prefix: str) -> dict[str, str]:
        """The sentences under ``prefix``, by what follows it: for components, which take plain strings."""
        return {key[len(prefix) + 1 :]: text for key, text in self.sentences.items() if key.startswith(prefix + ".")}


def flatten(table: dict, prefix: str = "") -> dict[str, str]:
    """{"error": {"gated": "…"}} → {"error.gated": "…"}."""
    flat = {}
    for key, value in table.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


@cache
def words(language: str, folder: Path | None = None) -> Words:
    """The shared catalogue of ``language``, with the words of a page's ``folder`` over it."""
    sentences: dict[str, str] = {}
    for place in filter(None, (HERE, folder)):
        sentences |= flatten(tomllib.loads((place / f"{language}.toml").read_text(encoding="utf-8")))
    return Words(language, sentences)
