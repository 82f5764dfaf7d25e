"""The figures of a benchmark as columns of a CSV file, with all their digits."""

from __future__ import annotations

from bench.core.result import Result
from bench.core.verdict import Interval
from bench.report.select_runs import Evaluated

FIGURE_COLUMNS = (
    "ratio", "low", "high", "verdict", "base_s", "head_s", "rounds", "design", "metric",
    "deciding_ratio", "deciding_low", "deciding_high", "deciding_rounds", "deciding_design",
    "level", "p_value", "wall_ratio", "wall_low", "wall_high", "net_ratio", "net_low", "net_high",
    "net_base_s", "net_head_s", "run", "complete", "doubtful",
)  # fmt: skip


def figure_cells(result: Result | None, run: Evaluated | None) -> list[object]:
    """The cells of `FIGURE_COLUMNS`; what does not exist is empty."""
    where: list[object] = (
        ["", "", ""]
        if run is None
        else [run.run.manifest.run_id, run.is_complete, run.evaluation.doubtful]
    )
    if result is None or result.size is None or run is None:
        verdict = result.verdict if result is not None else None  # broken has no figures
        return ["", "", "", verdict, *[""] * (len(FIGURE_COLUMNS) - 7), *where]
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
