"""Quantities with units: weights and lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from parcel.errors import UnknownUnitError

GRAMS = {"g": 1.0, "kg": 1000.0, "lb": 453.59237, "oz": 28.349523125}
MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
QUANTITY = re.compile(r"^\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>[a-z]+)\s*$")
VOLUMETRIC_DIVISOR = 5_000_000.0


@dataclass(frozen=True, order=True)
class Size:
    """Three edges in millimetres, the longest first."""

    length: float
    width: float
    height: float

    @classmethod
    def of(cls, *edges: float) -> Size:
        """Sort edges into a size."""
        longest, middle, shortest = sorted(edges, reverse=True)
        return cls(longest, middle, shortest)

    @property
    def volume(self) -> float:
        """Cubic millimetres."""
        return self.length * self.width * self.height

    def fits_into(self, other: Size) -> bool:
        """Tell whether this lies inside another size, edges parallel."""
        return (
            self.length <= other.length
            and self.width <= other.width
            and self.height <= other.height
        )


@lru_cache(maxsize=256)
def parse_quantity(text: str) -> tuple[float, str]:
    """Split ``1.5 kg`` into number and unit."""
    found = QUANTITY.match(text.lower())
    if found is None:
        raise UnknownUnitError(text, sorted(GRAMS) + sorted(MILLIMETRES))
    return float(found["number"].replace(",", ".")), found["unit"]


def to_grams(text: str) -> float:
    """Read a weight."""
    number, unit = parse_quantity(text)
    if unit not in GRAMS:
        raise UnknownUnitError(unit, sorted(GRAMS))
    return number * GRAMS[unit]


def to_millimetres(text: str) -> float:
    """Read a length."""
    number, unit = parse_quantity(text)
    if unit not in MILLIMETRES:
        raise UnknownUnitError(unit, sorted(MILLIMETRES))
    return number * MILLIMETRES[unit]


def volumetric_grams(size: Size) -> float:
    """Weight that a carrier charges for something large and light."""
    return size.volume / VOLUMETRIC_DIVISOR * 1000.0


def billable_grams(actual: float, size: Size) -> float:
    """Return the larger of actual and volumetric weight."""
    return max(actual, volumetric_grams(size))
