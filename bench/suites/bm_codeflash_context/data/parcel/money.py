"""Amounts in a currency, kept in hundredths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parcel.errors import ParcelError

if TYPE_CHECKING:
    from collections.abc import Iterable

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


class CurrencyError(ParcelError):
    """Two currencies meet in one sum."""


@dataclass(frozen=True)
class Money:
    """Some cents of one currency."""

    cents: int
    currency: str = "EUR"

    def __add__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.cents - other.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._check(other)
        return self.cents < other.cents

    def times(self, factor: float) -> Money:
        """Multiply, and round half up."""
        return Money(int(self.cents * factor + 0.5), self.currency)

    def _check(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyError(f"{self.currency} and {other.currency}")

    def __str__(self) -> str:
        whole, rest = divmod(self.cents, 100)
        return f"{SYMBOLS.get(self.currency, self.currency)}{whole:,}.{rest:02d}"


def total(amounts: Iterable[Money], currency: str = "EUR") -> Money:
    """Add amounts of one currency."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result


def split_evenly(amount: Money, parts: int) -> list[Money]:
    """Split an amount so that nothing is lost to rounding."""
    base, rest = divmod(amount.cents, parts)
    return [Money(base + (1 if n < rest else 0), amount.currency) for n in range(parts)]
