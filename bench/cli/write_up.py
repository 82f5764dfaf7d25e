"""The end of commands whose page is made from what they stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bench.core.workspace import Workspace


def write_up(workspace: Workspace, console: Console, where: Callable[[Path], str]) -> None:
    """Write the pages, and print `where` in `results/` the command's own is, then all problems."""
    from bench.report.write import write_changes  # noqa: PLC0415 - plotting is slow to import

    written = write_changes(workspace)
    console.print(f"\n{where(written.results)}", markup=False)
    for problem in written.problems:
        console.print(f"bench: {problem}", markup=False)
