"""What is kept as one file: a document of JSON under `data/`, written whole and read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.engine.store.pretty import pretty
from bench.engine.store.run import cannot_write

_Document = TypeVar("_Document", bound=msgspec.Struct)


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


def read_documents(
    folder: Path, pattern: str, kind: type[_Document]
) -> Iterator[tuple[Path, _Document | DataError]]:
    """All files of a folder that match, in the order of their names; damaged ones as errors."""
    for file in sorted(folder.glob(pattern)):
        try:
            yield file, msgspec.json.decode(file.read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError) as error:
            yield file, DataError(f"{file} could not be read: {error}")
