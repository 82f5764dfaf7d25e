"""Tables of results, for the screen and for Markdown alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tabulate import tabulate

from bench.core.result import Evaluation
from bench.formats.text import DETECTABLE_COLUMN, change, seconds, verdict_words

RESULT_COLUMNS = ("benchmark", "base", "head", "change", "verdict", "rounds")


def render(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    style: str = "pipe",
    *,
    align: str = "right",
) -> str:
    """A table as text; cells are taken as they are. All columns but the first have `align`."""
    aligned = ["left", *[align] * (len(columns) - 1)]
    return tabulate(
        rows,
        headers=columns,
        tablefmt=style,
        disable_numparse=True,
        colalign=aligned[: len(columns)],
    )


def result_columns(detectable: Mapping[str, float]) -> tuple[str, ...]:
    """The columns of `result_rows`."""
    return (*RESULT_COLUMNS, DETECTABLE_COLUMN) if detectable else RESULT_COLUMNS


def result_rows(
    evaluation: Evaluation, mei: float, detectable: Mapping[str, float] | None = None
) -> list[list[str]]:
    """One row a benchmark, in the columns of `RESULT_COLUMNS`; with `detectable`, that beside it.

    `detectable`: by benchmark, the smallest effect the run could find, as a fraction.
    """
    return [
        [
            result.name,
            seconds(result.base_s),
            seconds(result.head_s),
            change(result.size.interval if result.size else None),
            verdict_words(result, mei),
            str(result.rounds) if result.rounds else "–",
            *([detectable_words(detectable.get(result.name))] if detectable else []),
        ]
        for result in evaluation.results
    ]


def detectable_words(fraction: float | None) -> str:
    """The smallest effect that is found, e.g. `±0.6%`, or a dash where it is not known."""
    if fraction is None or not math.isfinite(fraction):
        return "–"
    return f"±{fraction * 100:.1f}%"
