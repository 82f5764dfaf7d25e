"""All figures of a series with all their digits, one line a point, Python and benchmark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from bench.report.exchange.figure_columns import FIGURE_COLUMNS, figure_cells
from bench.report.history.select_series import SeriesPage, SeriesPoint, SeriesRuns
from bench.report.output import CSV_BEGINS

COLUMNS = (
    *CSV_BEGINS, "revision", "commit", "date", "subject", *FIGURE_COLUMNS, "reason",
)  # fmt: skip


def series_csv(page: SeriesPage) -> bytes:
    """The file's content; what does not exist is empty. Indices count from 1, the anchor is 0."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for shown in page.machines:
        for python, points in shown.by_python.items():
            for point in points:
                writer.writerows(_rows(shown, python, point))
    return stream.getvalue().encode()


def _rows(shown: SeriesRuns, python: str, point: SeriesPoint) -> Iterator[list[object]]:
    manifest = shown.series.manifest
    results = {} if point.run is None else {one.name: one for one in point.run.evaluation.results}
    for benchmark in manifest.benchmarks:
        result = results.get(benchmark)
        reason = point.why_not if result is None else ("" if result.size else result.reason)
        yield [
            manifest.series_id,
            manifest.target,
            manifest.machine.name,
            python,
            benchmark,
            point.index + 1,
            shown.label(point.index),
            point.revision.identity,
            point.revision.date,
            point.revision.subject,
            *figure_cells(result, point.run),
            " ".join(reason.split()),
        ]
