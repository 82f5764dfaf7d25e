"""Text of foreign programs for the screen: it may hold codes that a terminal obeys."""

from __future__ import annotations

_KEPT = "\t\n\r"
_CODES = [*range(0x20), *range(0x7F, 0xA0)]
# Also what turns the direction of text, so that a line reads as something else.
_TURNS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_TABLE = dict.fromkeys((one for one in (*_CODES, *_TURNS) if chr(one) not in _KEPT), "\ufffd")


def printable(text: str) -> str:
    """The text with a mark in the place of each control character.

    >>> printable("red: \\x1b[31m") == "red: \\ufffd[31m"
    True
    """
    return text if text.isprintable() else text.translate(_TABLE)
