"""Files under `data/`: documents of JSON and journals of lines, written whole and read back."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.core.errors import BenchError, DataError
from bench.core.files import write_atomically
from bench.core.secrets import without_secrets

_Document = TypeVar("_Document", bound=msgspec.Struct)
_DAMAGED = "Restore the file (git checkout), or move it away with its folder."


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


def read_document(file: Path, kind: type[_Document], newest: int = 1) -> _Document:
    """Read a document whose `format` is at most `newest`.

    Raises `DataError` when it can't be read, is damaged or was written by a newer version.
    """
    try:
        content = file.read_bytes()
        version = msgspec.json.decode(content, type=dict).get("format")
        if isinstance(version, int) and version > newest:
            raise DataError(
                f"{file} was written by a newer version (format {version}; this reads {newest}).",
                "Update this repository (git pull).",
            )
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"{file} is damaged: {error}", _DAMAGED) from error
    except OSError as error:
        raise DataError(f"{file} can't be read: {error.strerror}") from error


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
    try:
        content = file.read_bytes() if file.exists() else b""
    except OSError as error:
        raise DataError(f"{file} can't be read: {error.strerror}") from error
    whole, _, rest = content.rpartition(b"\n")
    found = []
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DataError(f"{file}, line {number} is damaged: {error}", _DAMAGED) from error
    return found, len(rest)


def cannot_write(file: Path, error: OSError) -> BenchError:
    """What to tell the user when data can't be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DataError(
            f"No space left for {file}. Everything measured before this is kept.",
            "Free some space (`.venv/bin/nox -s clean` removes cached environments) and run the "
            "same command again: it goes on from here.",
        )
    return DataError(f"{file} can't be written: {error.strerror}")
