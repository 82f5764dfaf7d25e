"""The end of commands whose pages are made from what is stored."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.workspace import Workspace

if TYPE_CHECKING:  # commands that say problems alone need no console
    from rich.console import Console


def say_problems(problems: Iterable[object]) -> None:
    """Say on standard error what could not be read; everything else is written."""
    for problem in problems:
        print(f"bench: {problem}", file=sys.stderr)


def write_up(workspace: Workspace, console: Console, where: Callable[[Path], str]) -> None:
    """Write the pages, and print `where` in `results/` the command's own is, then all problems."""
    from bench.report.write import write_changes  # noqa: PLC0415 - plotting is slow to import

    written = write_changes(workspace)
    console.print(f"\n{where(written.results)}", markup=False)
    for problem in written.problems:
        console.print(f"bench: {problem}", markup=False)
