"""`python -m bench trace`: one user command followed through all its processes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from bench.cli.arguments import add_looked_into, count, describe, not_negative
from bench.cli.profile import checked_folders, on_each_python
from bench.core.errors import ExitStatus
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.store.accounts import save_account
from bench.explain.trace.findings.finding import ROUND_TRIPS_S
from bench.explain.trace.findings.sides import find_all
from bench.explain.trace.keep import record_of
from bench.explain.trace.page import write_trace
from bench.explain.trace.session import FOLDER, TraceSession


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
    make = partial(TraceSession, repeats=arguments.runs, latencies_s=_latencies_s(arguments))
    return on_each_python(arguments, make, _trace)


def _latencies_s(arguments: argparse.Namespace) -> tuple[float, ...]:
    """Latencies at which a scenario is run again; those of the findings, unless asked otherwise."""
    if arguments.latency is None:
        return ROUND_TRIPS_S[1:]
    return tuple(sorted({ms / 1000 for ms in arguments.latency} - {0.0}))


def _trace(
    session: TraceSession, interpreter: Interpreter, environments: Callable[[], Environments]
) -> ExitStatus:
    """Trace all scenarios on one Python, and write their pages; keep those that went well."""
    folders = checked_folders(session, session.workspace.profiles / FOLDER, interpreter.version)
    status = ExitStatus.DONE
    for trace in session.run(interpreter, environments()):
        name = trace.sides.benchmark.name
        findings = find_all(trace, session.workspace)
        page = write_trace(trace, findings, folders[name], session.workspace)
        for failure in trace.failures:
            session.watcher.say(f"{name}: {failure} (what was recorded is on the page)")
        if trace.failures:
            status = ExitStatus.NOTHING_MEASURED
        else:
            save_account(record_of(trace, findings), session.workspace.data)
        print(f"Trace: {page}")
    return status
