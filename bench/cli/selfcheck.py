"""`python -m bench selfcheck`."""

from __future__ import annotations

import argparse
import dataclasses

from rich.console import Console
from rich.text import Text

from bench.core.errors import ExitStatus
from bench.core.lock import exclusive
from bench.core.workspace import find_workspace
from bench.report.screen.watchers import make_watcher
from bench.validate.selfcheck.claims import Outcome, claims
from bench.validate.selfcheck.page import state
from bench.validate.selfcheck.selfcheck import Kept, Selfcheck
from bench.validate.selfcheck.settings import QUICK, Settings
from bench.validate.selfcheck.tables import tables

_COLOURS = {Outcome.HELD: "green", Outcome.FAILED: "bold red", Outcome.OPEN: "yellow"}


def selfcheck_command(arguments: argparse.Namespace) -> ExitStatus:
    """Measure the project's claims on this machine.

    The status is 0 whenever they could be measured, whatever came out; 130 when interrupted: what
    was measured until then is kept, and its page says that it is incomplete. Raises `BenchError`.
    """
    workspace = find_workspace()
    with make_watcher() as watcher, exclusive(workspace.lock, shared=True):
        check = Selfcheck(settings_for(arguments.runs, quick=arguments.quick), workspace, watcher)
        done = check.run()
    _print(done)
    return ExitStatus.DONE if done.check.complete else ExitStatus.INTERRUPTED


def settings_for(runs: int, *, quick: bool) -> Settings:
    """The settings of a command line; quick ones have at most two A/A runs."""
    if quick:
        return dataclasses.replace(QUICK, runs=min(runs, QUICK.runs))
    return Settings(runs=runs)


def _print(done: Kept) -> None:
    console = Console()
    for table in tables(done.check):
        console.print()
        console.print(Text(table.title, style="bold"))
        console.print(Text(table.text("simple")), no_wrap=True, crop=False, overflow="ignore")
        console.print(Text(table.note, style="dim"))
    console.print()
    for note in state(done.check):
        console.print(Text(note, style="yellow"))
    for claim in claims(done.check):
        console.print(Text(str(claim), style=_COLOURS[claim.outcome]))
    console.print(f"\nData: {done.data}\nPage: {done.page}", highlight=False, soft_wrap=True)
