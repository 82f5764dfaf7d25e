"""`python -m bench trace`: one user command followed through all its processes."""

from __future__ import annotations

import argparse
from pathlib import Path

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


def trace_command(arguments: argparse.Namespace) -> ExitStatus:
    """Build, trace, write; raises `BenchError`."""
    workspace = find_workspace()
    target = load_target(arguments.target, workspace.targets)
    scenarios = chosen_scenarios(target, arguments, workspace)
    failures: list[BenchError] = []
    status = ExitStatus.DONE
    with make_watcher() as watcher, exclusive(workspace.lock, shared=True):
        watcher.phase(f"looking up {arguments.range}")
        pair = pair_or_one(target, arguments, workspace)
        builder = Builder(target, pair, workspace, watcher.say, arguments.repo, arguments.deps)
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
