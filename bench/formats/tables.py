"""Tables of results, for the screen and for Markdown alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tabulate import tabulate


def render(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    style: str = "pipe",
    *,
    align: str | Sequence[str] = "right",
) -> str:
    """A table as text; cells are taken as they are. All columns but the first have `align`.

    Or each of them its own, where it is a sequence.
    """
    others = [align] * (len(columns) - 1) if isinstance(align, str) else align
    aligned = ["left", *others]
    return tabulate(
        rows,
        headers=columns,
        tablefmt=style,
        disable_numparse=True,
        colalign=aligned[: len(columns)],
    )


def detectable_words(fraction: float | None) -> str:
    """The smallest effect that is found, e.g. `±0.6%`, or a dash where it is not known."""
    if fraction is None or not math.isfinite(fraction):
        return "–"
    return f"±{fraction * 100:.1f}%"
