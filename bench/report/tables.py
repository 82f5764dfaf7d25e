"""Tables of results, for the screen and for Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from bench.evaluation import Evaluation
from bench.report.text import change, seconds, verdict_words

RESULT_COLUMNS = ("benchmark", "base", "head", "change", "verdict", "rounds")


def render(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    style: str = "github",
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


def result_rows(evaluation: Evaluation, mei: float) -> list[list[str]]:
    """One row a benchmark, in the columns of `RESULT_COLUMNS`."""
    return [
        [
            result.name,
            seconds(result.base_s),
            seconds(result.head_s),
            change(result.size.interval if result.size else None),
            verdict_words(result, mei),
            str(result.rounds) if result.rounds else "–",
        ]
        for result in evaluation.results
    ]
