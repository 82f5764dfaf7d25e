"""All figures of a series with all their digits, one line a point, Python and benchmark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from bench.core.result import Result
from bench.core.verdict import Interval
from bench.report.history.select_series import SeriesPage, SeriesPoint, SeriesRuns
from bench.report.output import CSV_BEGINS

COLUMNS = (
    *CSV_BEGINS, "revision", "commit", "date",
    "subject", "ratio", "low", "high", "verdict", "base_s", "head_s", "rounds", "design", "metric",
    "deciding_ratio", "deciding_low", "deciding_high", "deciding_rounds", "deciding_design",
    "level", "p_value", "wall_ratio", "wall_low", "wall_high", "net_ratio", "net_low", "net_high",
    "net_base_s", "net_head_s", "run", "complete", "doubtful", "reason",
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
            *_figures(result, point),
            " ".join(reason.split()),
        ]


def _figures(result: Result | None, point: SeriesPoint) -> list[object]:
    run = point.run
    where = (
        ["", "", ""]
        if run is None
        else [run.run.manifest.run_id, run.is_complete, point.is_doubtful]
    )
    if result is None or result.size is None or run is None:
        verdict = result.verdict if result is not None else None  # broken has no figures
        return ["", "", "", verdict, *[""] * (len(COLUMNS) - 18), *where]
    size, wall, net = result.size, result.wall, result.net
    return [
        *_limits(size.interval),
        result.verdict,
        result.base_s,
        result.head_s,
        size.rounds,
        size.design,
        size.metric,
        *_limits(result.interval),
        result.rounds,
        result.design,
        run.evaluation.level,
        result.p_value,
        *_limits(wall.interval if wall else None),
        *_limits(net.interval if net else None),
        *([net.base_s, net.head_s] if net else ["", ""]),
        *where,
    ]


def _limits(interval: Interval | None) -> list[object]:
    return ["", "", ""] if interval is None else [interval.ratio, interval.low, interval.high]
