"""Who imports whom, as far as it costs anything: boxes in columns, the program at the left."""

from __future__ import annotations

from itertools import groupby

import msgspec
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from bench.imports.analysis import Edge, Node
from bench.report.figure_style import (
    BAND,
    CARD,
    HEAD,
    INK,
    MUTED,
    RULE,
    SMALL_PT,
    Card,
    width_in,
)
from bench.report.text import seconds

_ROW_IN, _BOX_IN, _GAP_IN, _EDGE_IN, _HEAD_IN = 0.42, 0.32, 0.85, 0.25, 0.75


class Drawing(msgspec.Struct, frozen=True):
    """What the picture shows."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw_imports(drawing: Drawing) -> Figure:
    """Columns by distance from the program; what the best set takes away is coloured."""
    columns = [list(found) for _, found in groupby(drawing.nodes, lambda one: one.depth)]
    widths = [max(_width(node) for node in column) for column in columns]
    rows = max(map(len, columns))
    width = sum(widths) + _GAP_IN * (len(columns) - 1) + 2 * _EDGE_IN
    height = rows * _ROW_IN + _HEAD_IN + _EDGE_IN
    card = Card(width, height)
    places, left = {}, _EDGE_IN
    for column, wide in zip(columns, widths, strict=True):
        top = _HEAD_IN + (rows - len(column)) * _ROW_IN / 2
        for at, node in enumerate(column):
            places[node.name] = (left, top + at * _ROW_IN, _width(node))
        left += wide + _GAP_IN
    _legend(card)
    for edge in drawing.edges:
        _arrow(card, edge, places)
    for node in drawing.nodes:
        _box(card, node, places[node.name])
    return card.figure


def _legend(card: Card) -> None:
    card.text(_EDGE_IN, 0.32, "Who imports whom", weight="bold")
    card.text(
        _EDGE_IN, 0.52,
        "CPU time of each by itself. Orange: imports of the best set, and what goes with them.",
        size=SMALL_PT, color=MUTED,
    )  # fmt: skip


def _words(node: Node) -> str:
    name = "the program" if node.name == "__main__" else node.name
    if node.is_own and node.name.count("."):
        name = "." + node.name.partition(".")[2]  # the project's own name goes without saying
    return f"{name}  {seconds(node.own_s)}" if node.own_s else name


def _width(node: Node) -> float:
    return width_in(_words(node), SMALL_PT) + 0.24


def _box(card: Card, node: Node, place: tuple[float, float, float]) -> None:
    left, top, _ = place
    gone = node.saved_s > node.own_s / 2 and node.own_s > 0
    card.figure.add_artist(
        FancyBboxPatch(
            (left, card.height_in - top - _BOX_IN),
            _width(node),
            _BOX_IN,
            boxstyle="round,pad=0,rounding_size=0.06",
            transform=card.figure.dpi_scale_trans,
            facecolor=BAND if node.is_own else CARD,
            edgecolor=HEAD if gone else RULE,
            linewidth=1.3 if gone else 0.8,
            zorder=3,
        )
    )
    colour = HEAD if gone else INK
    card.text(left + 0.12, top + 0.2, _words(node), size=SMALL_PT, color=colour, zorder=4)


def _arrow(card: Card, edge: Edge, places: dict[str, tuple[float, float, float]]) -> None:
    (left, top, wide), (other, lower, _) = places[edge.importer], places[edge.imported]
    if other <= left:
        return  # back, or within a column: it would hide more than it tells
    start = (left + wide, card.height_in - top - _BOX_IN / 2)
    end = (other, card.height_in - lower - _BOX_IN / 2)
    card.figure.add_artist(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=3,head_width=1.6",
            connectionstyle="arc3,rad=0",
            transform=card.figure.dpi_scale_trans,
            color=HEAD if edge.deferred else MUTED,
            alpha=0.9 if edge.deferred else 0.35,
            linewidth=1.2 if edge.deferred else 0.6,
            zorder=2 if edge.deferred else 1,
        )
    )
