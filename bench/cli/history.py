"""`python -m bench run … --every N` and `--tags`: a series along a history."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from rich.console import Console

from bench.cli.arguments import status_of
from bench.cli.planning import understand
from bench.core.errors import BenchError, ExitStatus, NothingMeasuredError, UsageError
from bench.core.options import PACKAGES, SPLIT
from bench.core.series import Selection
from bench.core.verdict import Verdict
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.history.measure import SeriesSession
from bench.engine.history.plan import begin, find_series
from bench.engine.revisions.history import find_points
from bench.engine.session.watcher import Watcher
from bench.engine.store.series import Series
from bench.report.history.select_series import SeriesRuns, runs_of, with_runs
from bench.report.machine_readable import result_document
from bench.report.screen.series import describe_series, print_series
from bench.report.screen.watchers import make_watcher
from bench.validate.calibration.lookup import fitting, read_calibrations


def history_command(arguments: argparse.Namespace) -> ExitStatus:
    """Plan, measure what is missing, report; returns the exit status. Raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json)
    with make_watcher() as watcher, at_work(workspace):
        series, errors = _measure(arguments, workspace, watcher)
        if series is None:
            return ExitStatus.DONE
    shown = _read(series, workspace)
    if not shown.runs:
        raise errors[0] if errors else NothingMeasuredError("No point could be measured.")
    page = _report(shown, workspace, watcher) if arguments.report else ""
    print_series(console, shown)
    if page:
        console.print(f"\nWrite-up: {page}", highlight=False, soft_wrap=True)
    if arguments.json:
        known = read_calibrations(workspace.data, series.manifest.target)
        documents = [result_document(one, fitting(one.run, known)) for one in shown.runs]
        json.dump(documents, sys.stdout, indent=1)
        sys.stdout.write("\n")
    return _status(shown, errors, arguments.fail_on, console.print)


def _measure(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> tuple[Series | None, list[BenchError]]:
    """The series as far as it came, and what went wrong now; None for a dry run."""
    plan = understand(arguments, workspace, watcher, counters=False)
    selection = Selection(arguments.every or 0)
    points = find_points(plan.target, plan.pair, selection, workspace, plan.repo)
    found = find_series(plan, points, again=arguments.again)
    for problem in found.damaged:
        watcher.say(f"{problem.message} It is left as it is, and nothing of it is used.")
    session = SeriesSession(plan, found.series, watcher)
    missing = len(session.missing(plan.interpreters))
    watcher.say(describe_series(found.series, plan.interpreters, missing, is_known=found.is_known))
    if arguments.dry_run:
        return None, []
    if not missing:
        watcher.say("every point of this series is measured; --again measures all of them anew")
    session.series = begin(found, workspace)
    session.run(plan.interpreters)
    return session.series, session.errors


def _read(series: Series, workspace: Workspace) -> SeriesRuns:
    return with_runs(series, runs_of(series, workspace.data, []))


def _report(shown: SeriesRuns, workspace: Workspace, watcher: Watcher) -> str:
    # Imported now: plotting takes a second to import, which is no part of the way to a sample.
    from bench.report.write import write_changes  # noqa: PLC0415

    written = write_changes(workspace)
    for problem in written.problems:
        watcher.say(f"bench: {problem}")
    return str(written.page_of(shown.runs[0].run))


def _status(
    shown: SeriesRuns,
    errors: list[BenchError],
    fail_on: list[Verdict],
    say: Callable[[str], object],
) -> ExitStatus:
    others = [one for one in errors if not isinstance(one, NothingMeasuredError)]
    if others:
        return others[0].status
    if errors or any(all(one.verdict is None for one in run.results) for run in shown.runs):
        return ExitStatus.NOTHING_MEASURED
    return status_of((one for run in shown.runs for one in run.results), fail_on, say)


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what contradicts itself; raises `UsageError`."""
    if arguments.again and not is_history(arguments):
        raise UsageError("--again starts a new series: it needs --every N or --tags.")
    if arguments.deps in {PACKAGES, SPLIT} and is_history(arguments):
        raise UsageError(f"--deps {arguments.deps} compares two revisions, and no series of them.")


def is_history(arguments: argparse.Namespace) -> bool:
    """Whether a series is asked for and not a pair."""
    return bool(arguments.every) or arguments.tags
