"""`python -m bench report`: make the write-up again from what was measured."""

from __future__ import annotations

import argparse

from bench.cli.arguments import describe
from bench.cli.write_up import say_problems
from bench.core.errors import ExitStatus, NothingMeasuredError
from bench.core.program import session
from bench.core.workspace import find_workspace
from bench.report.write import write_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is written."""
    describe(
        parser,
        "Write results/ (pages, tables and pictures) from the measurements in data/. Nothing is "
        "measured. results/ can be deleted at any time and is the same afterwards. Status 2 when "
        "some measurements could not be read: all others are written.",
        "report",
        "report && git diff --stat results/",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:  # noqa: ARG001
    """Write `results/`; 2 when some runs could not be read (after writing all the others).

    Raises `NothingMeasuredError` (status 4) when there is nothing at all; the index, which says so,
    is written nevertheless.
    """
    workspace = find_workspace()
    written = write_report(workspace)
    say_problems(written.problems)
    if not (written.runs or written.analyses):
        raise NothingMeasuredError(
            f"There are no runs under {workspace.data} to report on.",
            f"Measure something first, e.g. `{session('bench-codeflash')}`.",
        )
    print(f"Write-up: {written.index}")
    return ExitStatus.USAGE if written.problems else ExitStatus.DONE
