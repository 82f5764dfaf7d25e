"""Where a run's wall time went: seconds by layer, and in children by program and layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.trace.path import Layer, Piece, path_of
from bench.trace.timeline import Process, Timeline


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
        mine = piece.process is timeline.root
        for layer, taken_s in divided(piece):
            top = layer if mine else Layer.SUBPROCESS
            own[top] = own.get(top, 0.0) + taken_s
            if not mine:
                key = (piece.process.name, layer)
                inside[key] = inside.get(key, 0.0) + taken_s
    return Account(timeline.wall_ns / 1e9, own, inside)


def divided(piece: Piece) -> Iterator[tuple[Layer, float]]:
    """A piece in seconds; of own code, what was work and what was waiting for whom.

    Only the first thread's clock was read: own code of other threads is taken for work, and so is
    that of programs that are no Python, of which no more is known.
    """
    length = piece.length / 1e9
    if piece.layer is not Layer.OWN_CODE or not _has_clock(piece.process, piece.thread):
        yield piece.layer, length
        return
    assert piece.process.recorded is not None
    worked, others, queued = (
        ns / 1e9 for ns in piece.process.recorded.marks.between(piece.begin, piece.end)
    )
    worked = min(worked, length)
    rest = length - worked
    queued = min(queued, rest)
    others = min(others, rest - queued)
    yield Layer.OWN_CODE, worked
    yield Layer.NO_CORE, queued
    yield Layer.WAITING, others  # for the interpreter, which other threads kept busy
    yield Layer.UNEXPLAINED, rest - queued - others


def _has_clock(process: Process, thread: int) -> bool:
    return process.recorded is not None and process.recorded.thread == thread
