"""Which writing a text is in, and whether a model's languages use it."""

from __future__ import annotations

import unicodedata

# the first word of a letter's Unicode name tells its script; languages not listed here are not judged
WRITTEN_IN = {
    "en": {"LATIN"},
    "fr": {"LATIN"},
    "de": {"LATIN"},
    "es": {"LATIN"},
    "zh": {"CJK", "LATIN"},
}


def foreign(text: str, languages: tuple[str, ...]) -> bool:
    """True where the text has a letter that none of the languages is written with; False where a language is not known here."""
    if not languages or any(language not in WRITTEN_IN for language in languages):
        return False
    known = set().union(*(WRITTEN_IN[language] for language in languages))
    scripts = {unicodedata.name(character, "LATIN").split()[0] for character in text if unicodedata.category(character).startswith("L")}
    return not scripts <= known | {"FULLWIDTH", "MODIFIER", "FEMININE", "MASCULINE", "MICRO"}
