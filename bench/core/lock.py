"""One process at a time in a folder; who waits for whom is said."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.crew import check_stop
from bench.core.errors import DataError
from bench.core.secrets import without_secrets

_SAY_AFTER_S = 0.5
_TRY_EVERY_S = 0.02
_FLOCK = re.compile(r"^(\d+): (-> )?FLOCK +\S+ +\S+ +(\d+) \S+:(\d+) ", re.MULTILINE)


@contextmanager
def exclusive(file: Path, *, wait: bool = False, shared: bool = False) -> Iterator[None]:
    """Hold a lock file; the kernel gives it back however the holder ends, kill -9 included.

    `shared`: several may hold it at once, but none beside an exclusive holder. Raises `DataError`
    naming the (last) holder when it is taken and `wait` is false; otherwise waiting is said.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DataError(
            f"{file.parent} cannot be written to: {error.strerror}.",
            "Choose another place (BENCH_DATA, BENCH_CACHE), or correct the folder's rights.",
        ) from error
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if not _taken(handle, kind, within_s=_SAY_AFTER_S if wait else 0.0):
            holder = os.pread(handle, 2000, 0).decode(errors="replace").strip() or "unknown"
            if not wait:
                raise DataError(
                    f"{file.parent} is in use by process {holder}.",
                    "Wait for it to end, or stop it; it keeps what it has measured.",
                )
            _say(f"waiting for {file.with_suffix('')}, in use by process {holder}")
            while not _taken(handle, kind, within_s=_SAY_AFTER_S):
                check_stop()
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} ({_command()}), since {_now()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _taken(handle: int, kind: int, *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_TRY_EVERY_S)
        else:
            return True


def say_what_waits(group: int) -> None:
    """Say it when a process of a group waits for a lock that another one holds (Linux tells)."""
    locks = _FLOCK.findall(_read(Path("/proc/locks")))
    holders = {number: process for number, waits, process, _ in locks if not waits}
    for number, waits, process, _inode in locks:
        if waits and number in holders and _group_of(int(process)) == group:
            holder = holders[number]
            _say(f"{_name(process)} waits for a lock that process {holder} ({_name(holder)}) holds")
            return


def _group_of(process: int) -> int:
    try:
        return os.getpgid(process)
    except OSError:
        return 0


def _name(process: str) -> str:
    return _read(Path("/proc") / process / "cmdline").replace("\0", " ").strip()[:200] or "unknown"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _command() -> str:
    words = without_secrets(shlex.join(["python", *sys.orig_argv[1:]]))
    return " ".join(words.split())[:500]


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _say(text: str) -> None:
    print(f"bench: {without_secrets(text)}", file=sys.stderr, flush=True)
