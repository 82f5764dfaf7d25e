"""What carriers charge, by zone and weight."""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from dataclasses import dataclass

from parcel.money import Money

STEPS_GRAMS = (500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 31500.0)
FUEL_SURCHARGE = 0.075
REMOTE_PREFIXES = ("18565", "25849", "26465", "27498")


@dataclass(frozen=True)
class Zone:
    """Countries or distances that cost the same."""

    number: int
    name: str
    factor: float


ZONES = (
    Zone(0, "city", 0.8),
    Zone(1, "national", 1.0),
    Zone(2, "union", 1.9),
    Zone(3, "world", 3.4),
)
UNION = frozenset({"AT", "BE", "DE", "DK", "ES", "FR", "IT", "LU", "NL", "PL"})


def zone_for(country: str, kilometres: float, home: str = "DE") -> Zone:
    """Find the zone of a destination."""
    if country == home:
        return ZONES[0] if kilometres < 25 else ZONES[1]
    return ZONES[2] if country in UNION else ZONES[3]


class Carrier(ABC):
    """Somebody who takes parcels."""

    name = "carrier"

    @abstractmethod
    def base_price(self, grams: float, zone: Zone) -> Money:
        """Price before surcharges."""

    def surcharges(self, postcode: str, base: Money) -> list[Money]:
        """Fuel for everybody, and something more for islands."""
        extra = [base.times(FUEL_SURCHARGE)]
        if postcode.startswith(REMOTE_PREFIXES):
            extra.append(Money(1250, base.currency))
        return extra


class StepCarrier(Carrier):
    """Charges by steps of weight."""

    name = "step"

    def __init__(self, prices: tuple[int, ...]) -> None:
        self.prices = prices

    def base_price(self, grams: float, zone: Zone) -> Money:
        """Take the price of the first step that is large enough."""
        step = bisect.bisect_left(STEPS_GRAMS, grams)
        return Money(self.prices[min(step, len(self.prices) - 1)]).times(zone.factor)


class LinearCarrier(Carrier):
    """Charges a fixed amount and so much for each started kilogram."""

    name = "linear"

    def __init__(self, fixed: int, per_kilogram: int) -> None:
        self.fixed = fixed
        self.per_kilogram = per_kilogram

    def base_price(self, grams: float, zone: Zone) -> Money:
        """Multiply started kilograms."""
        kilograms = -(-grams // 1000)
        return Money(int(self.fixed + self.per_kilogram * kilograms)).times(zone.factor)
