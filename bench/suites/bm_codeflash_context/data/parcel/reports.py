"""Figures for a day's shipments."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from parcel.money import Money, split_evenly, total
from parcel.tracking import History, State, busiest_depots

if TYPE_CHECKING:
    from parcel.quotes import Quote

BAR = 40


class Report:
    """Collects quotes and histories, and shows them as lines of text."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.quotes: list[Quote] = []
        self.histories: list[History] = []

    def add(self, quote: Quote, history: History) -> None:
        """Add one shipment."""
        self.quotes.append(quote)
        self.histories.append(history)

    def lines(self) -> list[str]:
        """Return the whole report."""
        found = [
            self.title,
            "=" * len(self.title),
            f"revenue {total(q.price for q in self.quotes)}",
        ]
        for carrier, prices in sorted(prices_by_carrier(self.quotes).items()):
            found.append(f"{carrier:<12}{spread(prices)}")
        found.extend(bars(busiest_depots(self.histories, 5)))
        found.append(f"delivered {delivered_share(self.histories):.0%}")
        return found


def prices_by_carrier(quotes: list[Quote]) -> dict[str, list[Money]]:
    """Group prices."""
    groups: dict[str, list[Money]] = defaultdict(list)
    for quote in quotes:
        groups[quote.carrier].append(quote.price)
    return dict(groups)


def spread(prices: list[Money]) -> str:
    """Describe prices by mean and standard deviation."""
    mean = sum(price.cents for price in prices) / len(prices)
    variance = sum((price.cents - mean) ** 2 for price in prices) / len(prices)
    return f"{Money(round(mean))} ± {Money(round(math.sqrt(variance)))}"


def bars(counts: list[tuple[str, int]]) -> list[str]:
    """Draw counts as bars."""
    largest = max((count for _, count in counts), default=1)
    return [f"{name:<12}{'#' * round(count / largest * BAR)} {count}" for name, count in counts]


def delivered_share(histories: list[History]) -> float:
    """Share of parcels that have arrived."""
    if not histories:
        return 0.0
    return sum(history.state is State.DELIVERED for history in histories) / len(histories)


def shared_cost(quotes: list[Quote], departments: list[str]) -> dict[str, Money]:
    """Split the total over departments."""
    parts = split_evenly(total(quote.price for quote in quotes), len(departments))
    return dict(zip(departments, parts, strict=True))
