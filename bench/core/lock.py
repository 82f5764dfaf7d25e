"""One process at a time in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.errors import DataError


@contextmanager
def exclusive(file: Path, *, wait: bool = False, shared: bool = False) -> Iterator[None]:
    """Hold a lock file; the kernel gives it back however the holder ends, kill -9 included.

    `shared`: several may hold it at once, but none beside an exclusive holder. Raises `DataError`
    naming the (last) holder's process id when it is taken and `wait` is false.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DataError(f"{file.parent} cannot be written to: {error.strerror}.") from error
    try:
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(handle, kind | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            holder = os.read(handle, 20).decode().strip() or "unknown"
            raise DataError(
                f"{file.parent} is in use by process {holder}.",
                "Wait for it to end, or stop it; it keeps what it has measured.",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
