"""Text that somebody typed, made safe for sentences that Streamlit reads as Markdown."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from aigc_core.errors import AigcError
from aigc_core.text import Words

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def escape(value: object) -> object:
    """Every ASCII punctuation mark of a string behind a backslash: no image, link, formula or icon is left in it."""
    return PUNCTUATION.sub(r"\\\1", " ".join(value.split())) if isinstance(value, str) else value


def sentence(words: Words, key: str, **values: object) -> str:
    """A sentence of the catalogue with values that may be a user's own text."""
    return words(key, **{name: escape(value) for name, value in values.items()})


def error(words: Words, problem: AigcError) -> None:
    """Shows what was expected, what was found and what to do."""
    st.error(sentence(words, f"error.{problem.key}", **problem.values), icon=":material/info:")


@contextmanager
def told(words: Words) -> Iterator[None]:
    """Ends what fails inside it with a sentence on the page; what nobody foresaw is logged. A fragment needs its own."""
    try:
        yield
    except AigcError as problem:
        error(words, problem)
    except Exception:
        logging.getLogger("glassbox").exception("the page failed")
        st.error(words("error.unexpected"), icon=":material/error:")
