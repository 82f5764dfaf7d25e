"""A series on disk: which revisions, in which order, and which of them could not be installed.

`data/<target>/history/<A>..<B>-<selection>/<machine>/<series id>/` holds `series.json`, written
once, and `failures.jsonl`, appended to. What was measured are ordinary runs, each under its own
pair; the `series` among their options names the series they belong to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.counts import Count
from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.sample import Moment
from bench.core.series import Points
from bench.engine.store.documents import (
    append_line,
    check_named,
    files_below,
    plain_json,
    read_document,
    read_lines,
    write_document,
)
from bench.engine.store.run import Run, pair_folder, runs_of

SERIES_FORMAT = 1
SERIES_FOLDER = "history"
_MANIFEST = "series.json"
_FAILURES = "failures.jsonl"


class SeriesManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a series is about. `date` is the day after which no package is taken, for all points.

    `benchmarks` are digests by name, as in the runs; `options` those of all runs.
    """

    format: int
    series_id: str
    target: str
    layer: str
    points: Points
    date: str
    options: Options
    benchmarks: dict[str, str]
    machine: Machine
    started_at: str

    @property
    def place(self) -> Path:
        """Where it lies in `data/`."""
        folder = Path(self.target, SERIES_FOLDER, self.points.label, self.machine.name)
        return folder / self.series_id / _MANIFEST

    @property
    def identity(self) -> str:
        """A digest of what two sessions must share to be one series; the Pythons are not in it."""
        revisions = (self.points.anchor, *self.points.points)
        shared = (
            self.target,
            [(one.source, one.identity) for one in revisions],
            self.points.selection,
            self.date,
            msgspec.structs.replace(self.options, series=""),
            self.benchmarks,
            self.machine.name,
        )
        return hashlib.sha256(msgspec.json.encode(shared)).hexdigest()[:16]

    def pair(self, index: int) -> Pair:
        """The anchor with one of the points."""
        points = self.points
        return Pair(points.anchor, points.points[index], points.origin)


class Failure(msgspec.Struct, frozen=True):
    """A point that could not be installed on a Python. `at`: seconds since the epoch."""

    index: Count
    python: str
    reason: str
    at: Moment


@dataclass(frozen=True)
class Series:
    """A series as read."""

    folder: Path
    manifest: SeriesManifest
    failures: tuple[Failure, ...] = ()

    def failure(self, index: int, python: str) -> Failure | None:
        """Why a point could not be installed when that was last tried."""
        found = (one for one in self.failures if (one.index, one.python) == (index, python))
        return max(found, key=lambda one: one.at, default=None)

    @property
    def labels(self) -> tuple[str, ...]:
        """The pairs that its points make with the anchor, by their labels."""
        points = range(len(self.manifest.points.points))
        return tuple(dict.fromkeys(self.manifest.pair(index).label for index in points))

    def run_folders(self, data: Path) -> Iterator[Path]:
        """The folders in which runs of its points may lie, those of others among them."""
        for label in self.labels:
            folder = data / self.manifest.target / label
            yield from sorted(folder.glob(f"py*/{self.manifest.machine.name}/*/"))

    def finished_run(self, data: Path, index: int, python: str) -> Run | None:
        """The complete run of a point, if there is one; damaged ones are passed over."""
        runs = self._runs(data, index, python)
        return next((run for run in runs if run.is_complete), None)

    def _runs(self, data: Path, index: int, python: str) -> Iterator[Run]:
        """The runs of a point that count, newest first."""
        manifest = self.manifest
        place = pair_folder(data, manifest.target, manifest.pair(index), python, manifest.machine)
        for run in runs_of(place):
            if isinstance(run, DataError) or run.refused is not None:
                continue
            if run.manifest.options.series == manifest.series_id:
                yield run


def series_place(data: Path, wanted: SeriesManifest) -> Path:
    """Where the series of these points on this machine lie."""
    return data / wanted.target / SERIES_FOLDER / wanted.points.label / wanted.machine.name


def series_folders(data: Path) -> Iterator[Path]:
    """All folders under `data/` that hold a series, in a stable order."""
    for folder in sorted(data.glob(f"*/{SERIES_FOLDER}/")):
        yield from (file.parent for file in files_below(folder) if file.name == _MANIFEST)


def read_series(folder: Path) -> Series:
    """Read a series.

    Raises `DataError` when it is damaged, written by a newer version, or lies in another folder
    than the one it names.
    """
    file = folder / _MANIFEST
    manifest = read_document(file, SeriesManifest, SERIES_FORMAT)
    check_named(file, manifest.place, "is of another series: it names")
    failures, _half = read_lines(folder / _FAILURES, Failure)
    return Series(folder, manifest, tuple(failures))


def latest_series(
    data: Path, wanted: SeriesManifest
) -> tuple[Series | None, tuple[DataError, ...]]:
    """The newest series that is the same as the one wanted, and what newer ones are damaged."""
    damaged: list[DataError] = []
    for file in sorted(series_place(data, wanted).glob(f"*/{_MANIFEST}"), reverse=True):
        try:
            found = read_series(file.parent)
        except DataError as error:
            damaged.append(error)
            continue
        if found.manifest.identity == wanted.identity:
            return found, tuple(damaged)
    return None, tuple(damaged)


def create_series(data: Path, manifest: SeriesManifest) -> Series:
    """Start a series: its folder with `series.json`."""
    folder = series_place(data, manifest) / manifest.series_id
    write_document(folder / _MANIFEST, manifest)
    return Series(folder, manifest)


def add_failure(series: Series, failure: Failure) -> Series:
    """Append a failure; returns the series with it, as it is stored."""
    line = plain_json(failure)
    failure = msgspec.json.decode(line, type=Failure)
    append_line(series.folder / _FAILURES, line)
    return Series(series.folder, series.manifest, (*series.failures, failure))
