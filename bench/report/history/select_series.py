"""Which series the write-up shows, and which run stands for each of their points.

Of several series of one name on one machine the newest is shown, one of all benchmarks before one
that was told to take some. Nothing is ever pooled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.core.result import CONTROL, Result
from bench.core.revision import Revision, Source
from bench.core.variants import python_order
from bench.core.verdict import Verdict
from bench.engine.store.events import Counted, Measured
from bench.engine.store.run import read_manifest
from bench.engine.store.series import Series, read_series, series_folders
from bench.report.select_runs import Evaluated, Unreadable, evaluated

_DIFFERS = {Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI}


@dataclass(frozen=True)
class SeriesPoint:
    """A point on one Python. Without a run, `why_not` is why it could not be installed, if so."""

    index: int
    revision: Revision
    run: Evaluated | None
    why_not: str = ""

    def result(self, benchmark: str) -> Result | None:
        """The result of a benchmark, if it has a ratio."""
        if self.run is None:
            return None
        found = (one for one in self.run.evaluation.results if one.name == benchmark)
        result = next(found, None)
        return result if result is not None and result.size is not None else None

    def differs(self, benchmark: str) -> bool:
        """Whether its verdict is *faster* or *slower*, be it below the minimum effect."""
        result = self.result(benchmark)
        return result is not None and result.verdict in _DIFFERS

    def is_broken(self, benchmark: str) -> bool:
        """Whether it works on the anchor and fails here."""
        results = self.run.results if self.run is not None else ()
        return any(one.name == benchmark and one.verdict is Verdict.BROKEN for one in results)

    @property
    def is_doubtful(self) -> bool:
        """Whether its control differs, so that none of its verdicts is the project's for sure."""
        return self.run is not None and self.run.evaluation.doubtful

    def is_gap(self, benchmark: str) -> bool:
        """Whether it can't be measured here, which is more than not having been measured yet."""
        if self.run is None or self.result(benchmark) is not None:
            return bool(self.why_not)
        failed = (one for one in self.run.results if not one.available)
        return self.run.is_complete or any(one.name == benchmark for one in failed)


@dataclass(frozen=True)
class SeriesRuns:
    """A series with all that was measured of it, by Python; `others` are not shown."""

    series: Series
    by_python: dict[str, tuple[SeriesPoint, ...]]
    others: tuple[Series, ...] = ()

    @property
    def machine(self) -> Machine:
        """The machine it was measured on."""
        return self.series.manifest.machine

    @property
    def runs(self) -> tuple[Evaluated, ...]:
        """The runs of all points."""
        return tuple(
            one.run for points in self.by_python.values() for one in points if one.run is not None
        )

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names without the control, as declared."""
        return tuple(name for name in self.series.manifest.benchmarks if name != CONTROL)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of what was measured."""
        found = dict.fromkeys(layer for one in self.runs for layer in one.layers)
        return tuple(found) or (self.series.manifest.layer,)

    @property
    def is_complete(self) -> bool:
        """Whether each point was measured, or can't be, on each Python that was begun."""
        return bool(self.by_python) and all(
            one.why_not or (one.run is not None and one.run.is_complete)
            for points in self.by_python.values()
            for one in points
        )

    def label(self, index: int) -> str:
        """A point's short name: its tag or release, else seven digits of the commit."""
        return point_label(self.series, self.series.manifest.points.points[index])

    @property
    def anchor_label(self) -> str:
        """The anchor's short name."""
        return point_label(self.series, self.series.manifest.points.anchor)


@dataclass(frozen=True)
class SeriesPage:
    """All that is shown of a range: one series for each machine."""

    target: str
    label: str
    machines: tuple[SeriesRuns, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all series this page stands for."""
        return tuple(
            one.manifest.series_id
            for shown in self.machines
            for one in (shown.series, *shown.others)
        )


@dataclass(frozen=True)
class SeriesFound:
    """All series under `data/`, by target and range; `ids` are also those of damaged ones."""

    pages: dict[tuple[str, str], tuple[Series, ...]]
    unreadable: tuple[DataError, ...]
    ids: frozenset[str]


def point_label(series: Series, revision: Revision) -> str:
    """A revision's short name within a series."""
    if revision.source is Source.PYPI:
        return revision.identity
    return revision.identity[:7] if series.manifest.points.selection.every else revision.name


def find_series(data: Path) -> SeriesFound:
    """Read what series there are, and none of their runs."""
    found: dict[tuple[str, str], list[Series]] = {}
    unreadable = []
    folders = list(series_folders(data))
    for folder in folders:
        try:
            one = read_series(folder)
            found.setdefault((one.manifest.target, one.manifest.points.label), []).append(one)
        except DataError as error:
            unreadable.append(error)
    return SeriesFound(
        {key: tuple(several) for key, several in sorted(found.items())},
        tuple(unreadable),
        frozenset(folder.name for folder in folders),  # those of damaged ones as well
    )


def read_series_page(several: Sequence[Series], data: Path) -> tuple[SeriesPage, list[Unreadable]]:
    """All series of a range with the runs of their points, and those that can't be read."""
    unreadable: list[Unreadable] = []
    machines: dict[str, list[Series]] = {}
    for one in several:
        machines.setdefault(one.manifest.machine.name, []).append(one)
    runs = {one.manifest.series_id: list(runs_of(one, data, unreadable)) for one in several}
    first = several[0].manifest
    return (
        SeriesPage(
            first.target,
            first.points.label,
            tuple(_choose(of_one, runs) for of_one in machines.values()),
        ),
        unreadable,
    )


def runs_of(series: Series, data: Path, unreadable: list[Unreadable]) -> Iterator[Evaluated]:
    """The runs of a series without their rounds; those that can't be read are put on the list."""
    for folder in series.run_folders(data):
        try:
            if read_manifest(folder).options.series == series.manifest.series_id:
                yield _slim(evaluated(folder))
        except DataError as error:
            unreadable.append(Unreadable(folder, error, folder.relative_to(data)))


def _slim(one: Evaluated) -> Evaluated:
    """A run without its rounds: a series can have a thousand."""
    events = tuple(event for event in one.run.events if not isinstance(event, Measured | Counted))
    return Evaluated(dataclasses.replace(one.run, events=events), one.evaluation)


def with_runs(series: Series, runs: Iterable[Evaluated]) -> SeriesRuns:
    """A series with its runs, each Python that was begun with all points."""
    best: dict[tuple[str, str], Evaluated] = {}
    for run in runs:
        manifest = run.run.manifest
        place = run.python, manifest.pair.head.identity
        if place not in best or _rank(run) > _rank(best[place]):
            best[place] = run
    begun = {python for python, _ in best} | {one.python for one in series.failures}
    return SeriesRuns(
        series,
        {
            python: tuple(
                _point(series, index, revision, python, best.get((python, revision.identity)))
                for index, revision in enumerate(series.manifest.points.points)
            )
            for python in sorted(begun, key=python_order)
        },
    )


def _point(
    series: Series, index: int, revision: Revision, python: str, run: Evaluated | None
) -> SeriesPoint:
    failure = series.failure(index, python) if run is None else None
    return SeriesPoint(index, revision, run, failure.reason if failure else "")


def _rank(one: Evaluated) -> tuple[bool, str]:
    return one.is_complete, one.run.manifest.started_at


def _choose(several: Sequence[Series], of_series: dict[str, list[Evaluated]]) -> SeriesRuns:
    def rank(one: Series) -> tuple[bool, bool, str]:
        options = one.manifest.options
        has_runs = bool(of_series.get(one.manifest.series_id))
        return has_runs, not (options.benchmarks or options.groups), one.manifest.started_at

    best, *others = sorted(several, key=rank, reverse=True)
    chosen = with_runs(best, of_series.get(best.manifest.series_id, []))
    return SeriesRuns(chosen.series, chosen.by_python, tuple(others))
