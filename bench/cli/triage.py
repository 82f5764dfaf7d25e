"""`python -m bench triage`: what a series says got faster or slower, as a dated page."""

from __future__ import annotations

import argparse

from bench.cli.arguments import describe
from bench.cli.write_up import say_problems
from bench.core.errors import ExitStatus, NothingMeasuredError
from bench.core.program import session
from bench.core.workspace import Workspace, find_workspace
from bench.engine.store.series import Series
from bench.report.history.select_series import find_series, read_series_page
from bench.report.history.triage_page import findings_of, triage_file, write_triage
from bench.report.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which series."""
    describe(
        parser,
        "Write a dated page to results/triage/ from a series (`run TARGET base..head --every N` "
        "measures one): what got faster or slower, by which commit, and what is not decided. "
        "Nothing is measured; `report` writes the pages of all series.",
        "triage rich",
        "triage codeflash v0.20.0..main-every-5",
    )
    parser.add_argument("target", metavar="TARGET", help="a target with a series")
    parser.add_argument(
        "series",
        nargs="?",
        metavar="SERIES",
        help="the name of a series, as in results/TARGET/history/, or how it begins. Default: the "
        "one that was begun last",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Write it; 2 where some runs could not be read. Raises `BenchError`."""
    workspace = find_workspace()
    several = _chosen(workspace, arguments.target, arguments.series or "")
    series, unreadable = read_series_page(several, workspace.data)
    say_problems(one.error for one in unreadable)
    name = triage_file(series)
    if not name:
        raise NothingMeasuredError(
            f"No point of {series.target} {series.label} is measured yet.",
            "The command that measures the series goes on with it.",
        )
    output = Output(workspace.results, workspace.data)
    page = output.page(name)
    write_triage(series, page)
    say_problems(output.problems)
    for shown in series.machines:
        print(f"{series.target} {series.label}, {shown.machine.name}: {findings_of(shown).words}")
    print(f"Triage: {page.file}")
    return ExitStatus.USAGE if unreadable or output.problems else ExitStatus.DONE


def _chosen(workspace: Workspace, target: str, name: str) -> tuple[Series, ...]:
    found = [
        several
        for (of, label), several in find_series(workspace.data).pages.items()
        if of == target and label.startswith(name)
    ]
    if not found:
        named = f"{target} {name}".strip()
        raise NothingMeasuredError(
            f"There is no series of {named} under {workspace.data}.",
            f"Measure one, e.g. `{session('bench', f'{target} base..head --every 5')}`.",
        )
    return max(found, key=lambda several: max(one.manifest.started_at for one in several))
