"""Whether the words of a picture have room."""

from __future__ import annotations

import itertools

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other, and texts beyond the edge."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    texts = [
        (one.get_text(), one.get_window_extent())
        for one in figure.findobj(Text)
        if one.get_visible() and one.get_text().strip()
    ]
    shown = [(words, box) for words, box in texts if box.width > 0 and box.height > 0]
    found = [
        (one[0], other[0])
        for one, other in itertools.combinations(shown, 2)
        if _cover(one[1], other[1])
    ]
    outside = [(words, "edge") for words, box in shown if not _within(box, figure.bbox)]
    return found + outside


def _cover(one: Bbox, other: Bbox) -> bool:
    common = Bbox.intersection(one, other)
    return common is not None and bool(common.width > 1 and common.height > 2)


def _within(box: Bbox, edge: BboxBase) -> bool:
    return bool(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= edge.x1 and box.y1 <= edge.y1)
