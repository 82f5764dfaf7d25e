"""Lanes of the picture: what each process did, below the critical path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.explain.trace.path import Layer, Piece, Walk, stretches_of
from bench.explain.trace.recording import Span
from bench.explain.trace.timeline import Process, Timeline

_NO_WORK = {"thread", "wait", "select", "sleep", "child", "reaped", "close", "signal"}


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A line of the picture: pieces of one thread, or of several processes one after the other."""

    name: str
    pieces: tuple[Piece, ...]
    note: str = ""
    depth: int = 0
    thin: bool = False


def lanes_of(timeline: Timeline) -> list[Lane]:
    """The first process and its threads, the service, and all children: alike ones share lanes."""
    root = timeline.root
    lanes = [Lane(name=root.name, pieces=tuple(first_thread(root)))]
    lanes += _other_threads(root)
    served = tuple(_served(timeline))
    if served:
        many = len(timeline.exchanges)
        lanes.append(Lane(name="service", note=f"{many} requests", pieces=served, depth=1))
    lanes += _children(root.children, 1)
    return lanes


def first_thread(process: Process) -> Iterator[Piece]:
    """What the first thread of a process did, from the process's start to its end."""
    return Walk(follow=False).through(process, process.spawned, process.ended, 0)


def _other_threads(process: Process) -> Iterator[Lane]:
    """What other threads did, as few lanes as there were at work at the same time."""
    if process.recorded is None:
        return
    lanes: list[list[Piece]] = []
    walk = Walk(follow=False)
    work = sorted(_work(process), key=lambda one: one.begin)
    stretches = {thread: stretches_of(process, thread) for thread in {one.thread for one in work}}
    for span in work:
        pieces = [
            piece
            for stretch in stretches[span.thread]
            if stretch.begin >= span.begin and stretch.end <= span.end
            for piece in walk.inside(process, stretch, 0)
        ]
        free = next((lane for lane in lanes if lane[-1].end <= span.begin), None)
        if free is None:
            lanes.append(pieces)
        else:
            free += pieces
    for number, lane in enumerate(lane for lane in lanes if lane):
        yield Lane(name="" if number else "other threads", pieces=tuple(lane), depth=1, thin=True)


def _work(process: Process) -> Iterator[Span]:
    """Outermost spans of threads beside the first; waiting for work is none."""
    assert process.recorded is not None
    upto: dict[int, int] = {}
    for span in process.recorded.spans:
        if span.thread == process.recorded.thread or span.kind in _NO_WORK or not span.length:
            continue
        if span.begin >= upto.get(span.thread, 0):
            upto[span.thread] = span.end
            yield span


def _served(timeline: Timeline) -> Iterator[Piece]:
    """The service's own view of each request."""
    for one in timeline.exchanges:
        if one.served:
            begin, end = one.served.received_ns, one.served.sent_ns
            yield Piece(
                begin=begin,
                end=max(end, begin + 1),
                layer=Layer.SERVICE,
                process=timeline.root,
                thread=0,
                what=one.name,
            )


def _children(processes: Iterable[Process], depth: int) -> list[Lane]:
    """Children by name; those that ran at the same time get a lane each."""
    lanes: list[Lane] = []
    by_name: dict[str, list[Process]] = {}
    for child in processes:
        by_name.setdefault(child.name, []).append(child)
    for name, children in by_name.items():
        for packed in _packed(children):
            pieces = tuple(piece for child in packed for piece in first_thread(child))
            note = f"× {len(packed)}" if len(packed) > 1 else ""
            lanes.append(Lane(name=name, note=note, pieces=pieces, depth=depth))
            below = [grand for child in packed for grand in child.children]
            if below:
                lanes += _children(below, depth + 1)
    return lanes


def _packed(children: Iterable[Process]) -> list[list[Process]]:
    """As few lanes as there were processes at the same time."""
    lanes: list[list[Process]] = []
    for child in sorted(children, key=lambda one: one.spawned):
        free = next((lane for lane in lanes if lane[-1].ended <= child.spawned), None)
        if free is None:
            lanes.append([child])
        else:
            free.append(child)
    return lanes
