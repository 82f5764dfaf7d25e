"""`python -m bench trace`: one user command followed through all its processes."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cli.arguments import add_looked_into, count, describe, not_negative
from bench.cli.profile import build_sides, checked_folders, chosen_scenarios, pair_or_one
from bench.core.catalogue import load_target
from bench.core.errors import BenchError, ExitStatus
from bench.core.lock import exclusive
from bench.core.workspace import find_workspace
from bench.engine.environments.interpreters import Interpreter, find_interpreters
from bench.engine.environments.pair import Builder
from bench.engine.store.accounts import save_account
from bench.explain.trace.findings.finding import ROUND_TRIPS_S
from bench.explain.trace.findings.sides import find_all
from bench.explain.trace.keep import record_of
from bench.explain.trace.page import write_trace
from bench.explain.trace.session import FOLDER, TraceSession
from bench.report.screen.watchers import make_watcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is traced, and how often."""
    describe(
        parser,
        "Follow one command through all its processes, and show what its user waited for: imports, "
        "own code, HTTP requests, subprocesses. Writes a timeline and a table that adds up to the "
        "wall time to profiles/cross-boundary/TARGET/.",
        "trace codeflash 0.20.6 --scenario optimize-small",
        "trace codeflash 0.20.5..0.20.6 --scenario help --runs 5",
    )
    add_looked_into(parser)
    parser.add_argument(
        "--runs",
        type=count,
        metavar="N",
        help="recorded runs of each revision. Default: 5, 3 or 1, the fewer the longer one takes",
    )
    parser.add_argument(
        "--latency",
        action="append",
        type=not_negative,
        metavar="MS",
        help="run once more with MS milliseconds of network latency to the replay service; may be "
        "repeated; 0: no further run. Default: 20 and 100",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Build, trace, write; raises `BenchError`."""
    workspace = find_workspace()
    target = load_target(arguments.target, workspace.targets)
    scenarios = chosen_scenarios(target, arguments, workspace)
    failures: list[BenchError] = []
    status = ExitStatus.DONE
    with make_watcher() as watcher, exclusive(workspace.lock, shared=True):
        watcher.phase(f"looking up {arguments.range}")
        pair = pair_or_one(target, arguments, workspace)
        builder = Builder(
            target=target,
            pair=pair,
            workspace=workspace,
            announce=watcher.say,
            repo=arguments.repo,
            dependencies=arguments.deps,
        )
        session = TraceSession(
            target, pair, scenarios, arguments.runs, _latencies_s(arguments), workspace, watcher
        )
        for interpreter in find_interpreters(arguments.python, target.pythons, watcher.say):
            watcher.say(f"Python {interpreter.version}")
            try:
                went_well = _trace(session, builder, interpreter)
            except BenchError as error:
                watcher.say(f"Python {interpreter.version}: {error}")
                failures.append(error)
            else:
                status = status if went_well else ExitStatus.NOTHING_MEASURED
    return failures[0].status if failures else status


def _latencies_s(arguments: argparse.Namespace) -> tuple[float, ...]:
    """Distances at which a scenario is run again; those of the findings, unless asked otherwise."""
    if arguments.latency is None:
        return ROUND_TRIPS_S[1:]
    return tuple(sorted({ms / 1000 for ms in arguments.latency} - {0.0}))


def _trace(session: TraceSession, builder: Builder, interpreter: Interpreter) -> bool:
    """All scenarios on one Python; whether all runs ended as they should."""
    folders = checked_folders(session, session.workspace.profiles / FOLDER, interpreter.version)
    went_well = True
    for trace in session.run(interpreter, build_sides(builder, interpreter)):
        name = trace.sides.benchmark.name
        findings = find_all(trace, session.workspace)
        page: Path = write_trace(trace, findings, folders[name], session.workspace)
        for failure in trace.failures:
            session.watcher.say(f"{name}: {failure} (what was recorded is on the page)")
        if not trace.failures:
            save_account(record_of(trace, findings), session.workspace.data)
        went_well = went_well and not trace.failures
        print(f"Trace: {page}")
    return went_well
