"""The training text: where it lies, how it is read, and a hash that names it.

A corpus folder holds ``stories/train.txt`` and ``stories/valid.txt``: TinyStories (Eldan & Li 2023), one story after another, with a
line ``<|endoftext|>`` between two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aigc_core.errors import AigcError

SEPARATOR = "<|endoftext|>"


@dataclass(frozen=True)
class Corpus:
    """Stories in the fixed split, and the SHA-256 of the training file."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    train_sha256: str


def read_stories(path: Path) -> tuple[str, ...]:
    """The stories of one file, in order, without empty ones."""
    text = path.read_text(encoding="utf-8")
    return tuple(story for part in text.split(SEPARATOR) if (story := part.strip()))


def read(folder: str | Path) -> Corpus:
    """Reads a corpus folder; AigcError("corpus_missing") says where the text can be had."""
    train, valid = (Path(folder) / "stories" / name for name in ("train.txt", "valid.txt"))
    for path in (train, valid):
        if not path.is_file():
            raise AigcError("corpus_missing", path=str(path))
    return Corpus(read_stories(train), read_stories(valid), hashlib.sha256(train.read_bytes()).hexdigest())
