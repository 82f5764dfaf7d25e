"""A run on disk: a folder with `run.json` and `rounds.jsonl`, read whole or appended to.

`data/<target>/<base>..<head>/py<version>/<machine>/<run id>/`. Lines are flushed as they are
measured, so a process killed at any moment loses at most the round under way.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from bench.core.counts import Instrument
from bench.core.errors import DataError
from bench.core.gate import Gate
from bench.core.machine import Machine
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.sample import Round
from bench.core.secrets import without_secrets
from bench.engine.store.documents import (
    cannot_write,
    read_document,
    read_lines,
    write_document,
)
from bench.engine.store.events import (
    Closed,
    Compared,
    Counted,
    Ended,
    Event,
    Failed,
    Measured,
    Probed,
    Refused,
    Tested,
    Unavailable,
)
from bench.engine.store.manifest import FORMAT, Manifest, PlannedBenchmark

_ROUNDS = "rounds.jsonl"
_MANIFEST = "run.json"


@dataclass(frozen=True)
class Run:
    """A run as read: `dropped` is how many bytes of a half-written last line were left out."""

    folder: Path
    manifest: Manifest
    events: tuple[Event, ...]
    dropped: int = 0

    @cached_property
    def _rounds(self) -> dict[str, list[Round]]:
        sorted_out: dict[str, list[Round]] = {}
        for event in self.events:
            if isinstance(event, Measured):
                sorted_out.setdefault(event.round.benchmark, []).append(event.round)
        return sorted_out

    def rounds(self, benchmark: str) -> list[Round]:
        """All rounds of a benchmark, of both designs, in the order they were measured."""
        return self._rounds.get(benchmark, [])

    def probed(self, benchmark: str) -> Probed | None:
        """How the benchmark was to be measured."""
        return _last(self.events, Probed, benchmark)

    def ended(self, benchmark: str) -> Ended | None:
        """How measuring it ended, if it did."""
        return _last(self.events, Ended, benchmark)

    def unavailable(self, benchmark: str) -> Unavailable | None:
        """Why it was not measured, if it was not."""
        return _last(self.events, Unavailable, benchmark)

    def compared(self, benchmark: str) -> Compared | None:
        """What both sides print, if that was compared."""
        return _last(self.events, Compared, benchmark)

    def failed(self, benchmark: str) -> list[Failed]:
        """The rounds of a benchmark that were dropped because a side failed."""
        return [e for e in self.events if isinstance(e, Failed) and e.benchmark == benchmark]

    @property
    def gate(self) -> Gate | None:
        """What the target's own tests said; None when it declares none (or no gate was there)."""
        return next((e.gate for e in reversed(self.events) if isinstance(e, Tested)), None)

    def counted(self, benchmark: str) -> dict[Instrument, Counted]:
        """What was counted beside time, by instrument."""
        return {
            event.instrument: event
            for event in self.events
            if isinstance(event, Counted) and event.benchmark == benchmark
        }

    @property
    def closed(self) -> Closed | None:
        """The mark of a complete run."""
        return next((e for e in reversed(self.events) if isinstance(e, Closed)), None)

    @property
    def refused(self) -> Refused | None:
        """Why the run counts for nothing, if it does."""
        return next((e for e in self.events if isinstance(e, Refused)), None)


_OfBenchmark = TypeVar("_OfBenchmark", Probed, Compared, Ended, Unavailable)


def _last(
    events: tuple[Event, ...], kind: type[_OfBenchmark], benchmark: str
) -> _OfBenchmark | None:
    for event in reversed(events):
        if isinstance(event, kind) and event.benchmark == benchmark:
            return event
    return None


def pair_folder(data: Path, target: str, pair: Pair, python: str, machine: Machine) -> Path:
    """Where the runs of a pair on one Python and machine lie."""
    return data / target / pair.label / f"py{python}" / machine.name


def read_run(folder: Path) -> Run:
    """Read a run.

    Raises `DataError` naming file and line when something is damaged or written by a newer version.
    """
    manifest = read_document(folder / _MANIFEST, Manifest, FORMAT)
    events, dropped = read_lines(folder / _ROUNDS, Event)
    return Run(folder, manifest, tuple(events), dropped)


def check_place(run: Run) -> None:
    """Raise `DataError` where a manifest names another place than the one it lies in.

    Pages are written under the names in the manifest: one from elsewhere must not choose them.
    """
    manifest = run.manifest
    named = (
        manifest.target,
        manifest.pair.label,
        f"py{manifest.python}",
        manifest.machine.name,
        manifest.run_id,
    )
    for said, found in zip(named, run.folder.parts[-len(named) :], strict=True):
        if said != found:
            raise DataError(
                f"{run.folder / _MANIFEST} is of another run: it says {said!r}, and its folder is "
                f"named {found!r}.",
                "Move the folder to where it belongs, or away.",
            )


def run_folders(data: Path) -> Iterator[Path]:
    """All folders under `data/` that hold a run, in a stable order."""
    for manifest in sorted(data.glob(f"*/*/py*/*/*/{_MANIFEST}")):
        yield manifest.parent


def runs_of(folder: Path) -> Iterator[Run]:
    """The runs of a pair on one Python and machine, newest first; damaged ones are passed over."""
    for manifest in sorted(folder.glob(f"*/{_MANIFEST}"), reverse=True):
        with contextlib.suppress(DataError):
            yield read_run(manifest.parent)


def unfinished_run(folder: Path, identity: str) -> Run | None:
    """The newest run of a pair that is the same but not complete; a refused one is not resumed."""
    runs = (run for run in runs_of(folder) if run.closed is None and run.refused is None)
    return next((run for run in runs if run.manifest.identity == identity), None)


def finished_run(
    folder: Path, options: Options, benchmarks: Sequence[PlannedBenchmark]
) -> Run | None:
    """The newest complete run of a pair with these options and benchmarks as they are now."""
    wanted = options, tuple(benchmarks)
    runs = (run for run in runs_of(folder) if run.closed is not None and run.refused is None)
    same = (run for run in runs if (run.manifest.options, run.manifest.benchmarks) == wanted)
    return next(same, None)


def create_run(folder: Path, manifest: Manifest) -> Run:
    """Start a run: its folder with `run.json`."""
    own = folder / manifest.run_id
    write_document(own / _MANIFEST, manifest)
    return Run(own, manifest, ())


class Journal:
    """Appends events to a run's `rounds.jsonl`, each flushed before the next thing happens."""

    def __init__(self, run: Run) -> None:
        self._file = run.folder / _ROUNDS
        try:
            if run.dropped:
                os.truncate(self._file, self._file.stat().st_size - run.dropped)
            self._stream = self._file.open("ab")
        except OSError as error:
            raise cannot_write(self._file, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        try:
            self.sync()
        finally:
            with contextlib.suppress(OSError):  # what did not fit has been told of by `write`
                self._stream.close()

    def write(self, event: Event) -> None:
        """Append one event; raises `DataError` when the disk takes no more."""
        try:
            line = without_secrets(msgspec.json.encode(event).decode())
            self._stream.write(f"{line}\n".encode())
            self._stream.flush()
        except OSError as error:
            raise cannot_write(self._file, error) from error

    def sync(self) -> None:
        """Make what was written survive a power cut as well."""
        try:
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise cannot_write(self._file, error) from error
