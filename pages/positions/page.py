"""Positions: how a model knows who stands where. Each encoding as a picture, and past the trained length; experiments on a real model."""

from pathlib import Path

from aigc_core.ui import controls, page, share
from aigc_core.ui.views import beyond, encodings, order, own_positions, versus

EXAMPLES = (
    "The dog bites the man.",
    "Lily lost her red ball. She was very sad.",
    "Once upon a time, a little dog met a big cat. The little dog",
)

words, model = page.begin(Path(__file__).parent)
dark = controls.is_dark()


def read(view):
    """A view that reads a text: its box stands above it."""
    return lambda: view(controls.text(words, EXAMPLES, model))


VIEWS = {
    "pictures": lambda: encodings.draw(model, words),
    "beyond": lambda: beyond.draw(model, words),
    "order": read(lambda text: order.draw(model, text, words, dark)),
    "own": read(lambda text: own_positions.draw(model, text, words, dark)),
    "versus": read(lambda text: versus.draw(model, text, words)),
}
VIEWS[share.choice("view", words("views"), words.table("view"))]()
