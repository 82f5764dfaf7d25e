"""Runs as CSV: one line a benchmark, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from bench.report.exchange.figure_columns import FIGURE_COLUMNS, figure_cells
from bench.report.select_runs import Evaluated

COLUMNS = ("target", "base", "head", "python", "machine", "started", "benchmark", "layer",
           *FIGURE_COLUMNS, "reason")  # fmt: skip


def as_csv(runs: Sequence[Evaluated]) -> str:
    """All benchmarks of some runs, the control among them. Times are seconds."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in runs:
        manifest = one.run.manifest
        pair = manifest.pair
        for result in one.evaluation.results:
            writer.writerow(
                [
                    manifest.target,
                    pair.base.label,
                    pair.head.label,
                    manifest.python,
                    manifest.machine.name,
                    manifest.started_at,
                    result.name,
                    result.layer,
                    *figure_cells(result, one),
                    "" if result.size else " ".join(result.reason.split()),
                ]
            )
    return stream.getvalue()
