"""Phases of a run's end-to-end benchmarks: recorded after its rounds, and kept beside it."""

from __future__ import annotations

from statistics import median

from bench.core.errors import BenchError
from bench.core.sample import Side
from bench.core.target import Kind, Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.session.watcher import Watcher
from bench.engine.store.accounts import StackRecord, save_account
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.explain.trace.findings.sides import find_all
from bench.explain.trace.keep import record_of
from bench.explain.trace.session import TraceSession

_REPEATS, _LONG_REPEATS = 3, 2
_LONG_S = 40.0


def end_to_end(run: Run) -> tuple[PlannedBenchmark, ...]:
    """Measured commands of minutes: with rounds so few, phases say more than the total."""
    return tuple(
        one
        for one in run.manifest.benchmarks
        if one.declaration.rounds
        and one.declaration.kind is Kind.COMMAND
        and run.ended(one.declaration.name) is not None
    )


def keep_phases(
    run: Run,
    target: Target,
    workspace: Workspace,
    watcher: Watcher,
    interpreter: Interpreter,
    environments: Environments,
) -> list[StackRecord]:
    """Record the run's end-to-end benchmarks on both sides; returns what was kept.

    What goes wrong is said, and takes nothing from the run.
    """
    made: list[StackRecord] = []
    for one in end_to_end(run):
        session = TraceSession(
            target, run.manifest.pair, (one,), _repeats(run, one), (), workspace, watcher,
            bare=False,
        )  # fmt: skip
        try:
            traces = list(session.run(interpreter, environments))
        except BenchError as error:
            watcher.say(f"phases: {error}")
            continue
        for trace in traces:
            for failure in trace.failures:
                watcher.say(f"{one.declaration.name}: its phases are not kept: {failure}")
            if not trace.failures:
                record = record_of(trace, find_all(trace, workspace))
                save_account(record, workspace.data)
                made.append(record)
    return made


def _repeats(run: Run, one: PlannedBenchmark) -> int:
    """Two at least: with one, all layers would lie apart."""
    taken = run.rounds(one.declaration.name)
    wall_s = max(median(each.sample(side).wall_s for each in taken) for side in Side)
    return _REPEATS if wall_s <= _LONG_S else _LONG_REPEATS
