"""Bencher Metric Format: what `bencher run --adapter json` reads.

A name has measures, a measure a value and, where one is known, limits: `latency` is in nanoseconds
and has none, as an interval is one of the ratio and not of a side's time.
https://bencher.dev/docs/reference/bencher-metric-format/
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from bench.core.result import Result
from bench.core.verdict import Interval
from bench.report.select_runs import Evaluated

_NANO = 1e9


def as_bencher(runs: Sequence[Evaluated]) -> str:
    """The head of each benchmark, and how it compares with base, without the control.

    Of several runs of one name the last one counts.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in runs:
        for result in one.results:
            if measures := _measures(result):
                name = f"{one.run.manifest.target}/{result.name}, Python {one.python}"
                found[name] = measures
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _measures(result: Result) -> dict[str, Any]:
    measures: dict[str, Any] = {}
    if result.head_s is not None:
        measures["latency"] = {"value": result.head_s * _NANO}
    if result.size is not None:
        measures["ratio"] = _with_limits(result.size.interval)
    if result.memory is not None:
        measures["peak-memory"] = {"value": result.memory.head_bytes}
        measures["peak-memory-ratio"] = _with_limits(result.memory.interval)
    return measures


def _with_limits(interval: Interval) -> dict[str, float]:
    """What is not finite is left out: JSON has no number for it."""
    limits = {"lower_value": interval.low, "upper_value": interval.high}
    return {"value": interval.ratio} | {
        name: value for name, value in limits.items() if math.isfinite(value)
    }
