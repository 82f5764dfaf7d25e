"""`python -m bench selfcheck`."""

from __future__ import annotations

import argparse
import dataclasses

from rich.console import Console
from rich.text import Text

from bench.cli.arguments import count, describe
from bench.core.errors import ExitStatus
from bench.core.workspace import find_workspace
from bench.engine.environments.at_work import at_work
from bench.formats.tables import render
from bench.report.output import Output
from bench.report.screen.watchers import make_watcher
from bench.report.validate.selfcheck_page import (
    missing,
    rules_table,
    selfcheck_file,
    write_selfcheck_pages,
)
from bench.validate.claims import ClaimOutcome, tally, worst_first
from bench.validate.selfcheck.claims import claims
from bench.validate.selfcheck.record import SelfCheck
from bench.validate.selfcheck.selfcheck import SelfCheckSession
from bench.validate.selfcheck.settings import QUICK, SelfCheckSettings

_COLOURS = {
    ClaimOutcome.HELD: "green",
    ClaimOutcome.FAILED: "bold red",
    ClaimOutcome.OPEN: "yellow",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much is measured."""
    describe(
        parser,
        "Check this project's own claims on this machine: how often it reports a change where "
        "there is none (A/A runs), which injected changes it finds, and what measuring costs. "
        "Status 0 whatever comes out; the page says which claims hold. At the defaults this takes "
        "about 15 minutes.",
        "selfcheck --quick",
        "selfcheck --runs 100",
    )
    parser.add_argument(
        "--runs",
        type=count,
        default=40,
        metavar="N",
        help="number of A/A runs. Default: %(default)s",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a few short runs, to see that everything works; the figures mean little",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Measure the project's claims on this machine.

    The status is 0 whenever they could be measured, whatever came out; 130 when interrupted: what
    was measured until then is kept, and its page says that it is incomplete. Raises `BenchError`.
    """
    workspace = find_workspace()
    output = Output(workspace.results, workspace.data)
    with make_watcher() as watcher, at_work(workspace):
        settings = settings_for(arguments.runs, quick=arguments.quick)
        try:
            check = SelfCheckSession(settings, workspace, watcher).run()
        finally:
            write_selfcheck_pages(output)
    _print(check)
    print(f"\nPage: {output.root / selfcheck_file(check)}")
    return ExitStatus.DONE if check.complete else ExitStatus.INTERRUPTED


def settings_for(runs: int, *, quick: bool) -> SelfCheckSettings:
    """The settings of a command line; quick ones have at most two A/A runs."""
    if quick:
        return dataclasses.replace(QUICK, runs=min(runs, QUICK.runs))
    return SelfCheckSettings(runs=runs)


def _print(check: SelfCheck) -> None:
    console, found = Console(), claims(check)
    console.print()
    for one in worst_first(found):
        console.print(Text(f"{one.outcome}: {one.claim}", style=_COLOURS[one.outcome]))
        console.print(Text(f"    {one.measured}"))
    console.print()
    columns, rows = rules_table(check)
    console.print(Text(render(columns, rows, "simple")), no_wrap=True, crop=False)
    console.print()
    for note in missing(check):
        console.print(Text(note, style="yellow"))
    console.print(Text(tally(found), style="bold"))
