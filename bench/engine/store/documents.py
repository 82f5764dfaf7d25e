"""Files under `data/`: documents of JSON and journals of lines, written whole and read back."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.core.errors import BenchError, DataError
from bench.core.files import write_atomically
from bench.core.secrets import without_secrets

_Document = TypeVar("_Document", bound=msgspec.Struct)
DAMAGED = "Restore the file (git checkout), or move it away with its folder."
# What decoding raises: the last is what a thousand brackets inside each other end in.
NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def pretty(value: msgspec.Struct) -> bytes:
    """Indented JSON. Paths in the home directory name a person, and no other machine has them."""
    plain = without_secrets(msgspec.json.encode(value).decode()).encode()
    if Path.home() != Path("/"):
        home = re.escape(f"{Path.home()}/".encode())
        plain = re.sub(rb'(?<=["\s=])' + home, b"~/", plain)
    return msgspec.json.format(plain, indent=1) + b"\n"


def write_document(file: Path, document: msgspec.Struct) -> Path:
    """Write it, and its folders; raises `DataError` when that can't be done."""
    try:
        write_atomically(file, pretty(document))
    except OSError as error:
        raise cannot_write(file, error) from error
    return file


def moment(told: str) -> str:
    """A time in ISO 8601 as a part of a file's name; later ones sort behind earlier ones."""
    return "".join(filter(str.isalnum, told))


def content_of(file: Path) -> bytes:
    """The bytes of a stored file; raises `DataError` where it is none, or a link to another."""
    try:
        kind = file.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise DataError(
                f"{file} is a symbolic link, which is not followed.", "Put the file itself there."
            )
        if not stat.S_ISREG(kind):
            raise DataError(f"{file} is not a file.", "Move it away.")
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} can't be read: {error.strerror}") from error


def read_document(file: Path, kind: type[_Document], newest: int = 1) -> _Document:
    """Read a document whose `format` is at most `newest`.

    Raises `DataError` when it can't be read, is damaged or was written by a newer version.
    """
    return decode_document(file, content_of(file), kind, newest)


def decode_document(
    file: Path, content: bytes, kind: type[_Document], newest: int = 1
) -> _Document:
    """The same of a file whose content was read already."""
    try:
        version = msgspec.json.decode(content, type=dict).get("format")
        if isinstance(version, int) and version > newest:
            raise DataError(
                f"{file} was written by a newer version (format {version}; this reads {newest}).",
                "Update this repository (git pull).",
            )
        if isinstance(version, int) and version < 1:
            raise DataError(f"{file} is damaged: there is no format {version}.", DAMAGED)
        return msgspec.json.decode(content, type=kind)
    except NOT_DECODED as error:
        raise DataError(f"{file} is damaged: {error}", DAMAGED) from error


def read_documents(
    folder: Path, pattern: str, kind: type[_Document], newest: int = 1
) -> Iterator[tuple[Path, _Document | DataError]]:
    """All files of a folder that match, in the order of their names; damaged ones as errors."""
    for file in sorted(folder.glob(pattern)):
        try:
            yield file, read_document(file, kind, newest)
        except DataError as error:
            yield file, error


def read_lines(file: Path, kind: Any) -> tuple[list[Any], int]:  # noqa: ANN401 - what `kind` is
    """The lines of a journal, each of type `kind`, and how many bytes of half a line follow them.

    A journal that is missing has none. Raises `DataError` naming file and line.
    """
    lines, rest = split_lines(content_of(file) if os.path.lexists(file) else b"")
    return [decode_line(file, number, line, kind) for number, line in enumerate(lines, 1)], rest


def split_lines(content: bytes) -> tuple[list[bytes], int]:
    """The whole lines of a journal, and how many bytes of half a line follow them."""
    whole, newline, rest = content.rpartition(b"\n")
    return whole.split(b"\n") if newline else [], len(rest)


def decode_line(file: Path, number: int, line: bytes, kind: Any) -> Any:  # noqa: ANN401 - `kind`
    """One line of a journal; raises `DataError` naming file and line."""
    try:
        return msgspec.json.decode(line, type=kind)
    except NOT_DECODED as error:
        raise DataError(f"{file}, line {number} is damaged: {error}", DAMAGED) from error


def cannot_write(file: Path, error: OSError) -> BenchError:
    """What to tell the user when data can't be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DataError(
            f"No space left for {file}. Everything measured before this is kept.",
            "Free some space (`.venv/bin/nox -s clean` removes cached environments) and run the "
            "same command again: it goes on from here.",
        )
    return DataError(f"{file} can't be written: {error.strerror}")
