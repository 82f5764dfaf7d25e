"""What goes on over sessions: a document with what was asked, and a journal of what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

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

_EVENTS = "events.jsonl"


class AskedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked."""

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind: `<…>/<id>/<name>.json`."""
        raise NotImplementedError

    @property
    def question(self) -> tuple[object, ...]:
        """What two must share for one to go on with the other."""
        raise NotImplementedError


_Asked = TypeVar("_Asked", bound=AskedRecord)
_Event = TypeVar("_Event")


@dataclass(frozen=True)
class Told(Generic[_Asked, _Event]):
    """What was asked, and the events in the order they were written."""

    folder: Path
    asked: _Asked
    events: tuple[_Event, ...] = ()


_One = TypeVar("_One", bound=Told[Any, Any])


@dataclass(frozen=True, kw_only=True)
class JournalStore(Generic[_One]):
    """All of one kind below `data/<folder>`: each a folder of a document `name` and its events.

    `asked` is the document's type, of `format` or older, `event` that of a line.
    """

    kind: type[_One]
    folder: str
    name: str
    format: int
    asked: type[AskedRecord]
    event: Any

    def create(self, data: Path, asked: AskedRecord) -> _One:
        """Start one: its folder with what was asked. Raises `DataError`."""
        file = write_document(data / self.folder / asked.place, asked)
        return self.kind(file.parent, asked)

    def append(self, one: _One, event: msgspec.Struct) -> _One:
        """Write an event behind those before, to the disk; returns the one with it.

        Half a line that an interruption left is cut off first. Raises `DataError`.
        """
        append_line(one.folder / _EVENTS, plain_json(event))
        return replace(one, events=(*one.events, event))

    def read(self, folder: Path) -> _One:
        """Read one; raises `DataError` when it is damaged, newer, or lies in another's folder."""
        file = folder / self.name
        asked = read_document(file, self.asked, self.format)
        check_named(file, asked.place, "is of another place: by its content it is")
        events, _half = read_lines(folder / _EVENTS, self.event)
        return self.kind(folder, asked, tuple(events))

    def read_all(self, data: Path) -> Iterator[tuple[Path, _One | DataError]]:
        """All of them under `data/`, the oldest of a place first; damaged ones as errors."""
        for file in files_below(data / self.folder):
            if file.name == self.name or file.is_dir():
                try:
                    yield file, self.read(file.parent if file.name == self.name else file)
                except DataError as error:
                    yield file, error

    def latest(self, data: Path, asked: AskedRecord) -> _One | None:
        """The newest that was asked the same, to go on with; damaged ones are passed over."""
        place = data / self.folder / asked.place.parent.parent
        for file in sorted(place.glob(f"*/{self.name}"), reverse=True):
            try:
                found = self.read(file.parent)
            except DataError:
                continue
            if found.asked.question == asked.question:
                return found
        return None

    def open(self, data: Path, asked: AskedRecord) -> _One:
        """The newest that was asked the same, or a new one; raises `DataError`."""
        return self.latest(data, asked) or self.create(data, asked)
