"""Shipments as text: reading and writing comma-separated lists."""

from __future__ import annotations

import csv
import io
import json as codec
from typing import TYPE_CHECKING, Any

from parcel import units
from parcel.packing import Item
from parcel.units import Size

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ["sku", "weight", "length", "width", "height"]


def read_items(text: str) -> list[Item]:
    """Read items from comma-separated text with a header."""
    return [item_from_row(row) for row in csv.DictReader(io.StringIO(text))]


def item_from_row(row: dict[str, Any]) -> Item:
    """Build an item from one row."""
    edges = (units.to_millimetres(row[name]) for name in HEADER[2:])
    return Item(row["sku"].strip(), units.to_grams(row["weight"]), Size.of(*edges))


def write_items(items: list[Item]) -> str:
    """Write items so that ``read_items`` reads them back."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for item in items:
        size = item.size
        edges = [f"{edge:g} mm" for edge in (size.length, size.width, size.height)]
        writer.writerow([item.sku, f"{item.grams} g", *edges])
    return stream.getvalue()


def load_settings(path: Path) -> dict[str, Any]:
    """Read settings, with defaults for what is not there."""
    defaults: dict[str, Any] = {"currency": "EUR", "home": "DE", "limit": 31500}
    stored = codec.loads(path.read_text(encoding="utf-8"))
    return {**defaults, **stored}


def deduplicate(items: list[Item]) -> list[Item]:
    """Keep the first item of each sku, in order."""
    seen: list[str] = []
    kept: list[Item] = []
    for item in items:
        if item.sku not in seen:
            seen.append(item.sku)
            kept.append(item)
    return kept
