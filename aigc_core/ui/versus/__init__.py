"""The article's line beside the real one, each run on a loaded model: ``versus.card("positions", words, model, text)`` draws a card.

Adding a card is adding one file here that defines ``CARD``, and its words to the table ``versus`` in both languages: ``versus.card.<name>``
and a table ``versus.<name>`` with ``left``, ``right``, ``measure``, ``source`` and what the card itself asks for.
"""

import importlib
import pkgutil

from aigc_core.text import Words
from aigc_core.ui.versus import frame

_files = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
CARDS: dict[str, frame.Card] = {
    card.name: card for card in sorted((file.CARD for file in _files if hasattr(file, "CARD")), key=lambda card: card.place)
}


def card(name: str, words: Words, model: str, text: str) -> None:
    """Draws a card over the page's text; it runs on the page's model, or on the bundled one of the kind that its test is about."""
    frame.draw(CARDS[name], words, model, text)
