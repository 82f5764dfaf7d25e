"""Folders that processes in a sandbox may write to, whatever account the harness has."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.engine.sandbox.access import Access

_HOME, _STREAMS, _TOOLS = "home", "streams", "tools"


def give(folder: Path, owner: int) -> None:
    """Give a folder with all it holds to an account; only root can, and nobody else has to."""
    if os.geteuid() != 0:
        return
    os.chown(folder, owner, owner)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(f"{parent}/{name}", owner, owner, follow_symlinks=False)


def give_like(folder: Path, like: Path) -> None:
    """The same to the account that another folder belongs to."""
    give(folder, like.stat().st_uid)


def make_home(folder: Path, owner: int | None) -> Path:
    """The folders of one side: HOME and, beside it, its standard streams and what tools write.

    The folder itself is read-only in the sandbox, so that none of them can be replaced by a link.
    """
    for name in (_HOME, _STREAMS, _TOOLS):
        made = folder / name
        made.mkdir(parents=True)
        if owner is not None:
            give(made, owner)
    return folder / _HOME


def streams_of(home: Path) -> Path:
    """Where the standard streams of processes with this HOME lie."""
    return home.with_name(_STREAMS)


def access_of(home: Path, read: Iterable[Path]) -> Access:
    """What processes with this HOME may see: its folders, and some to read only."""
    return Access((*read, home.parent), (home, streams_of(home), home.with_name(_TOOLS)))


def keep_plain_files(home: Path) -> None:
    """Remove all but files and folders from what tools of processes with this HOME wrote.

    The processes have ended. They may have put a link there, which the harness would read or write
    through, or a pipe, which it would wait for.
    """
    for parent, folders, files in os.walk(home.with_name(_TOOLS)):
        for name in (*folders, *files):
            path = f"{parent}/{name}"
            mode = os.lstat(path).st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                os.unlink(path)  # noqa: PTH108


@contextmanager
def scratch_beside(home: Path, prefix: str) -> Iterator[Path]:
    """A throwaway folder beside the HOME of measured processes, for what their tools write."""
    tools = home.with_name(_TOOLS)
    tools.mkdir(exist_ok=True)  # made with HOME, where there is a sandbox
    with tempfile.TemporaryDirectory(dir=tools, prefix=prefix) as folder:
        give_like(Path(folder), home)
        yield Path(folder)
