"""Folders that are gone when their work is done; those of dead processes go at the next start."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS_PREFIX = "bench-tests-"  # of folders in the system's folder for temporary files


@contextmanager
def scratch_folder(parent: Path, prefix: str = "") -> Iterator[Path]:
    """A new folder for as long as the context lasts.

    While it is there this process holds a lock on it, which the kernel gives back however the
    process ends: so `sweep` can tell what is in use.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder, handle = _locked(parent, prefix)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(handle)


def _locked(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = parent.resolve() / f"{prefix}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o711)  # may be entered by another account, not listed
        with contextlib.suppress(FileNotFoundError):  # another start has swept it meanwhile
            handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)


def sweep(parent: Path, prefix: str = "") -> None:
    """Remove what processes that are dead have left of such folders, and loose files beside."""
    for one in parent.glob(f"{prefix}*"):
        if one.is_symlink() or not one.is_dir():
            if not prefix:
                with contextlib.suppress(OSError):
                    one.unlink()
            continue
        try:
            handle = os.open(one, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # somebody else's
            continue
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(one)
        os.close(handle)


def _remove(folder: Path) -> None:
    """Remove it with what this account locked itself out of, such as the kernel's for overlays."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
