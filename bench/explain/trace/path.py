"""The critical path of a command: the wall time of its first process, piece by piece.

The path begins in the first thread of the first process. Where that waits for a child, it goes on
in the child; where it waits for another thread, in the thread whose work ended last before the
waiting did; where it waits for a response, the service's journal tells how much of it was the
service. So each moment is counted once, and the pieces add up to the wall time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from bench.explain.trace.exchanges import HttpExchange
from bench.explain.trace.recording import Span
from bench.explain.trace.timeline import Process, Timeline

_SLACK_NS = 5_000_000  # a thread is woken a little after what it waited for
_DEEPEST = 12
_IDLE = 0.25  # with less CPU time than this, a stretch of a lane is called waiting
_WORKING = {
    "task", "http", "child", "spawn", "import", "json", "pickle", "sleep", "send", "receive",
    "connect", "dns", "tls",
}  # fmt: skip
_FRAMES = {"task", "thread"}  # what holds work, and is none by itself
_POINTS = {"reaped", "close", "fork", "signal"}


class Layer(enum.StrEnum):
    """What a stretch of time went into."""

    PROCESS_START = "process start"
    INTERPRETER_START = "interpreter start"
    IMPORTS = "imports"
    OWN_CODE = "own code"
    SERIALISATION = "serialisation"
    HTTP_CLIENT = "HTTP client"
    HTTP_WIRE = "HTTP wire"
    SERVICE = "service"
    SIMULATED = "simulated latency"
    SUBPROCESS = "subprocess"
    WAITING = "waiting"
    FOR_CPU = "waiting for a CPU"
    EXIT = "interpreter finalisation"
    UNEXPLAINED = "unexplained"


LAYER_OF_KIND = {
    "import": Layer.IMPORTS,
    "json": Layer.SERIALISATION,
    "pickle": Layer.SERIALISATION,
    "http": Layer.HTTP_CLIENT,
    "dns": Layer.HTTP_WIRE,
    "connect": Layer.HTTP_WIRE,
    "tls": Layer.HTTP_WIRE,
    "send": Layer.HTTP_WIRE,
    "receive": Layer.HTTP_WIRE,
    "spawn": Layer.PROCESS_START,
    "sleep": Layer.WAITING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the path, in ns: where it ran, and what it went into."""

    begin: int
    end: int
    layer: Layer
    process: Process
    thread: int
    what: str = ""

    @property
    def length(self) -> int:
        """Nanoseconds."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class ThreadStretch:
    """A stretch of a thread between two changes, with the spans it lies in, outermost first."""

    begin: int
    end: int
    spans: tuple[Span, ...]


def path_of(timeline: Timeline) -> list[Piece]:
    """The pieces, in order; they lie end to end from the first process's start to its end."""
    return _joined(Walk().through(timeline.root, timeline.begin, timeline.root.ended, 0))


def stretches_of(process: Process, thread: int) -> list[ThreadStretch]:
    """A thread's spans laid on top of each other; where none is, there is no stretch."""
    assert process.recorded is not None
    spans = [
        span
        for span in process.recorded.spans
        if span.thread == thread and span.kind not in _POINTS and span.length
    ]
    found: list[ThreadStretch] = []
    open_: list[Span] = []
    at = 0

    def go_to(moment: int) -> None:
        nonlocal at
        while open_:
            upto = min(moment, open_[-1].end)
            if upto > at:
                found.append(ThreadStretch(at, upto, tuple(open_)))
                at = upto
            if open_[-1].end > moment:
                return
            open_.pop()
        at = max(at, moment)

    for span in spans:
        go_to(span.begin)
        open_.append(span)
    go_to(max((span.end for span in spans), default=0))
    return found


@dataclass
class Walk:
    """Goes along a process; what it works out about a thread is kept.

    With `follow` it goes on in the children and threads that are waited for; without it stays, as
    the lanes of the picture do.
    """

    follow: bool = True
    stretches: dict[tuple[int, int, int], list[ThreadStretch]] = field(default_factory=dict)
    working: dict[tuple[int, int], list[Span]] = field(default_factory=dict)

    def through(self, process: Process, begin: int, end: int, depth: int) -> Iterator[Piece]:
        """A process's part of the path: its start, its first thread, its end."""
        recorded = process.recorded
        if recorded is None or depth > _DEEPEST:
            what = "" if self.follow else process.name
            yield from _piece(begin, end, Layer.OWN_CODE, process, 0, what)
            return
        main = recorded.main or recorded.site
        over = (recorded.main_over or recorded.last) if recorded.told else process.ended
        last = recorded.last if recorded.told else process.ended
        ready = min(max(begin, main), end)
        over = max(ready, min(over, end))
        gone = max(over, min(last, end))
        thread = recorded.thread
        place = min(max(begin, process.started), ready)
        yield from _piece(begin, place, Layer.PROCESS_START, process, thread)
        yield from _piece(place, ready, Layer.INTERPRETER_START, process, thread)
        yield from self.along(process, thread, ready, over, depth)
        for piece in self.along(process, thread, over, gone, depth):
            own = piece.layer is Layer.OWN_CODE and piece.process is process
            yield replace(piece, layer=Layer.EXIT) if own else piece
        yield from self.leaving(process, gone, end, depth)

    def leaving(self, process: Process, begin: int, end: int, depth: int) -> Iterator[Piece]:
        """After its end a process may have become another program."""
        for child in process.children:
            if self.follow and child.pid == process.pid and child.spawned < end:
                yield from _piece(begin, child.spawned, Layer.EXIT, process, 0)
                yield from self.through(child, max(begin, child.spawned), end, depth + 1)
                return
        yield from _piece(begin, end, Layer.EXIT, process, 0)

    def along(
        self, process: Process, thread: int, begin: int, end: int, depth: int
    ) -> Iterator[Piece]:
        """A thread's part of the path."""
        at = begin
        for stretch in self._stretches(process, thread):
            if stretch.end <= begin or stretch.begin >= end:
                continue
            low, high = max(stretch.begin, begin), min(stretch.end, end)
            yield from self.own(process, thread, at, low)
            yield from self.inside(process, ThreadStretch(low, high, stretch.spans), depth)
            at = high
        yield from self.own(process, thread, at, end)

    def own(self, process: Process, thread: int, begin: int, end: int) -> Iterator[Piece]:
        """Own code; in a lane waiting, where the thread's clock says that it hardly ran."""
        marks = process.recorded.marks if process.recorded and process.has_clock(thread) else None
        if self.follow or marks is None or sum(marks.between(begin, end)) >= _IDLE * (end - begin):
            yield from _piece(begin, end, Layer.OWN_CODE, process, thread)
        else:
            yield from _piece(begin, end, Layer.WAITING, process, thread, "waits")

    def inside(self, process: Process, stretch: ThreadStretch, depth: int) -> Iterator[Piece]:
        """What a stretch of a thread went into: its innermost span says, or what it waits for."""
        begin, end = stretch.begin, stretch.end
        thread = stretch.spans[0].thread
        spans = [span for span in stretch.spans if span.kind not in _FRAMES]
        if not spans:
            yield from _piece(begin, end, Layer.OWN_CODE, process, thread)
            return
        innermost = spans[-1]
        waited = next((span for span in spans if span.kind == "child"), None)
        if waited is not None:
            yield from self.for_child(process, waited, begin, end, depth)
        elif innermost.kind in {"receive", "select"} and (
            exchange := pending(process, thread, begin, end)
        ):
            yield from answered(process, exchange, begin, end)
        elif innermost.kind in {"wait", "select"}:
            yield from self.for_thread(process, thread, begin, end, depth)
        else:
            layer = LAYER_OF_KIND.get(innermost.kind, Layer.OWN_CODE)
            yield from _piece(begin, end, layer, process, thread, what_of(spans, innermost))

    def for_child(
        self, process: Process, span: Span, begin: int, end: int, depth: int
    ) -> Iterator[Piece]:
        """The path goes on in the child."""
        if not self.follow:
            yield from _piece(begin, end, Layer.WAITING, process, span.thread, "waits for a child")
            return
        for child in process.children:
            if child.pid == span.detail and child.spawned <= begin <= child.ended:
                yield from self.through(child, begin, min(end, child.ended), depth + 1)
                yield from _piece(
                    child.ended, end, Layer.WAITING, process, span.thread, "for a child's end"
                )
                return
        yield from _piece(begin, end, Layer.WAITING, process, span.thread, "for a child")

    def for_thread(
        self, process: Process, thread: int, begin: int, end: int, depth: int
    ) -> Iterator[Piece]:
        """Backwards from the end of the waiting: whose work ended last?"""
        if not self.follow:
            yield from _piece(begin, end, Layer.WAITING, process, thread, "waits")
            return
        found: list[Piece] = []
        beside = [
            span
            for span in self._working(process)
            if span.thread != thread and span.end > begin and span.begin < end
        ]
        at = end
        while at > begin and depth < _DEEPEST:
            ending = _last_working(beside, at)
            if ending is None:
                break
            upto, since = min(ending.end, at), max(ending.begin, begin)
            rest = list(_piece(upto, at, Layer.WAITING, process, thread, "for another thread"))
            work = list(self.along(process, ending.thread, since, upto, depth + 1))
            found = [*work, *rest, *found]
            at = since
        yield from _piece(begin, at, Layer.WAITING, process, thread, "for another thread")
        yield from found

    def _working(self, process: Process) -> list[Span]:
        """Outermost spans of work, of all threads, by their beginning."""
        key = (process.pid, process.spawned)
        if key not in self.working:
            assert process.recorded is not None
            upto: dict[int, int] = {}
            kept: list[Span] = []
            for span in process.recorded.spans:
                if span.kind in _WORKING and span.end > upto.get(span.thread, 0) and span.length:
                    upto[span.thread] = span.end
                    kept.append(span)
            self.working[key] = kept
        return self.working[key]

    def _stretches(self, process: Process, thread: int) -> list[ThreadStretch]:
        key = (process.pid, process.spawned, thread)
        if key not in self.stretches:
            self.stretches[key] = stretches_of(process, thread)
        return self.stretches[key]


def _last_working(spans: Iterable[Span], at: int) -> Span | None:
    """The work that ends last before a moment, or goes on over it."""
    return max(
        (span for span in spans if span.begin < at),
        key=lambda span: (min(span.end, at), -span.begin),
        default=None,
    )


def pending(process: Process, thread: int, begin: int, end: int) -> HttpExchange | None:
    """The request whose answer a thread waits for."""
    return next(
        (
            one
            for one in process.exchanges
            if one.thread == thread and one.sent_begin <= begin and end <= one.last_byte + _SLACK_NS
        ),
        None,
    )


def answered(process: Process, exchange: HttpExchange, begin: int, end: int) -> Iterator[Piece]:
    """Waiting for an answer: the wire, the service, what the service waited on purpose."""
    served = exchange.served
    thread = exchange.thread
    if served is None:
        yield from _piece(begin, end, Layer.HTTP_WIRE, process, thread, "wire and service")
        return
    slept = served.handled_ns + exchange.simulated_ns
    cuts = (
        (begin, Layer.HTTP_WIRE),
        (served.body_ns, Layer.SERVICE),
        (served.handled_ns, Layer.SIMULATED),
        (min(slept, served.sent_ns), Layer.SERVICE),
        (served.sent_ns, Layer.HTTP_WIRE),
    )
    for number, (since, layer) in enumerate(cuts):
        until = cuts[number + 1][0] if number + 1 < len(cuts) else end
        low, high = max(since, begin), min(until, end)
        yield from _piece(low, high, layer, process, thread, exchange.name)


def _piece(
    begin: int, end: int, layer: Layer, process: Process, thread: int, what: str = ""
) -> Iterator[Piece]:
    if end > begin:
        yield Piece(begin=begin, end=end, layer=layer, process=process, thread=thread, what=what)


def what_of(spans: list[Span], innermost: Span) -> str:
    """What a piece is called: the outermost import's name, a serialiser's, …"""
    if innermost.kind == "import":
        outermost = next(span for span in spans if span.kind == "import")
        return str(outermost.detail[0])
    if innermost.kind in {"json", "pickle"} and innermost.detail:
        return str(innermost.detail[0])
    if innermost.kind == "http" and innermost.detail:
        return str(innermost.detail[1])
    return innermost.kind


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of the same kind as one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and _alike(last, piece):
            found[-1] = replace(last, end=piece.end)
        else:
            found.append(piece)
    return found


def _alike(one: Piece, other: Piece) -> bool:
    return (
        one.end == other.begin
        and (one.layer, one.thread, one.what) == (other.layer, other.thread, other.what)
        and one.process is other.process
    )
