"""What all documents of the explorer are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.core.verdict import Interval
from bench.explain.optimize.record import RunReference

Document = dict[str, Any]


def limits(interval: Interval | None) -> list[float] | None:
    """The ratio with its limits."""
    return [interval.ratio, interval.low, interval.high] if interval else None


def pair_key(target: str, run: RunReference | None) -> str | None:
    """The pair of a run, as the overview names it."""
    return f"{target}/{run.pair}" if run is not None else None


def runs_of(target: str, runs: Iterable[tuple[str, RunReference]]) -> list[Document]:
    """Runs with what each measures, for links to their pairs."""
    return [
        {"what": what, "pair": pair_key(target, ref), "label": ref.pair, "python": ref.python}
        for what, ref in runs
    ]
