"""The hand-written Markdown of this repository, and what it prints."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_MADE = re.compile(r"(results|profiles|data)/.*/|prior-art/.*-summary\.md|tests/|bench/.*/answers/")


@cache
def files_in_git() -> frozenset[str]:
    """Every file that is in git or would be added: what is ignored may not be cited."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(
            f"git does not list this checkout: {listed.stderr.strip()}", allow_module_level=True
        )
    return frozenset(name for name in listed.stdout.splitlines() if (ROOT / name).exists())


@cache
def folders_in_git() -> frozenset[str]:
    """Every folder that holds such a file, and the root."""
    return frozenset(str(folder) for name in files_in_git() for folder in Path(name).parents)


@dataclass(frozen=True)
class Document:
    """A Markdown file by its path from the root."""

    name: str

    @property
    def text(self) -> str:
        return (ROOT / self.name).read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def code(self) -> Iterator[str]:
        """Inline code, and the lines of fenced blocks that are no other language."""
        yield from (found[1].replace("\\|", "|") for found in _INLINE.finditer(self.prose))
        for found in _FENCE.finditer(self.text):
            if found[1] in {"", "sh"}:
                yield from found[2].replace("\\\n", " ").splitlines()


def documents() -> list[Document]:
    """The Markdown that people write; what `bench` makes is tested where it is made."""
    return [
        Document(name)
        for name in sorted(files_in_git())
        if name.endswith(".md") and not (_MADE.match(name) and name != "data/README.md")
    ]
