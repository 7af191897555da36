"""Positions: how a model knows where a word stands, and what breaks where it does not."""

from pathlib import Path

from aigc_core.ui import controls, page, share
from aigc_core.ui.views import order, own_positions, versus

EXAMPLES = (
    "The dog bites the man.",
    "Lily lost her red ball. She was very sad.",
    "Once upon a time, a little dog met a big cat. The little dog",
)

words, model = page.begin(Path(__file__).parent)
text = controls.text(words, EXAMPLES, model)
dark = controls.is_dark()

VIEWS = {
    "order": lambda: order.draw(model, text, words, dark),
    "own": lambda: own_positions.draw(model, text, words, dark),
    "versus": lambda: versus.draw(model, text, words),
}
VIEWS[share.choice("view", words("views"), words.table("view"))]()
