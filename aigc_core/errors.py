"""The one family of errors that a user can cause.

``key`` names a sentence in ``aigc_core/text/en.toml`` and ``zh.toml`` (table ``error``) which says what was expected, what was found and
what to do; ``values`` fill its placeholders. ``str(error)`` is the English sentence, for notebooks and logs.
"""

from __future__ import annotations


class AigcError(Exception):
    """A fault that a sentence can mend; shown to the user, never as a traceback."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        from aigc_core.text import words

        return words("en")(f"error.{self.key}", **self.values)
