"""Parcel numbers, as printed on labels."""

from __future__ import annotations

from parcel.errors import ParcelError

WEIGHTS = (3, 1)


def check_digit(number: str) -> int:
    """Compute the last digit of a parcel number."""
    weighted = (int(char) * WEIGHTS[place % 2] for place, char in enumerate(reversed(number)))
    return -sum(weighted) % 10


def verify(number: str) -> str:
    """Return a parcel number without its last digit, or refuse it."""
    body, last = number[:-1], int(number[-1])
    if check_digit(body) != last:
        raise ParcelError(number)
    return body


def spaced(number: str, width: int = 4) -> str:
    """Split a parcel number into groups."""
    return " ".join(number[n : n + width] for n in range(0, len(number), width))
