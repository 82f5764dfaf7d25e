"""Pages of pairs and of series, each made from its own data alone, in processes where many are due.

What is made by a process comes back as summaries: the runs themselves stay where they were read.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.core.errors import DataError
from bench.core.workspace import Workspace
from bench.engine.store.series import SERIES_FOLDER, Series
from bench.formats.markdown import code, plain
from bench.report.history.select_series import read_series_page
from bench.report.history.series_page import series_summary, write_series_page
from bench.report.output import Output
from bench.report.pair.in_short import pair_summary
from bench.report.pair.pair_page import write_pair_page
from bench.report.select_runs import Unreadable, read_pair
from bench.report.summaries import PairSummary, SeriesSummary

_FEWEST_FOR_PROCESSES = 12  # a process takes as long to begin as five pairs to write
_MOST_PROCESSES = 8


@dataclass(frozen=True)
class PairJob:
    """A pair's folder with those of its runs, the ids of all series, and a seal of its data."""

    folder: Path
    runs: tuple[Path, ...]
    series: frozenset[str]
    seal: str


@dataclass(frozen=True)
class SeriesJob:
    """All series of a range, and a seal of their data."""

    series: tuple[Series, ...]
    seal: str


Job = PairJob | SeriesJob
_Job = TypeVar("_Job")
_Part = TypeVar("_Part")


@dataclass
class Made:
    """What came of some jobs: summaries of what can be shown, in the order of the jobs.

    `points` are jobs of pairs of which nothing is to be shown, as all their runs are points of
    series; `unreadable` is Markdown, of pairs and series without a summary.
    """

    pairs: list[tuple[PairJob, PairSummary]] = field(default_factory=list)
    series: list[tuple[SeriesJob, SeriesSummary]] = field(default_factory=list)
    points: list[PairJob] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    errors: list[DataError] = field(default_factory=list)
    problems: list[DataError] = field(default_factory=list)
    written: set[Path] = field(default_factory=set)

    def add(self, other: Made) -> None:
        """Take over what another process made."""
        self.pairs += other.pairs
        self.series += other.series
        self.points += other.points
        self.unreadable += other.unreadable
        self.errors += other.errors
        self.problems += other.problems
        self.written |= other.written


def make_pages(jobs: Sequence[Job], workspace: Workspace) -> Made:
    """Do all jobs, in as many processes as there are cores where that is worth their start."""
    made = Made()
    for part in spread(_make, jobs, workspace):
        made.add(part)
    return made


def spread(
    work: Callable[[Sequence[_Job], Workspace], _Part], jobs: Sequence[_Job], workspace: Workspace
) -> list[_Part]:
    """What comes of all jobs: part by part where several processes are worth their start."""
    processes = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, len(jobs) // 4)
    if len(jobs) < _FEWEST_FOR_PROCESSES or processes < 2:
        return [work(jobs, workspace)]
    parts = [jobs[number::processes] for number in range(processes)]
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(processes, context) as pool:
            return list(pool.map(work, parts, [workspace] * processes))
    except BrokenProcessPool:  # ended from outside, as when memory is short: one after the other
        return [work(jobs, workspace)]


def _make(jobs: Sequence[Job], workspace: Workspace) -> Made:
    made, output = Made(), Output(workspace.results, workspace.data)
    for job in jobs:
        if isinstance(job, PairJob):
            _make_pair(job, output, made)
        else:
            _make_series(job, output, made)
    made.problems += output.problems
    made.written |= output.written
    return made


def _make_pair(job: PairJob, output: Output, made: Made) -> None:
    pair, unreadable = read_pair(job.runs, output.data, job.series)
    made.errors += [one.error for one in unreadable]
    words = tuple(_words(one, output) for one in unreadable)
    if pair is None:
        made.unreadable += words
        made.points += [] if words else [job]
        return
    with output.guarded(job.folder):
        write_pair_page(pair, output)
        made.pairs.append((job, pair_summary(pair, words)))


def _make_series(job: SeriesJob, output: Output, made: Made) -> None:
    page, unreadable = read_series_page(job.series, output.data)
    made.errors += [one.error for one in unreadable]
    words = tuple(_words(one, output) for one in unreadable)
    with output.guarded(output.data / page.target / SERIES_FOLDER / page.label):
        write_series_page(page, output)
        made.series.append((job, series_summary(page, words)))


def _words(one: Unreadable, output: Output) -> str:
    """A run that can't be read, by its target and pair where it lies in one."""
    pair = one.place.parts[:2] if len(one.place.parts) > 4 else ()
    name = f"{plain(' '.join(pair))} ({code(one.folder.name)})" if pair else code(str(one.place))
    return f"{name}: could not be read: {plain(output.shown(one.error))}"
