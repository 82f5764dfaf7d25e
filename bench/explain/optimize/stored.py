"""Where optimisations are stored, and how they are read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError
from bench.engine.store.documents import (
    append_line,
    check_named,
    files_below,
    moment,
    plain_json,
    read_document,
    read_lines,
    write_document,
)
from bench.explain.optimize.record import (
    ASKED,
    FORMAT,
    Optimization,
    OptimizationAsked,
    OptimizationEvent,
)

FOLDER = "optimize"
_EVENTS = "events.jsonl"


def create(data: Path, asked: OptimizationAsked) -> Optimization:
    """Start one: its folder with what was asked. Raises `DataError`."""
    file = write_document(data / FOLDER / asked.place, asked)
    return Optimization(file.parent, asked)


def append(optimization: Optimization, event: OptimizationEvent) -> Optimization:
    """Write an event behind those before, to the disk; returns the optimisation with it.

    Half a line that an interruption left is cut off first. Raises `DataError`.
    """
    append_line(optimization.folder / _EVENTS, plain_json(event))
    return Optimization(optimization.folder, optimization.asked, (*optimization.events, event))


def new_id(started_at: str) -> str:
    """The id of one that starts at a time in ISO 8601."""
    return moment(started_at)


def read_optimization(folder: Path) -> Optimization:
    """Read one; raises `DataError` when it is damaged, newer, or lies in another's folder."""
    file = folder / ASKED
    asked = read_document(file, OptimizationAsked, FORMAT)
    check_named(file, asked.place, "is of another place: by its content it is")
    events, _half = read_lines(folder / _EVENTS, OptimizationEvent)
    return Optimization(folder, asked, tuple(events))


def read_optimizations(data: Path) -> Iterator[tuple[Path, Optimization | DataError]]:
    """All of them under `data/`, the oldest of a revision first; damaged ones as errors."""
    for file in files_below(data / FOLDER):
        if file.name == ASKED or file.is_dir():
            try:
                yield file, read_optimization(file.parent if file.name == ASKED else file)
            except DataError as error:
                yield file, error


def latest(data: Path, asked: OptimizationAsked) -> Optimization | None:
    """The newest that was asked the same, to go on with; damaged ones are passed over."""
    place = data / FOLDER / asked.place.parent.parent
    for file in sorted(place.glob(f"*/{ASKED}"), reverse=True):
        try:
            found = read_optimization(file.parent)
        except DataError:
            continue
        if found.asked.question == asked.question:
            return found
    return None
