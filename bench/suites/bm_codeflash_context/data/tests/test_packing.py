"""Tests of packing."""

import pytest
from parcel.errors import TooLargeError
from parcel.packing import Box, BoxType, Item, pack, smallest_box_for
from parcel.units import Size

SMALL = BoxType("S", Size.of(200, 150, 100), 5000)
LARGE = BoxType("L", Size.of(600, 400, 400), 30000)


def make_item(sku: str, edge: float, grams: float = 200) -> Item:
    """Return a cube."""
    return Item(sku, grams, Size.of(edge, edge, edge))


@pytest.fixture
def stock() -> list[BoxType]:
    """Return the boxes in stock."""
    return [LARGE, SMALL]


def test_the_smallest_box_is_chosen(stock: list[BoxType]) -> None:
    """A small cube goes into a small box."""
    assert smallest_box_for(make_item("a", 90), stock) is SMALL


@pytest.mark.parametrize("count", [1, 4, 9])
def test_everything_is_packed(stock: list[BoxType], count: int) -> None:
    """Nothing is lost."""
    boxes = pack([make_item(f"sku-{n}", 95) for n in range(count)], stock)
    assert sum(len(box.items) for box in boxes) == count


def test_too_large(stock: list[BoxType]) -> None:
    """What fits nowhere is refused."""
    with pytest.raises(TooLargeError):
        pack([make_item("piano", 1500)], stock)


class TestBox:
    """A box by itself."""

    def test_grams(self) -> None:
        """Padding counts."""
        box = Box(SMALL, [make_item("a", 50)])
        assert box.grams == 355

    def test_takes_no_more_than_its_limit(self) -> None:
        """Weight is limited."""
        assert not Box(SMALL).takes(make_item("lead", 50, grams=6000))
