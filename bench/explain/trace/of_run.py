"""Phases of a run's end-to-end benchmarks: recorded after its rounds, and kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.core.crew import Job
from bench.core.errors import BenchError
from bench.core.sample import Side
from bench.core.target import Kind
from bench.engine.session.open_run import OpenRun
from bench.engine.session.watcher import Watcher
from bench.engine.store.accounts import StackRecord, read_accounts, save_account
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


@dataclass(frozen=True)
class PhasesStep:
    """The step of a run that records its end-to-end benchmarks on both sides.

    `describe` puts a record into words. What goes wrong is said, and takes nothing from the run.
    """

    watcher: Watcher
    describe: Callable[[StackRecord], str]

    def __call__(self, now: OpenRun) -> list[Job]:
        """Record those that this run has no record of yet, if it is to have counters."""
        if not now.plan.options.counters:
            return []
        run = now.read()
        return [
            Job(do=lambda _lane, one=one: self._record(run, one, now), alone=True)  # type: ignore[misc]
            for one in end_to_end(run)
            if not _is_recorded(run, one, now)
        ]

    def _record(self, run: Run, one: PlannedBenchmark, now: OpenRun) -> None:
        workspace, name = now.plan.workspace, one.declaration.name
        session = TraceSession(
            target=now.plan.target,
            pair=run.manifest.pair,
            benchmarks=(one,),
            repeats=_repeats(run, one),
            latencies_s=(),
            workspace=workspace,
            watcher=self.watcher,
            bare=False,
        )
        try:
            traces = list(session.run(now.interpreter, now.environments))
        except BenchError as error:
            self.watcher.say(f"phases: {error}")
            return
        for trace in traces:
            for failure in trace.failures:
                self.watcher.say(f"{name}: its phases are not kept: {failure}")
            if not trace.failures:
                record = record_of(trace, find_all(trace, workspace))
                save_account(record, workspace.data)
                self.watcher.say(f"{name}: {self.describe(record)}")


def _is_recorded(run: Run, one: PlannedBenchmark, now: OpenRun) -> bool:
    """Whether an earlier session of this run recorded it: the record is younger than the run."""
    manifest = run.manifest
    return any(
        isinstance(record, StackRecord)
        and (record.target, record.scenario) == (manifest.target, one.declaration.name)
        and (record.pair, record.python) == (manifest.pair, manifest.python)
        and record.machine.name == manifest.machine.name
        and record.started_at >= manifest.started_at
        for record in read_accounts(now.plan.workspace.data)
    )


def _repeats(run: Run, one: PlannedBenchmark) -> int:
    """Two at least: with one, all layers would lie apart."""
    taken = run.rounds(one.declaration.name)
    wall_s = max(median(each.sample(side).wall_s for each in taken) for side in Side)
    return _REPEATS if wall_s <= _LONG_S else _LONG_REPEATS
