"""Where attributions are stored, and how they are read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError
from bench.engine.store.documents import (
    append_line,
    check_named,
    files_below,
    plain_json,
    read_document,
    read_lines,
    write_document,
)
from bench.explain.attribute.record import (
    ASKED,
    FORMAT,
    Attribution,
    AttributionAsked,
    AttributionEvent,
)

FOLDER = "attribute"
_EVENTS = "events.jsonl"


def open_attribution(data: Path, asked: AttributionAsked) -> Attribution:
    """The newest that was asked the same, to go on with, or a new one; raises `DataError`."""
    place = data / FOLDER / asked.place.parent.parent
    for file in sorted(place.glob(f"*/{ASKED}"), reverse=True):
        try:
            found = read_attribution(file.parent)
        except DataError:
            continue
        if found.asked.question == asked.question:
            return found
    file = write_document(data / FOLDER / asked.place, asked)
    return Attribution(file.parent, asked)


def append(attribution: Attribution, event: AttributionEvent) -> Attribution:
    """Write an event behind those before, to the disk; returns the attribution with it."""
    append_line(attribution.folder / _EVENTS, plain_json(event))
    return Attribution(attribution.folder, attribution.asked, (*attribution.events, event))


def read_attribution(folder: Path) -> Attribution:
    """Read one; raises `DataError` when it is damaged, newer, or lies in another's folder."""
    file = folder / ASKED
    asked = read_document(file, AttributionAsked, FORMAT)
    check_named(file, asked.place, "is of another place: by its content it is")
    events, _half = read_lines(folder / _EVENTS, AttributionEvent)
    return Attribution(folder, asked, tuple(events))


def read_attributions(data: Path) -> Iterator[tuple[Path, Attribution | DataError]]:
    """All of them under `data/`, the oldest of a range first; damaged ones as errors."""
    for file in files_below(data / FOLDER):
        if file.name == ASKED or file.is_dir():
            try:
                yield file, read_attribution(file.parent if file.name == ASKED else file)
            except DataError as error:
                yield file, error
