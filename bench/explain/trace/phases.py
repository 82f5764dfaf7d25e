"""Where a run's wall time went: seconds by layer, and in children by program and layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.sample import Side
from bench.engine.store.accounts import InChild, RunAccount
from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.timeline import Process, Timeline


def account_of(timeline: Timeline, path: Sequence[Piece], side: Side = Side.BASE) -> RunAccount:
    """The path's pieces added up: all of the wall time is in exactly one layer.

    `Layer.SUBPROCESS` is what the first process waited for its children; `children` divide it.
    """
    own: dict[str, float] = {}
    inside: dict[tuple[str, Layer], float] = {}
    for piece in path:
        for process, layer, taken_s in divided(piece):
            top = layer if process is timeline.root else Layer.SUBPROCESS
            own[str(top)] = own.get(top, 0.0) + taken_s
            if process is not timeline.root:
                key = (process.name, layer)
                inside[key] = inside.get(key, 0.0) + taken_s
    return RunAccount(
        side=side,
        wall_s=timeline.wall_ns / 1e9,
        layers=own,
        children=tuple(InChild(name, str(layer), s) for (name, layer), s in inside.items()),
        counts=counts_of(timeline),
    )


def explained(account: RunAccount) -> float:
    """The share of the wall time that is work, or waiting for something known."""
    inside = sum(one.seconds for one in account.children if one.layer == Layer.UNEXPLAINED)
    unexplained_s = account.layers.get(Layer.UNEXPLAINED, 0.0) + inside
    return 1 - unexplained_s / account.wall_s if account.wall_s else 1.0


def counts_of(timeline: Timeline) -> dict[str, int]:
    """What can be counted of a run, in the order in which it is shown."""
    processes, exchanges = timeline.processes, timeline.exchanges
    recorded = [one.recorded for one in processes if one.recorded]
    return {
        "processes": len(processes),
        "Python processes": len(recorded),
        "requests": len(exchanges),
        "connections": len({(one.pid, one.connection) for one in exchanges}),
        "bytes up": sum(one.request_bytes for one in exchanges),
        "bytes down": sum(one.response_bytes for one in exchanges),
        "modules loaded": sum(int(one.told.get("modules", 0)) for one in recorded),
        # Bytes of files are those that processes asked for.
        "read calls": sum(one.file_calls.get("syscr", 0) for one in recorded),
        "bytes read": sum(one.file_calls.get("rchar", 0) for one in recorded),
        "write calls": sum(one.file_calls.get("syscw", 0) for one in recorded),
        "bytes written": sum(one.file_calls.get("wchar", 0) for one in recorded),
    }


def divided(piece: Piece) -> Iterator[tuple[Process, Layer, float]]:
    """A piece in seconds; of own code, what was work and what was waiting, and for whom.

    Only the first thread's clock was read: own code of other threads is taken for work, and so is
    that of programs that are no Python, of which no more is known. Where the thread did not work,
    but a child of its did, it is taken to have waited for an answer through a pipe.
    """
    length = piece.length / 1e9
    process = piece.process
    if piece.layer is not Layer.OWN_CODE or not process.has_clock(piece.thread):
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
