"""Pairs that have a page, read again where somebody wants more of one than its summary."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from bench.core.revision import Pair
from bench.report.jobs import PairJob
from bench.report.select_runs import PairRuns, read_pair
from bench.report.summaries import PairSummary


class KnownPairs:
    """All pairs of a report; `series` are the ids of all series."""

    def __init__(self, data: Path, series: Collection[str]) -> None:
        self._data = data
        self._series = series
        self._jobs: list[tuple[PairJob, PairSummary]] = []
        self._read: dict[Path, PairRuns | None] = {}

    def add(self, found: Iterable[tuple[PairJob, PairSummary]]) -> None:
        """Note pairs, in the order of their folders."""
        self._jobs = sorted([*self._jobs, *found], key=lambda one: one[0].folder)

    def first(self, target: str, fits: Callable[[Pair], bool]) -> PairRuns | None:
        """The first pair of a target that fits, with its runs."""
        for job, summary in self._jobs:
            if summary.target == target and fits(summary.pair):
                if job.folder not in self._read:
                    self._read[job.folder], _ = read_pair(job.runs, self._data, self._series)
                return self._read[job.folder]
        return None
