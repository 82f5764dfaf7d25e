"""Tests of the whole way."""

from parcel.address import Address, parse_address
from parcel.graph import RoadMap
from parcel.money import Money
from parcel.packing import BoxType, Item
from parcel.quotes import QuoteBook, insurance, price_boxes, quote_shipment
from parcel.rates import ZONES, LinearCarrier, StepCarrier
from parcel.units import Size

CARRIERS = [StepCarrier((390, 490, 590, 890, 1290, 1990, 2990)), LinearCarrier(250, 180)]
STOCK = [BoxType("M", Size.of(400, 300, 200), 20000)]


def ship(destination: Address, value: int = 1000) -> Money:
    """Return the price of a shipment of one item."""
    roads = RoadMap([("hub", "bonn", 12.0), ("hub", "kiel", 480.0)])
    items = [Item("book", 900, Size.of(200, 150, 40))]
    return quote_shipment(items, destination, STOCK, CARRIERS, roads, Money(value)).price


def test_near_is_cheaper_than_far() -> None:
    """Zones matter."""
    near = parse_address("Ada\nHauptstr. 1\n53111 Bonn")
    far = parse_address("Ada\nHauptstr. 1\n24103 Kiel")
    assert ship(near) < ship(far)


def test_insurance() -> None:
    """Small values are free."""
    assert insurance(Money(4999)) == Money(0)
    assert insurance(Money(15000)) == Money(120)


def test_no_boxes_cost_nothing() -> None:
    """An empty list is fine."""
    assert price_boxes([], CARRIERS[0], ZONES[1], "53111") == Money(0)


def test_book_is_empty_at_first() -> None:
    """Nothing is the cheapest."""
    assert QuoteBook().cheapest() is None
