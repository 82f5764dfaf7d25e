"""From a tree to boxes: which frame stands where in a picture whose width is time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.core.sample import Side
from bench.explain.profile.tree import FrameNode

_NARROWEST_PX = 2.0
SMALL = "(small)"


@dataclass(frozen=True, kw_only=True)
class FlameBox:
    """A frame's place: pixels from the left, its width, and its row from the top (0).

    `node` is None for a box of several frames too narrow to be shown by themselves; `count` is how
    many there are.
    """

    left: float
    width: float
    row: int
    node: FrameNode | None
    count: int = 0
    above: FlameBox | None = None


@dataclass(frozen=True)
class Placing:
    """How a side's tree is laid out: `px_per_ms`, and the deepest row that is shown."""

    side: Side
    px_per_ms: float
    deepest: int

    def boxes(self, root: FrameNode, left: float = 0.0) -> list[FlameBox]:
        """All boxes of a tree, the root's own left out: its children are row 0."""
        placed: list[FlameBox] = []
        self._place_children(root, left, None, placed.append)
        return placed

    def _place_children(
        self, node: FrameNode, left: float, above: FlameBox | None, put: Callable[[FlameBox], None]
    ) -> None:
        row = above.row + 1 if above else 0
        if row > self.deepest:
            return
        small: list[FrameNode] = []
        for child in in_order(node.children.values(), self.side):
            width = child.mean(self.side) * self.px_per_ms
            if width < _NARROWEST_PX:
                small.append(child)
                continue
            box = FlameBox(left=left, width=width, row=row, node=child, above=above)
            put(box)
            self._place_children(child, left, box, put)
            left += width
        width = sum(child.mean(self.side) for child in small) * self.px_per_ms
        if width >= _NARROWEST_PX:
            count = len(small)
            put(FlameBox(left=left, width=width, row=row, node=None, count=count, above=above))


def in_order(nodes: Iterable[FrameNode], side: Side) -> list[FrameNode]:
    """What both revisions have comes first, so that it stands at the same place in both pictures.

    Then the widest; names decide between equals.
    """
    return sorted(
        (node for node in nodes if node.mean(side) > 0),
        key=lambda node: (
            -min(node.mean(Side.BASE), node.mean(Side.HEAD)),
            -node.mean(side),
            node.frame,
        ),
    )


def rows(boxes: Iterable[FlameBox]) -> int:
    """How many rows the boxes take."""
    return max((box.row for box in boxes), default=-1) + 1
