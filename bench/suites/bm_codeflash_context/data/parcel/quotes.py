"""From a list of items and an address to a price: the library's main entry point."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parcel.graph import RoadMap, shortest_route
from parcel.money import Money, total
from parcel.packing import Box, BoxType, Item, pack
from parcel.rates import Carrier, Zone, zone_for

if TYPE_CHECKING:
    from parcel.address import Address

INSURANCE_FREE_CENTS = 5000
INSURANCE_SHARE = 0.012


@dataclass(frozen=True)
class Quote:
    """An offer of one carrier."""

    carrier: str
    zone: Zone
    boxes: tuple[str, ...]
    price: Money
    kilometres: float


class QuoteBook:
    """Remembers the latest quotes, and forgets the oldest."""

    def __init__(self, capacity: int = 100) -> None:
        self.capacity = capacity
        self._quotes: OrderedDict[str, Quote] = OrderedDict()

    def remember(self, key: str, quote: Quote) -> None:
        """Store a quote under a key."""
        self._quotes[key] = quote
        self._quotes.move_to_end(key)
        while len(self._quotes) > self.capacity:
            self._quotes.popitem(last=False)

    def recall(self, key: str) -> Quote | None:
        """Return what is known under a key."""
        return self._quotes.get(key)

    def cheapest(self) -> Quote | None:
        """Return the best of all that are remembered."""
        return min(self._quotes.values(), key=lambda quote: quote.price, default=None)


def insurance(value: Money) -> Money:
    """Price of insuring a value; small ones are free."""
    excess = max(0, value.cents - INSURANCE_FREE_CENTS)
    return Money(excess, value.currency).times(INSURANCE_SHARE)


def price_boxes(boxes: list[Box], carrier: Carrier, zone: Zone, postcode: str) -> Money:
    """Add base prices and surcharges of all boxes."""
    amounts: list[Money] = []
    for box in boxes:
        base = carrier.base_price(box.billable(), zone)
        amounts.append(base)
        amounts.extend(carrier.surcharges(postcode, base))
    return total(amounts)


def quote_shipment(
    items: list[Item],
    destination: Address,
    stock: list[BoxType],
    carriers: list[Carrier],
    roads: RoadMap,
    value: Money,
) -> Quote:
    """Pack, find the way, ask every carrier, and return the cheapest offer."""
    boxes = pack(items, stock)
    clean = destination.normalised()
    kilometres, _ = shortest_route(roads, "hub", clean.city)
    zone = zone_for(clean.country, kilometres)
    book = QuoteBook(capacity=len(carriers))
    for carrier in carriers:
        price = price_boxes(boxes, carrier, zone, clean.postcode) + insurance(value)
        labels = tuple(box.kind.label for box in boxes)
        book.remember(carrier.name, Quote(carrier.name, zone, labels, price, kilometres))
    best = book.cheapest()
    if best is None:
        raise ValueError("no carriers")
    return best
