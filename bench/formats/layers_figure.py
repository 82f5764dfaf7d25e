"""Boxes in columns with arrows from the left to the right: who leads to what."""

from __future__ import annotations

import math
from itertools import groupby

import msgspec
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from bench.formats.figure_style import (
    BAND,
    BASE,
    CARD,
    HEAD,
    INK,
    MUTED,
    RULE,
    SIZE_PT,
    SMALL_PT,
    Card,
    width_in,
)

_ROW_IN, _BOX_IN, _GAP_IN, _EDGE_IN, _HEAD_IN = 0.42, 0.32, 0.85, 0.25, 0.75
_LABELLED_GAP_IN = 1.5
_LINE_IN = 0.2
_COLOURS = {"": MUTED, "head": HEAD, "base": BASE}


class LayeredBox(msgspec.Struct, frozen=True):
    """A box; those of one `column` stand below each other. `accent`: "", "base" or "head".

    `row` counts from the top, whole rows or parts of them; a column without is put in the middle.
    """

    key: str
    words: str
    column: int
    filled: bool = False
    accent: str = ""
    row: float | None = None


class LayeredArrow(msgspec.Struct, frozen=True):
    """From one box to another, by their keys; the label stands where the arrow begins."""

    start: str
    end: str
    label: str = ""
    accent: str = ""


class Layers(msgspec.Struct, frozen=True):
    """What the picture shows: the title, lines below it, boxes by column, arrows."""

    title: str
    caption: tuple[str, ...]
    boxes: tuple[LayeredBox, ...]
    arrows: tuple[LayeredArrow, ...]


_Places = dict[str, tuple[float, float, float]]


def draw_layers(layers: Layers) -> Figure:
    """Columns from left to right."""
    columns = [list(found) for _, found in groupby(layers.boxes, lambda one: one.column)]
    widths = [max(_width(box) for box in column) for column in columns]
    gap = _LABELLED_GAP_IN if any(one.label for one in layers.arrows) else _GAP_IN
    rows = max(len(column) for column in columns)
    rows = max(rows, *(math.ceil(one.row or 0.0) + 1 for one in layers.boxes))
    head = _HEAD_IN + _LINE_IN * (len(layers.caption) - 1)
    words = [width_in(line, SMALL_PT) for line in layers.caption]
    words.append(width_in(layers.title, SIZE_PT, "bold"))
    width = max(sum(widths) + gap * (len(columns) - 1), *words) + 2 * _EDGE_IN
    card = Card(width, rows * _ROW_IN + head + _EDGE_IN)
    places: _Places = {}
    left = _EDGE_IN
    for column, wide in zip(columns, widths, strict=True):
        for at, box in enumerate(column):
            row = (rows - len(column)) / 2 + at if box.row is None else box.row
            places[box.key] = (left, head + row * _ROW_IN, _width(box))
        left += wide + gap
    _head(card, layers)
    for arrow in layers.arrows:
        _arrow(card, arrow, places)
    for box in layers.boxes:
        _box(card, box, places[box.key])
    return card.figure


def _head(card: Card, layers: Layers) -> None:
    card.text(_EDGE_IN, 0.32, layers.title, weight="bold")
    for number, line in enumerate(layers.caption):
        card.text(_EDGE_IN, 0.52 + number * _LINE_IN, line, size=SMALL_PT, color=MUTED)


def _width(box: LayeredBox) -> float:
    return width_in(box.words, SMALL_PT) + 0.24


def _box(card: Card, box: LayeredBox, place: tuple[float, float, float]) -> None:
    left, top, _ = place
    card.figure.add_artist(
        FancyBboxPatch(
            (left, card.height_in - top - _BOX_IN),
            _width(box),
            _BOX_IN,
            boxstyle="round,pad=0,rounding_size=0.06",
            transform=card.figure.dpi_scale_trans,
            facecolor=BAND if box.filled else CARD,
            edgecolor=_COLOURS[box.accent] if box.accent else RULE,
            linewidth=1.3 if box.accent else 0.8,
            zorder=3,
        )
    )
    colour = _COLOURS[box.accent] if box.accent else INK
    card.text(left + 0.12, top + 0.2, box.words, size=SMALL_PT, color=colour, zorder=4)


def _arrow(card: Card, arrow: LayeredArrow, places: _Places) -> None:
    (left, top, wide), (other, lower, _) = places[arrow.start], places[arrow.end]
    if other <= left:
        return  # back, or within a column: it would hide more than it tells
    start = (left + wide, card.height_in - top - _BOX_IN / 2)
    end = (other, card.height_in - lower - _BOX_IN / 2)
    strong = bool(arrow.accent)
    card.figure.add_artist(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=3,head_width=1.6",
            connectionstyle="arc3,rad=0",
            transform=card.figure.dpi_scale_trans,
            color=_COLOURS[arrow.accent],
            alpha=0.9 if strong else 0.35,
            linewidth=1.2 if strong else 0.6,
            zorder=2 if strong else 1,
        )
    )
    if arrow.label:
        _label(card, arrow, start, end)


def _label(
    card: Card, arrow: LayeredArrow, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """On the line, near its beginning, where arrows from different boxes are still apart."""
    away = min(0.2 + width_in(arrow.label, SMALL_PT) / 2, (end[0] - start[0]) / 2)
    part = away / (end[0] - start[0])
    across = start[0] + away
    up = start[1] + part * (end[1] - start[1])
    card.text(
        across,
        card.height_in - up,
        arrow.label,
        size=SMALL_PT,
        color=_COLOURS[arrow.accent],
        ha="center",
        va="center_baseline",
        bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1.0},
        zorder=3,
    )
