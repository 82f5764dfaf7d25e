"""Tests of reading and writing."""

import pytest
from parcel import manifests, units
from parcel.errors import UnknownUnitError

TEXT = """sku,weight,length,width,height
a-1,1.5 kg,20 cm,10 cm,5 cm
b-2,8 oz,4 in,4 in,4 in
"""


def test_round_trip() -> None:
    """What is written can be read."""
    items = manifests.read_items(TEXT)
    assert manifests.read_items(manifests.write_items(items)) == items


@pytest.mark.parametrize(("text", "grams"), [("1 kg", 1000.0), ("2,5 g", 2.5)])
def test_weights(text: str, grams: float) -> None:
    """Comma and point."""
    assert units.to_grams(text) == grams


def test_unknown_unit() -> None:
    """Stones are unknown."""
    with pytest.raises(UnknownUnitError):
        units.to_grams("3 st")


def test_deduplicate() -> None:
    """The first one stays."""
    items = manifests.read_items(TEXT)
    assert manifests.deduplicate(items + items) == items
