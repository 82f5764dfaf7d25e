"""Files under `data/`: documents of JSON and journals of lines, written whole and read back.

The last member of a document is a digest of all before it: what was changed by hand, or by a disk,
is not taken for a measurement. Documents that were written before have none.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from bench.core.errors import BenchError, DataError
from bench.core.files import write_atomically
from bench.core.program import session
from bench.core.secrets import without_secrets

_Document = TypeVar("_Document")
_END = b"\n}\n"
_DOCUMENT = ".json"
_DIGITS = 32
_SEAL = len(b',\n "digest": ""') + _DIGITS + len(_END)
DAMAGED = "Restore the file (git checkout), or move it away with its folder."
# What decoding raises: the last is what a thousand brackets inside each other end in.
NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def plain_json(value: msgspec.Struct) -> bytes:
    """JSON without secrets, in one line.

    Paths in the home directory name a person, and no other machine has them: `~/…`.
    """
    plain = without_secrets(msgspec.json.encode(value).decode()).encode()
    if Path.home() != Path("/"):
        home = re.escape(f"{Path.home()}/".encode())
        plain = re.sub(rb"(?<![\w/])" + home, b"~/", plain)
    return plain


def pretty(value: msgspec.Struct) -> bytes:
    """The same, indented."""
    return msgspec.json.format(plain_json(value), indent=1) + b"\n"


def write_document(file: Path, document: msgspec.Struct) -> Path:
    """Write it, and its folders; raises `DataError` when that can't be done."""
    content = pretty(document)
    try:
        write_atomically(file, content[: -len(_END)] + _seal(content))
    except OSError as error:
        raise cannot_write(file, error) from error
    return file


def _seal(content: bytes) -> bytes:
    """The end of a document, with the digest of all of it as it would be without."""
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS].encode()
    return b',\n "digest": "' + digest + b'"' + _END


def _is_sealed(content: bytes) -> bool:
    without = content[:-_SEAL] + _END
    return content[-_SEAL:] == _seal(without)


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
        raise DataError(f"{file} can't be read: {error.strerror}", DAMAGED) from error


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
        members = msgspec.json.decode(content, type=dict)
        version = members.get("format")
        if isinstance(version, int) and version > newest:
            raise DataError(
                f"{file} was written by a newer version (format {version}; this reads {newest}).",
                "Update this repository (git pull).",
            )
        if isinstance(version, int) and version < 1:
            raise DataError(f"{file} is damaged: there is no format {version}.", DAMAGED)
        document = msgspec.json.decode(content, type=kind)
    except NOT_DECODED as error:
        raise DataError(f"{file} is damaged: {error}", DAMAGED) from error
    if "digest" in members and not _is_sealed(content):
        raise DataError(
            f"{file} was changed after it was written: its digest is of another.", DAMAGED
        )
    return document


class PlacedDocument(Protocol):
    """A document that is kept where its content says: below the folder of its kind."""

    @property
    def place(self) -> Path:
        """Its path in that folder."""


_Placed = TypeVar("_Placed", bound=PlacedDocument)


def read_documents(
    folder: Path, kind: type[_Placed], newest: int = 1
) -> Iterator[tuple[Path, _Placed | DataError]]:
    """All documents in a folder, in the order of their names; damaged ones as errors.

    Pages are written under the names in a document: one that lies elsewhere is an error as well.
    """
    for file in files_below(folder):
        if file.suffix == _DOCUMENT or file.is_dir():
            try:
                yield file, _read_placed(file, folder, kind, newest)
            except DataError as error:
                yield file, error


def _read_placed(file: Path, folder: Path, kind: type[_Placed], newest: int) -> _Placed:
    document = decode_document(file, content_of(file), kind, newest)
    if document.place != file.relative_to(folder):
        raise DataError(
            f"{file} is of another place: by its content it is {document.place}.",
            "Move it to where it belongs, or away.",
        )
    return document


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and those below, sorted.

    So are folders that are symbolic links, can't be looked into, or are named like a document:
    whoever reads them as a file says what is wrong.
    """
    found: list[str] = []  # thousands of paths are slow to make and to compare

    def locked(error: OSError) -> None:
        if error.filename != str(folder):
            found.append(error.filename)

    for name, folders, files in os.walk(folder, onerror=locked):
        found += [os.path.join(name, one) for one in files]  # noqa: PTH118
        places = ((one, os.path.join(name, one)) for one in folders)  # noqa: PTH118
        found += [
            place
            for one, place in places
            if os.path.islink(place) or one.endswith(_DOCUMENT)  # noqa: PTH114
        ]
    by_parts = sorted(found, key=lambda place: place.split(os.sep))  # noqa: PTH206
    yield from map(Path, by_parts)


def read_lines(file: Path, kind: Any) -> tuple[list[Any], int]:  # noqa: ANN401 - what `kind` is
    """The lines of a journal, each of type `kind`, and how many bytes of half a line follow them.

    A journal that is missing has none. Raises `DataError` naming file and line.
    """
    lines, rest = split_lines(content_of(file) if os.path.lexists(file) else b"")
    return [decode_line(file, number, line, kind) for number, line in enumerate(lines, 1)], rest


def append_line(file: Path, line: bytes) -> None:
    """Write a line behind those of a journal, to the disk; raises `DataError`.

    Half a line that an interruption left is cut off first.
    """
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "r+b") as stream:
            whole, newline, _half = stream.read().rpartition(b"\n")
            stream.seek(len(whole) + len(newline))
            stream.truncate()
            stream.write(line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise cannot_write(file, error) from error


def check_named(file: Path, place: Path, words: str) -> None:
    """Raise `DataError` where a document lies elsewhere than at the place it names.

    `words` come between both: "is of another series: it names".
    """
    if file.absolute().parts[-len(place.parts) :] != place.parts:
        raise DataError(f"{file} {words} {place}.", "Move the folder to where it belongs, or away.")


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
            f"Free some space (`{session('clean')}` removes cached environments) and run the "
            "same command again: it goes on from here.",
        )
    return DataError(
        f"{file} can't be written: {error.strerror}.",
        "Correct the folder's owner and rights, or choose another place (BENCH_DATA, "
        "BENCH_RESULTS).",
    )
