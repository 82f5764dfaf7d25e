"""Where a run's wall time went: seconds by layer, and in children by program and layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.explain.trace.path import Layer, Piece, path_of
from bench.explain.trace.timeline import Process, Timeline


@dataclass(frozen=True)
class Account:
    """The wall time of one run, in seconds; all of it is in exactly one place.

    `own` is the first process by layer (`Layer.SUBPROCESS` is what it waited for its children);
    `inside` divides that by the child's program and what the child did.
    """

    wall_s: float
    own: Mapping[Layer, float]
    inside: Mapping[tuple[str, Layer], float]

    @property
    def unexplained_s(self) -> float:
        """Neither work nor waiting for anything known, in children too."""
        inside = sum(s for (_, layer), s in self.inside.items() if layer is Layer.UNEXPLAINED)
        return self.own.get(Layer.UNEXPLAINED, 0.0) + inside

    @property
    def explained(self) -> float:
        """The explained share of the wall time."""
        return 1 - self.unexplained_s / self.wall_s if self.wall_s else 1.0


def phases_of(timeline: Timeline) -> dict[str, float]:
    """Seconds of wall time by layer, in the order of `Layer`; they add up to the wall time.

    Keys are the values of `Layer` ("interpreter start", "imports", "own code", "HTTP wire",
    "service", "subprocess", "waiting", …), all of them, 0.0 for what did not occur.
    """
    account = account_of(timeline, path_of(timeline))
    return {str(layer): account.own.get(layer, 0.0) for layer in Layer}


def account_of(timeline: Timeline, path: Sequence[Piece]) -> Account:
    """The path's pieces added up."""
    own: dict[Layer, float] = {}
    inside: dict[tuple[str, Layer], float] = {}
    for piece in path:
        for process, layer, taken_s in divided(piece):
            top = layer if process is timeline.root else Layer.SUBPROCESS
            own[top] = own.get(top, 0.0) + taken_s
            if process is not timeline.root:
                key = (process.name, layer)
                inside[key] = inside.get(key, 0.0) + taken_s
    return Account(timeline.wall_ns / 1e9, own, inside)


def divided(piece: Piece) -> Iterator[tuple[Process, Layer, float]]:
    """A piece in seconds; of own code, what was work and what was waiting, and for whom.

    Only the first thread's clock was read: own code of other threads is taken for work, and so is
    that of programs that are no Python, of which no more is known. Where the thread did not work,
    but a child of its did, it is taken to have waited for an answer through a pipe.
    """
    length = piece.length / 1e9
    process = piece.process
    if piece.layer is not Layer.OWN_CODE or not has_clock(process, piece.thread):
        yield process, piece.layer, length
        return
    assert process.recorded is not None
    clocks = process.recorded.marks.between(piece.begin, piece.end)
    worked, others, queued = (ns / 1e9 for ns in clocks)
    rest = length
    for layer, some in (
        (Layer.OWN_CODE, worked),
        (Layer.FOR_CPU, queued),
        (Layer.WAITING, others),  # for the interpreter, which other threads kept busy
    ):
        taken = min(some, rest)
        rest -= taken
        yield process, layer, taken
    for child in process.children:
        taken = min(busy_ns(child, piece.begin, piece.end) / 1e9, rest)
        rest -= taken
        yield child, Layer.OWN_CODE, taken
    yield process, Layer.UNEXPLAINED, rest


def busy_ns(process: Process, begin: int, end: int) -> float:
    """How long a recorded process was being started or working in a stretch of time."""
    begin, end = max(begin, process.spawned), min(end, process.ended)
    if process.recorded is None or end <= begin:
        return 0.0
    starting = max(0, min(end, process.recorded.site) - begin)
    own, others, _ = process.recorded.marks.between(begin, end)
    return starting + own + others


def has_clock(process: Process, thread: int) -> bool:
    """Whether CPU time of a thread is known: it is the first of a recorded process."""
    return process.recorded is not None and process.recorded.thread == thread
