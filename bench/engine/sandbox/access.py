"""Which folders a process may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Covered:
    """A folder that can be written to without being changed: what is written lies in `writes`.

    `work` is an empty folder beside it, for the kernel. None: nothing of the folder is to be seen.
    """

    folder: Path
    writes: Path
    work: Path | None


@dataclass(frozen=True)
class Access:
    """Folders that stay visible in a sandbox: those to read only, those to write to, and covered
    ones.

    All else of this project, of the user and of other processes is hidden; the system is read-only.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    covered: tuple[Covered, ...] = ()


NO_ACCESS = Access()


def python_folders(executable: Path) -> tuple[Path, ...]:
    """The folders an interpreter needs: its prefix, and those that links to it lead through."""
    found = [executable.parent.parent]
    while executable.is_symlink():
        executable = executable.parent / executable.readlink()
        found.append(executable.parent.parent)
    return tuple(dict.fromkeys((*found, executable.resolve().parent.parent)))
