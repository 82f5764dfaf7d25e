"""What can go wrong, as exceptions that carry the facts."""

from __future__ import annotations


class ParcelError(Exception):
    """The root of all errors of this library."""


class UnknownUnitError(ParcelError):
    """A quantity has a unit that is not in the table."""

    def __init__(self, unit: str, known: list[str]) -> None:
        super().__init__(f"unknown unit {unit!r}; known are {', '.join(known)}")
        self.unit = unit


class NoRouteError(ParcelError):
    """Two depots are not connected."""

    def __init__(self, start: str, end: str) -> None:
        super().__init__(f"no route from {start} to {end}")
        self.start = start
        self.end = end


class TooLargeError(ParcelError):
    """An item fits into no box."""
