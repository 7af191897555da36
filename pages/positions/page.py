"""Positions: how a model knows who stands where, each encoding as a picture, a curve, a clock, and past the length it was trained with."""

from pathlib import Path

from aigc_core.ui import page, share
from aigc_core.ui.views import beyond, encodings

words, model = page.begin(Path(__file__).parent)

VIEWS = {
    "pictures": lambda: encodings.draw(model, words),
    "beyond": lambda: beyond.draw(model, words),
}
VIEWS[share.choice("view", words("views"), words.table("view"))]()
