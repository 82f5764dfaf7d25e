"""What the recorder has written: files of events, read into processes and spans."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.told import NotToldError, read_marshalled

RECORDER = Path(__file__).parents[1] / "agents" / "tracer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something a thread did from `begin` to `end` (ns of CLOCK_MONOTONIC).

    `detail` depends on the kind (`agents/tracer/bench_trace_patches.py` makes it); `who` are the
    functions that were running, innermost first, `function (file:line)`; `failed` is the name of
    the exception that ended it.
    """

    kind: str
    begin: int
    end: int
    thread: int
    detail: Any = ""
    who: tuple[str, ...] = ()
    failed: str = ""

    @property
    def length(self) -> int:
        """Nanoseconds."""
        return self.end - self.begin


def caller_of(who: tuple[str, ...]) -> str:
    """The innermost of running functions that is not an HTTP library's; "" where there is none."""
    own = (one for one in who if not any(part in one for part in _HTTP_LIBRARIES))
    return next(own, who[0] if who else "")


_HTTP_LIBRARIES = ("/requests/", "/urllib3/", "/httpx/", "/httpcore/")


@dataclass(frozen=True, kw_only=True)
class Marks:
    """CPU time at moments, in ns: of the first thread and the process; time waiting for a CPU."""

    at: NDArray[np.int64]
    thread: NDArray[np.int64]
    process: NDArray[np.int64]
    queue_at: NDArray[np.int64]
    queue: NDArray[np.int64]

    def until(self, moment: int, cpu_ns: int, queue_ns: int) -> Marks:
        """With one more moment: what the kernel told of the process before it was killed."""
        others = int(self.process[-1] - self.thread[-1]) if len(self.at) else 0
        return Marks(
            at=np.append(self.at, moment),
            thread=np.append(self.thread, cpu_ns),
            process=np.append(self.process, cpu_ns + others),
            queue_at=np.append(self.queue_at, moment),
            queue=np.append(self.queue, queue_ns),
        )

    def between(self, begin: int, end: int) -> tuple[float, float, float]:
        """CPU time of the first thread, of the other threads, and time waiting for a CPU."""
        if not len(self.at):
            return 0.0, 0.0, 0.0
        own = _between(self.at, self.thread, begin, end)
        all_ = _between(self.at, self.process, begin, end)
        return own, max(0.0, all_ - own), _between(self.queue_at, self.queue, begin, end)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One process as it described itself; times are ns of CLOCK_MONOTONIC, 0 where not known.

    `how` is `exec` or `fork`; `started` the kernel's time of its start, to a hundredth of a second;
    `site` when its recorder began, `main` when its program did, `main_over` when that had ended,
    `last` when anything was written last. `told` is what it said at its end, {} if it was killed.
    `short` are spans too short to be listed, by kind: how many, and ns.
    """

    pid: int
    parent: int
    how: str
    argv: tuple[str, ...]
    python: str
    started: int
    site: int
    thread: int
    main: int
    main_over: int
    last: int
    spans: tuple[Span, ...]
    marks: Marks
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def cpu_ns(self) -> int:
        """CPU time, until the last that is known of it."""
        return int(self.marks.process[-1]) if len(self.marks.process) else 0

    @property
    def short(self) -> dict[str, tuple[int, int]]:
        """Spans that are not in `spans`, by kind: how many, and ns together."""
        return {kind: (many, took) for kind, (many, took) in self.told.get("short", {}).items()}

    @property
    def file_calls(self) -> dict[str, int]:
        """Reads and writes as the kernel counted them: `syscr`, `rchar`, …"""
        lines = (line.partition(":") for line in self.told.get("io", "").splitlines())
        return {name: int(value) for name, _, value in lines if value.strip().isdigit()}


def recorder_in(folder: Path) -> Path:
    """Copy the recorder into a folder, which is for PYTHONPATH."""
    folder.mkdir(parents=True)
    for file in RECORDER.glob("[!_]*.py"):
        shutil.copyfile(file, folder / file.name)
    return folder


def read_recording(folder: Path) -> tuple[Recorded, ...]:
    """All processes that wrote into a folder, in the order in which they began.

    Raises `NotToldError`.
    """
    try:
        found = [_read_process(file) for file in folder.iterdir()]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotToldError(f"a process has not written a recording: {error}") from error
    return tuple(sorted((one for one in found if one), key=lambda one: (one.site, one.pid)))


def _read_process(file: Path) -> Recorded | None:
    """None for a process that was killed before it had written a word."""
    # Batches as they were appended; half a batch at the end is left out.
    events = [event for batch in read_marshalled(file) for event in batch]
    header = next((event[4] for event in events if event[0] == "process"), None)
    if header is None:
        return None
    ends = [event for event in events if event[0] == "end"]
    told = ends[-1][4] if ends else {}
    mains = [event[1] for event in events if event[0] == "main"]
    spans = [_span(event) for event in events if event[0] not in _NO_SPANS]
    return Recorded(
        pid=header["pid"],
        parent=header["parent"],
        how=header["how"],
        argv=tuple(header["argv"]),
        python=header["python"],
        started=header["started"],
        site=header["site"],
        thread=header["thread"],
        main=mains[0] if mains else 0,
        main_over=told.get("main_over", 0),
        last=max(event[2] for event in events),
        spans=tuple(sorted(spans, key=lambda span: (span.begin, -span.end))),
        marks=_marks([event for event in events if event[0] == "cpu"]),
        told=told,
    )


_NO_SPANS = {"process", "cpu", "main", "end"}
_TIMED = {
    "sleep", "child", "fork", "spawn", "wait", "thread", "task", "select", "json", "pickle",
    "http", "dns", "tls",
}  # fmt: skip


def _span(event: tuple[Any, ...]) -> Span:
    kind, begin, end, thread, who, *rest = event
    detail, failed = tuple(rest), ""
    if kind in _TIMED and rest:
        detail, failed = rest[0], rest[1] if len(rest) > 1 else ""
    return Span(
        kind=kind, begin=begin, end=end, thread=thread, detail=detail, who=tuple(who), failed=failed
    )


def _marks(events: list[tuple[Any, ...]]) -> Marks:
    events = sorted(events, key=lambda event: int(event[1]))
    queued = [event for event in events if event[6] >= 0]
    return Marks(
        at=_column(events, 1),
        thread=_column(events, 4),
        process=_column(events, 5),
        queue_at=_column(queued, 1),
        queue=_column(queued, 6),
    )


def _column(events: list[tuple[Any, ...]], number: int) -> NDArray[np.int64]:
    return np.array([event[number] for event in events], dtype=np.int64)


def _between(at: NDArray[np.int64], value: NDArray[np.int64], begin: int, end: int) -> float:
    """How much a counter rose, straight lines drawn between the moments at which it is known."""
    if not len(at):
        return 0.0
    low, high = np.interp([begin - at[0], end - at[0]], at - at[0], value - value[0])
    return float(high - low)
