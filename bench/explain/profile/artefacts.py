"""The files of one profile: written whole; what an earlier profile left there is removed."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.files import write_atomically
from bench.core.secrets import without_secrets

_OURS = "<!-- made by python -m bench "


def check_folder(folder: Path) -> None:
    """Raise `UsageError` unless a folder is empty, missing, or has a profile's page in it."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        ours = (folder / "README.md").read_text(encoding="utf-8").startswith(_OURS)
    except OSError:
        ours = False
    if not ours:
        raise UsageError(
            f"{folder} has files that no profile wrote; they are left alone.",
            "Move them away and run again.",
        )


class Artefacts:
    """A profile's folder; raises `UsageError` where somebody else's files are.

    `command` is the one that writes it, as the page says.
    """

    def __init__(self, folder: Path, command: str = "profile") -> None:
        check_folder(folder)
        self.folder = folder
        self._comment = f"{_OURS}{command}: changes made here are lost -->\n\n"
        self._written: set[str] = set()

    def write(self, name: str, content: bytes | str) -> str:
        """Write a file; returns its name, for a link. What git leaves out is under `raw/`."""
        text = content if isinstance(content, str) else content.decode(errors="replace")
        write_atomically(self.folder / name, without_secrets(text))
        self._written.add(name)
        return name

    def take(self, name: str, file: Path) -> str:
        """Copy a file that may be large."""
        shutil.copyfile(file, self.place(name))
        return name

    def place(self, name: str) -> Path:
        """Where somebody else is to write a file."""
        self._written.add(name)
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def finish(self, page: str) -> Path:
        """Write the page, and remove what belongs to an earlier profile."""
        self.write("README.md", self._comment + page)
        for file in self.folder.rglob("*"):
            if file.is_file() and str(file.relative_to(self.folder)) not in self._written:
                file.unlink()
        return self.folder / "README.md"
