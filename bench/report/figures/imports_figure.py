"""Who imports whom, as far as it costs anything: boxes in columns, the program at the left."""

from __future__ import annotations

from collections.abc import Sequence

from bench.explain.rank.analysis import Edge, Node
from bench.formats.layers_figure import LayeredArrow, LayeredBox, Layers
from bench.formats.text import seconds


def imports_layers(nodes: Sequence[Node], edges: Sequence[Edge]) -> Layers:
    """Columns by distance from the program; what the best set takes away is coloured."""
    return Layers(
        "Who imports whom",
        ("CPU time of each by itself. Orange: imports of the best set, and what goes with them.",),
        tuple(map(_box, nodes)),
        tuple(
            LayeredArrow(one.importer, one.imported, accent="head" if one.deferred else "")
            for one in edges
        ),
    )


def _box(node: Node) -> LayeredBox:
    gone = node.saved_s > node.own_s / 2 and node.own_s > 0
    return LayeredBox(node.name, _words(node), node.depth, node.is_own, "head" if gone else "")


def _words(node: Node) -> str:
    name = "the program" if node.name == "__main__" else node.name
    if node.is_own and node.name.count("."):
        name = "." + node.name.partition(".")[2]  # the project's own name goes without saying
    return f"{name}  {seconds(node.own_s)}" if node.own_s else name
