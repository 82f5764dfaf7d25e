"""What measured processes wrote, or had a hand in: read up to a limit, and never run.

No pickle, and none of `marshal.load`, which trusts what it reads: hostile bytes can end the
interpreter. Readers turn `NotToldError` into the one sentence of their own kind.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.core.files import read_plain

_MOST_BYTES = 256 << 20
_MOST_LITERAL = 32 << 20  # as a syntax tree it takes thirty times as much
_MOST_NESTED = 32
_INT, _FLOAT = struct.Struct("<i"), struct.Struct("<d")
Told = TypeVar("Told")


class NotToldError(Exception):
    """What was written cannot be read (the message says why)."""


def read_bytes(file: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    """What a file holds; raises `NotToldError` for more than that, and for what is no file."""
    try:
        content = read_plain(file, most_bytes + 1)
    except OSError as error:
        raise NotToldError(f"{file.name} cannot be read: {error.strerror or error}") from error
    if len(content) > most_bytes:
        raise NotToldError(f"{file.name} holds more than {most_bytes >> 20} MiB")
    return content


def read_text(file: Path) -> str:
    """The same as text, with a mark in the place of what is none."""
    return read_bytes(file).decode(errors="replace")


def is_filled(file: Path) -> bool:
    """Whether a process came to write it."""
    return file.is_file() and file.stat().st_size > 0


def read_literal(file: Path, kind: type[Told]) -> Told:
    """A Python literal of one kind, as the programs in `explain/agents` write it."""
    text = read_bytes(file, _MOST_LITERAL).decode(errors="replace")
    try:
        return msgspec.convert(ast.literal_eval(text), kind)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise NotToldError(f"{file.name} is not what was to be written: {error}") from error


def read_marshalled(file: Path) -> Iterator[Any]:
    """Values in format 2 of `marshal`, one after the other, up to the first that is not whole."""
    reader = _Marshalled(read_bytes(file))
    while True:
        try:
            yield reader.value()
        except (LookupError, ValueError, TypeError, struct.error):
            return


class _Marshalled:
    """Plain values only: numbers, text, bytes, lists, tuples and dictionaries."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._readers: dict[int, Callable[[int], object]] = {
            ord("N"): lambda _: None,
            ord("T"): lambda _: True,
            ord("F"): lambda _: False,
            ord("i"): lambda _: self._int(),
            ord("g"): lambda _: self._float(),
            ord("l"): lambda _: self._long(),
            ord("u"): lambda _: self._text(),
            ord("t"): lambda _: self._text(),
            ord("s"): lambda _: self._bytes(),
            ord("("): lambda depth: tuple(self._items(depth)),
            ord("["): self._items,
            ord("{"): self._pairs,
        }

    def value(self, depth: int = 0) -> object:
        """The next; raises `LookupError` or `struct.error` at the end, `ValueError` for others."""
        kind = self._content[self._at]
        self._at += 1
        if depth > _MOST_NESTED:
            raise ValueError("too deep")
        return self._readers[kind](depth + 1)

    def _int(self) -> int:
        found: int = _INT.unpack_from(self._content, self._at)[0]
        self._at += _INT.size
        return found

    def _float(self) -> float:
        found: float = _FLOAT.unpack_from(self._content, self._at)[0]
        self._at += _FLOAT.size
        return found

    def _count(self) -> int:
        count = self._int()
        if not 0 <= count <= len(self._content) - self._at:  # each item has a byte at least
            raise ValueError("too many")
        return count

    def _long(self) -> int:
        """In digits of 15 bits, the lowest first; the sign is that of their number."""
        signed = self._int()
        count = abs(signed)
        digits = struct.unpack_from(f"<{count}H", self._content, self._at)
        self._at += 2 * count
        total = 0
        for digit in reversed(digits):
            total = total << 15 | digit
        return total if signed > 0 else -total

    def _bytes(self) -> bytes:
        count = self._count()
        self._at += count
        return self._content[self._at - count : self._at]

    def _text(self) -> str:
        return self._bytes().decode("utf-8", "surrogatepass")

    def _items(self, depth: int) -> list[object]:
        return [self.value(depth) for _ in range(self._count())]

    def _pairs(self, depth: int) -> dict[object, object]:
        """Keys and values in turn, up to a null in the place of a key."""
        found: dict[object, object] = {}
        while self._content[self._at] != ord("0"):
            key = self.value(depth)
            found[key] = self.value(depth)
        self._at += 1
        return found
