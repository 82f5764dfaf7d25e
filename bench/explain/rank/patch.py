"""The rewritten files as a patch that `git apply` takes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from bench.explain.rank.findings import shown_file


def make_patch(texts: Mapping[Path, str]) -> str:
    """A unified diff of files against their new texts, with paths as in the project."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for file, text in sorted(texts.items())
        for line in difflib.unified_diff(
            file.read_text(encoding="utf-8").splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{shown_file(file)}",
            f"b/{shown_file(file)}",
        )
    )
