"""Which file of a commit an installed one is."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.engine.revisions.git import Clone


@dataclass(frozen=True)
class CommittedFiles:
    """The files of a commit: paths from the root of the repository, by their content's hash."""

    by_blob: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, clone: Clone, commit: str) -> CommittedFiles:
        """Those of a commit."""
        found: dict[str, list[str]] = {}
        for path, blob in clone.tree(commit).items():
            found.setdefault(blob, []).append(path)
        return cls(found)

    def path_of(self, file: Path) -> str:
        """The path of an installed file in the commit; "" where that has none of this content.

        Of several files with one content the one whose path ends like the installed one's is it.
        """
        paths = self.by_blob.get(_blob(file.read_bytes()), [])
        same_name = [path for path in paths if path.rpartition("/")[2] == file.name]
        return max(same_name, key=partial(_likeness, file), default="")


def _blob(content: bytes) -> str:
    """As git names it."""
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _likeness(file: Path, path: str) -> tuple[int, int]:
    """How many parts of two paths are the same, from their ends; of equals the shorter path."""
    pairs = zip(reversed(file.parts), reversed(path.split("/")), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)), -len(path)
