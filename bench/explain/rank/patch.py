"""The rewritten files as a patch that `git apply` takes, from the root of the project's clone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.core.process import run_tool
from bench.engine.revisions.git import Clone
from bench.explain.rank.opportunities import shown_file


def make_patch(texts: Mapping[Path, str], tracked: Sequence[str] = ()) -> bytes:
    """A unified diff of files against their new texts; `tracked` are the paths in the clone."""
    patch = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for file, text in sorted(texts.items())
        for line in difflib.unified_diff(
            _lines(file.read_bytes().decode("utf-8")),
            _lines(text),
            f"a/{path_in_clone(file, tracked)}",
            f"b/{path_in_clone(file, tracked)}",
        )
    )
    return patch.encode("utf-8")


def tracked_files(clone: Clone | None, commit: str) -> list[str]:
    """All paths of a commit; none without a clone."""
    if clone is None:
        return []
    listed = run_tool(
        ["git", "-C", clone.path, "ls-tree", "-r", "-z", "--full-tree", "--name-only", commit]
    )
    return listed.stdout.split("\0")


def path_in_clone(file: Path, tracked: Sequence[str]) -> str:
    """Where the file is in the clone, in `src/` or wherever; else as it is installed."""
    installed = shown_file(file)
    found = [one for one in tracked if one == installed or one.endswith(f"/{installed}")]
    return min(found, key=len, default=installed)


def _lines(text: str) -> list[str]:
    """With their ends, which may be CRLF: what is after each `\\n`, as `git apply` has it."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [
        line for line in text.split("\n")[-1:] if line
    ]
