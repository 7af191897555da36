"""Tokens as labels: spaces and controls made visible, nothing left that a picture could take for markup."""

from __future__ import annotations

import unicodedata

VISIBLE = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "↵"}
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def visible(text: str) -> str:
    """A token's text with every space, line break and invisible character shown."""
    return "".join(VISIBLE.get(character) or hexed(character) for character in text) or "∅"


def hexed(character: str) -> str:
    """An invisible character (control, format, private, surrogate; separators) by its code point, any other as it is."""
    invisible = unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"}
    return f"⟨{ord(character):x}⟩" if invisible else character


def plotly(text: str) -> str:
    """The label for Plotly, which reads a few HTML tags in every string it draws."""
    return escaped(visible(text))


def escaped(text: str) -> str:
    """A name for Plotly, its spaces as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def magnitude(value: float) -> str:
    """0.179, 12.5; what three decimals do not show, by its power of ten: 4.8×10⁻⁷."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.3g}"
    number, power = f"{value:.1e}".split("e")
    times = "" if number == "1.0" else f"{number}×"
    return f"{times}10{str(int(power)).translate(SUPERSCRIPT)}"


def percent(share: float) -> str:
    """62.9%; of a small one two figures: 0.0036%."""
    return f"{share:.1%}" if share >= 0.01 or share == 0 else f"{100 * share:.2g}%"
