"""A run on disk: a folder with `run.json` and `rounds.jsonl`, read whole or appended to.

`data/<target>/<base>..<head>/py<version>/<machine>/<run id>/`. Lines are flushed as they are
measured, so a process killed at any moment loses at most the round under way.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec

from bench.core.counts import Instrument
from bench.core.errors import BenchError, DataError, UnprovenError
from bench.core.gate import Gate
from bench.core.machine import Machine
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.sample import Round
from bench.core.secrets import without_secrets
from bench.engine.store.chain import chained, first_digest, follow
from bench.engine.store.checks import ImpossibleLineError, check_events
from bench.engine.store.documents import (
    DAMAGED,
    cannot_write,
    content_of,
    decode_document,
    decode_line,
    pretty,
    split_lines,
    write_document,
)
from bench.engine.store.events import (
    Closed,
    Compared,
    Counted,
    Ended,
    Event,
    Failed,
    LeftRunning,
    Measured,
    Probed,
    Refused,
    Tested,
    Unavailable,
)
from bench.engine.store.manifest import FIRST_CHAINED, FORMAT, Manifest, PlannedBenchmark
from bench.engine.store.place import MANIFEST, ROUNDS, check_links, check_place, is_calibration


@dataclass(frozen=True)
class Run:
    """A run as read: `dropped` is how many bytes of a half-written last line were left out.

    `digest` is that of the last line, or of `run.json` before the first and in older formats.
    """

    folder: Path
    manifest: Manifest
    events: tuple[Event, ...]
    dropped: int = 0
    digest: str = ""

    @cached_property
    def _rounds(self) -> dict[str, list[Round]]:
        sorted_out: dict[str, list[Round]] = {}
        for event in self.events:
            if isinstance(event, Measured):
                sorted_out.setdefault(event.round.benchmark, []).append(event.round)
        return sorted_out

    @cached_property
    def _besides(self) -> tuple[Event, ...]:
        """All that is no round: a tenth of the events, and looked through often."""
        return tuple(event for event in self.events if not isinstance(event, Measured))

    def rounds(self, benchmark: str) -> list[Round]:
        """All rounds of a benchmark, of both designs, in the order they were measured."""
        return self._rounds.get(benchmark, [])

    def probed(self, benchmark: str) -> Probed | None:
        """How the benchmark was to be measured."""
        return _last(self._besides, Probed, benchmark)

    def ended(self, benchmark: str) -> Ended | None:
        """How measuring it ended, if it did."""
        return _last(self._besides, Ended, benchmark)

    def unavailable(self, benchmark: str) -> Unavailable | None:
        """Why it was not measured, if it was not."""
        return _last(self._besides, Unavailable, benchmark)

    def compared(self, benchmark: str) -> Compared | None:
        """What both sides print, if that was compared."""
        return _last(self._besides, Compared, benchmark)

    def failed(self, benchmark: str) -> list[Failed]:
        """The rounds of a benchmark that were dropped because a side failed."""
        return [e for e in self._besides if isinstance(e, Failed) and e.benchmark == benchmark]

    def left_running(self, benchmark: str) -> tuple[str, ...]:
        """What a benchmark's processes left running, and was ended."""
        found = [
            e for e in self._besides if isinstance(e, LeftRunning) and e.benchmark == benchmark
        ]
        return tuple(dict.fromkeys(name for event in found for name in event.names))

    @property
    def gate(self) -> Gate | None:
        """What the target's own tests said; None when it declares none (or no gate was there)."""
        return next((e.gate for e in reversed(self._besides) if isinstance(e, Tested)), None)

    def counted(self, benchmark: str) -> dict[Instrument, Counted]:
        """What was counted beside time, by instrument."""
        return {
            event.instrument: event
            for event in self._besides
            if isinstance(event, Counted) and event.benchmark == benchmark
        }

    @property
    def closed(self) -> Closed | None:
        """The mark of a complete run."""
        return next((e for e in reversed(self._besides) if isinstance(e, Closed)), None)

    @property
    def is_chained(self) -> bool:
        """Whether each line is held against the one before: runs of the first format are not."""
        return self.manifest.format >= FIRST_CHAINED

    @property
    def is_complete(self) -> bool:
        """Whether it came to its end, and was not refused."""
        return self.closed is not None and self.refused is None

    @property
    def refused(self) -> Refused | None:
        """Why the run counts for nothing, if it does."""
        return next((e for e in self._besides if isinstance(e, Refused)), None)


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

    Raises `DataError` naming file and line when something is damaged, cannot have been written by a
    session, or was written by a newer version.
    """
    return _with_rounds(folder, *_manifest(folder))


def read_placed(folder: Path) -> Run:
    """Read a run that must be the one its folder is named for, and no link; raises `DataError`."""
    return _with_rounds(folder, *_placed(folder))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of such a run without its rounds; raises `DataError`."""
    return _placed(folder)[0]


def _placed(folder: Path) -> tuple[Manifest, str]:
    check_links(folder, folder.parent)
    manifest, digest = _manifest(folder)
    check_place(folder, manifest)
    return manifest, digest


def _manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest, and the digest that the first line is chained to."""
    content = content_of(folder / MANIFEST)
    manifest = decode_document(folder / MANIFEST, content, Manifest, FORMAT)
    return manifest, first_digest(content)


def _with_rounds(folder: Path, manifest: Manifest, digest: str) -> Run:
    file = folder / ROUNDS
    lines, dropped = split_lines(content_of(file) if os.path.lexists(file) else b"")
    events: list[Event] = []
    for number, line in enumerate(lines, start=1):
        events.append(decode_line(file, number, line, Event))
        if manifest.format >= FIRST_CHAINED:
            digest = follow(line, digest)
            if not digest:
                raise _broken(file, number)
    try:
        check_events(manifest, events, calibration=is_calibration(folder))
    except ImpossibleLineError as error:
        raise DataError(f"{file}, line {error.line}: {error}.", DAMAGED) from error
    return Run(folder, manifest, tuple(events), dropped, digest)


def _broken(file: Path, line: int) -> DataError:
    before = f"line {line - 1}" if line > 1 else f"the {MANIFEST} beside it"
    return DataError(
        f"{file}, line {line} is not the line that was written behind {before}: something was "
        "changed, removed, repeated or moved there.",
        DAMAGED,
    )


def runs_of(folder: Path) -> Iterator[Run | DataError]:
    """The runs of a pair on one Python and machine, newest first; damaged ones as errors."""
    for own in sorted(folder.glob("*"), reverse=True):
        if own.is_dir():
            try:
                yield read_placed(own)
            except DataError as error:
                yield error


def unfinished_run(folder: Path, wanted: Manifest) -> tuple[Run | None, list[str]]:
    """The newest run that was asked for the same, is not complete, and can be gone on with.

    What decides about figures must be as it was; a refused run is never gone on with. The words say
    what keeps the newest ones from it.
    """
    wanted = msgspec.json.decode(pretty(wanted), type=Manifest)  # as it would lie on disk
    words: list[str] = []
    is_newest = True
    for run in runs_of(folder):
        if isinstance(run, DataError):
            if is_newest:
                words.append(f"{run.message} It is left as it is, and nothing of it is used.")
            continue
        if not run.manifest.is_same_question(wanted):
            continue
        if run.closed is None and run.refused is None:
            changes = ", ".join(run.manifest.changes_to(wanted))
            if not changes:
                return run, words
            if is_newest:
                words.append(
                    f"the unfinished run {run.manifest.run_id} is not gone on with, because "
                    f"something changed since: {changes}"
                )
        is_newest = False
    return None, words


def finished_run(
    folder: Path, options: Options, benchmarks: Sequence[PlannedBenchmark]
) -> Run | None:
    """The newest complete run of a pair with these options and benchmarks as they are now."""
    wanted = options, tuple(benchmarks)
    for run in runs_of(folder):
        if isinstance(run, DataError) or not run.is_complete:
            continue
        if (run.manifest.options, run.manifest.benchmarks) == wanted:
            return run
    return None


def create_run(folder: Path, manifest: Manifest) -> Run:
    """Start a run: its folder with `run.json`."""
    own = folder / manifest.run_id
    file = write_document(own / MANIFEST, manifest)
    return Run(own, manifest, (), digest=first_digest(content_of(file)))


class Journal:
    """Appends events to a run's `rounds.jsonl`, each flushed before the next thing happens.

    It holds the digest of the last line: what others write into the file is found when it is read.
    Several threads may write.
    """

    def __init__(self, run: Run) -> None:
        self._lock = threading.Lock()
        self._broken: BenchError | None = None
        self._folder = run.folder
        self._file = run.folder / ROUNDS
        self._digest = run.digest
        try:
            if run.dropped:
                os.truncate(self._file, self._file.stat().st_size - run.dropped)
            self._stream = self._opened()
        except OSError as error:
            raise cannot_write(self._file, error) from error

    def _opened(self) -> BinaryIO:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.fdopen(os.open(self._file, flags, 0o644), "ab")

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
        plain = without_secrets(msgspec.json.encode(event).decode())
        with self._lock:
            if self._broken is not None:  # half a line may be there
                raise self._broken
            line, digest = chained(plain.encode(), self._digest)
            try:
                self._stream.write(line + b"\n")
                self._stream.flush()
            except OSError as error:
                self._broken = cannot_write(self._file, error)
                raise self._broken from error
            self._digest = digest

    def read(self) -> Run:
        """The run as it is on disk; raises `UnprovenError` where that is not what was written."""
        try:
            run = read_run(self._folder)
            if run.digest == self._digest and not run.dropped:
                return run
            detail = "its last line is not the last one that was written"
        except DataError as error:
            detail = error.message
        with contextlib.suppress(OSError):  # what is written next spoils what was put in its place
            self._stream.close()
            self._stream = self._opened()
        raise UnprovenError(
            f"{self._file} was changed by something else while the run went on: {detail}",
            "Only this run may write there: look for what else did, the measured program included.",
        )

    def sync(self) -> None:
        """Make what was written survive a power cut as well."""
        try:
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise cannot_write(self._file, error) from error
