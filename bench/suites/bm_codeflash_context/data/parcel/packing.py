"""Items into boxes, first fit by decreasing volume."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter

from parcel.errors import TooLargeError
from parcel.units import Size, billable_grams

PADDING_GRAMS = 35.0
FILL_LIMIT = 0.85


@dataclass(frozen=True)
class Item:
    """One thing that is sent."""

    sku: str
    grams: float
    size: Size

    @property
    def volume(self) -> float:
        """Cubic millimetres."""
        return self.size.volume


@dataclass(frozen=True)
class BoxType:
    """A box that the depot has in stock."""

    label: str
    size: Size
    limit_grams: float
    own_grams: float = 120.0


@dataclass
class Box:
    """A box that is being filled."""

    kind: BoxType
    items: list[Item] = field(default_factory=list)

    @property
    def grams(self) -> float:
        """Weight with box and padding."""
        inside = sum(item.grams + PADDING_GRAMS for item in self.items)
        return inside + self.kind.own_grams

    @property
    def filled(self) -> float:
        """Share of the volume that is taken."""
        return sum(item.volume for item in self.items) / self.kind.size.volume

    def takes(self, item: Item) -> bool:
        """Tell whether one more item goes in."""
        return (
            item.size.fits_into(self.kind.size)
            and self.filled + item.volume / self.kind.size.volume <= FILL_LIMIT
            and self.grams + item.grams + PADDING_GRAMS <= self.kind.limit_grams
        )

    def billable(self) -> float:
        """Grams that the carrier charges."""
        return billable_grams(self.grams, self.kind.size)


def smallest_box_for(item: Item, stock: list[BoxType]) -> BoxType:
    """Choose the smallest empty box that takes an item."""
    for kind in sorted(stock, key=lambda kind: kind.size.volume):
        if Box(kind).takes(item):
            return kind
    raise TooLargeError(item.sku)


def pack(items: list[Item], stock: list[BoxType]) -> list[Box]:
    """Distribute items over as few boxes as first fit finds."""
    boxes: list[Box] = []
    for item in sorted(items, key=attrgetter("volume"), reverse=True):
        for box in boxes:
            if box.takes(item):
                box.items.append(item)
                break
        else:
            boxes.append(Box(smallest_box_for(item, stock), [item]))
    return boxes
