"""The loss of every token of a text, on a strip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_core.figures.labels import percent, visible
from aigc_core.figures.theme import mix, theme
from aigc_core.traces import Token
from aigc_core.ui.components.token_strip import Piece, token_strip
from aigc_core.ui.versus.frame import Asked


def strip(tokens: Sequence[Token], losses: np.ndarray, asked: Asked, key: str, notes: Sequence[str] = ()) -> None:
    """Each token on the colour of its probability; quiet where it has no loss. ``notes`` are told with the numbers."""
    look, pieces = theme(asked.dark), []
    for index, (token, loss) in enumerate(zip(tokens, losses.tolist())):
        if np.isnan(loss):
            pieces += [Piece(visible(token.text)), Piece(" ")]
            continue
        told = asked.words("versus.token_loss", loss=f"{loss:.2f}", chance=percent(float(np.exp(-loss))))
        colour = mix(look.probability, 0.12 + (look.readable - 0.12) * float(np.exp(-loss)))
        pieces += [Piece(visible(token.text), colour, "\n".join([*notes[index : index + 1], told])), Piece(" ")]
    token_strip(pieces, None, asked.words.table("versus.strip"), key, lines=1)
