"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

_UNNAMED = getattr(os, "O_TMPFILE", 0)  # Linux


def write_atomically(file: Path, content: bytes | str) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename.

    Where the system can, the temporary file has no name until it is whole: a kill leaves nothing.
    Raises `OSError` (e.g. no space left); the old content, if any, is then still there.
    """
    data = content.encode() if isinstance(content, str) else content
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle, named = _open(temporary)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(handle, 0o644)
            os.fsync(handle)
            if not named:
                # Python follows the link only if a folder is named, which the kernel ignores here.
                os.link(f"/proc/self/fd/{handle}", temporary, src_dir_fd=handle)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open(temporary: Path) -> tuple[int, bool]:
    """A descriptor to write to, and whether its file has the name already."""
    if _UNNAMED and Path("/proc/self/fd").is_dir():
        try:
            return os.open(temporary.parent, _UNNAMED | os.O_WRONLY | os.O_CLOEXEC, 0o600), False
        except OSError:  # not every file system has such files
            pass
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    return os.open(temporary, flags, 0o600), True


def read_plain(file: Path, most_bytes: int, *, from_end: bool = False) -> bytes:
    """What a file holds that measured code may have written, or replaced by something else.

    Raises `OSError` for a link, which could lead to a file that only this process may read, and for
    what is no file (reading a pipe may take for ever).
    """
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        told = os.fstat(stream.fileno())
        if not stat.S_ISREG(told.st_mode):
            raise OSError(f"{file} is no file")
        if from_end:
            stream.seek(max(0, told.st_size - most_bytes))
        return stream.read(most_bytes)
