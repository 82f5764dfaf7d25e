"""Every file of an environment, read and hashed by the harness itself.

A file that was hashed before is not read again while its status is the same: size, times, inode and
mode. No program can choose a file's ctime, so what was written since has another status. Files
written within the last moments before an inventory was taken are read again: a later write could
have the same ctime.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

_FRESH_NS = 2_000_000_000
_NAMED = 3


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A file: its status, and the SHA-256 of its content, or where it points as a link."""

    mode: int
    size: int
    inode: int
    mtime_ns: int
    ctime_ns: int
    content: str

    @property
    def identity(self) -> tuple[int, int, str]:
        """What may not change. Bytecode is valid only for the second its source was written in."""
        seconds = self.mtime_ns // 1_000_000_000 if stat.S_ISREG(self.mode) else 0
        return self.mode, seconds, self.content


class Inventory(msgspec.Struct, frozen=True):
    """All files, folders and links by path below a folder, and when they were looked at."""

    taken_ns: int
    entries: dict[bytes, Entry]

    @property
    def digest(self) -> str:
        """The SHA-256 of all paths, modes, times and contents."""
        made = hashlib.sha256()
        for path, entry in sorted(self.entries.items()):
            made.update(b"%d:%s" % (len(path), path))
            made.update(repr(entry.identity).encode())
        return made.hexdigest()


def take(folder: Path, *others: Path, known: Inventory | None = None) -> Inventory:
    """The inventory of a folder, and of some files elsewhere by their whole path.

    What `known` holds is not read again where it can't have changed.
    """
    taken_ns = time.time_ns()
    entries = {}
    root = os.fsencode(folder)
    paths = [(path[len(root) + 1 :], path) for path in _below(root)]
    for name, path in [*paths, *((os.fsencode(one), os.fsencode(one)) for one in others)]:
        before = known.entries.get(name) if known else None
        trusted = before if known and before and _is_settled(before, known) else None
        entries[name] = _entry(path, trusted)
    return Inventory(taken_ns, entries)


def is_same(file: Path, known: Inventory) -> bool:
    """Whether a file elsewhere is the one that the inventory holds."""
    entry = known.entries.get(os.fsencode(file))
    return entry is not None and _entry(os.fsencode(file), entry) == entry


def differences(before: Inventory, now: Inventory) -> str:
    """How many files changed, appeared and vanished, the first of each named; "" for none."""
    old, new = before.entries, now.entries
    changed = {path for path in old.keys() & new.keys() if old[path].identity != new[path].identity}
    found = (
        ("changed", changed),
        ("appeared", new.keys() - old.keys()),
        ("vanished", old.keys() - new.keys()),
    )
    return ", ".join(
        f"{len(paths)} {what} ({_named(sorted(paths))})" for what, paths in found if paths
    )


def _named(paths: list[bytes]) -> str:
    names = ", ".join(path.decode(errors="backslashreplace") for path in paths[:_NAMED])
    return f"{names}, …" if len(paths) > _NAMED else names


def statuses(folder: Path, left_out: Collection[str]) -> Inventory:
    """The same without reading any content: to see whether something is written in the meantime."""
    entries, skipped = {}, {os.fsencode(name) for name in left_out}
    for path in _below(os.fsencode(folder), skipped):
        with suppress(OSError):  # it has gone meanwhile
            status = os.lstat(path)
            entries[path] = _with_status(status, f"{status.st_ino} {status.st_ctime_ns}")
    return Inventory(time.time_ns(), entries)


def _below(folder: bytes, left_out: Collection[bytes] = ()) -> Iterator[bytes]:
    """Everything below a folder; what can't be listed or goes meanwhile differs by its entry."""
    try:
        found = list(os.scandir(folder))
    except OSError:
        return
    for one in found:
        is_folder = one.is_dir(follow_symlinks=False)
        if not is_folder or one.name not in left_out:
            yield one.path
        if is_folder and one.name not in left_out:
            yield from _below(one.path, left_out)


def _is_settled(entry: Entry, known: Inventory) -> bool:
    return entry.ctime_ns < known.taken_ns - _FRESH_NS


def _entry(path: bytes, trusted: Entry | None) -> Entry:
    try:
        status = os.lstat(path)
        if trusted is not None and _with_status(status, trusted.content) == trusted:
            return trusted
        return _with_status(status, _content(path, status.st_mode))
    except OSError as error:
        return Entry(0, 0, 0, 0, 0, f"cannot be read: {error.strerror}")


def _with_status(status: os.stat_result, content: str) -> Entry:
    return Entry(
        status.st_mode,
        status.st_size,
        status.st_ino,
        status.st_mtime_ns,
        status.st_ctime_ns,
        content,
    )


def _content(path: bytes, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return os.readlink(path).decode(errors="backslashreplace")  # noqa: PTH115
    if not stat.S_ISREG(mode):
        return ""
    with open(path, "rb") as stream:  # noqa: PTH123
        return hashlib.file_digest(stream, "sha256").hexdigest()
