"""`python -m bench site`: everything that was measured on one page to explore."""

from __future__ import annotations

import argparse

from bench.cli.arguments import describe
from bench.cli.write_up import say_problems
from bench.core.errors import ExitStatus, NothingMeasuredError
from bench.core.program import session
from bench.core.workspace import find_workspace
from bench.report.explorer.write import write_site


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is written."""
    describe(
        parser,
        "Write results/site/ from the measurements in data/: one page to explore all pairs, "
        "histories, attributions and checks. Open its index.html; no server and no network is "
        "needed. Nothing is measured. Status 2 when some measurements could not be read: all "
        "others are written.",
        "site",
        "site && xdg-open results/site/index.html",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:  # noqa: ARG001
    """Write it; 2 when some data could not be read. Raises `BenchError`."""
    workspace = find_workspace()
    written = write_site(workspace)
    say_problems(written.problems)
    if not (written.pairs or written.others):
        raise NothingMeasuredError(
            f"There is nothing under {workspace.data} to show.",
            f"Measure something first, e.g. `{session('bench-codeflash')}`.",
        )
    print(f"Explorer: {written.index}")
    return ExitStatus.USAGE if written.problems else ExitStatus.DONE
