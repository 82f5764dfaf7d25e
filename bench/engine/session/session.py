"""One pair on its Pythons: proof, probes, rounds, proof again; all runs are open at once.

A run goes through stages. Each leaves jobs for lanes; those of all runs are done before any run
goes on to what could disturb the others. What fails in one run does not stop another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.crew import Job
from bench.core.errors import BenchError, NothingMeasuredError
from bench.core.result import CONTROL
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.measure.turns import Turns
from bench.engine.session.lanes import Lanes
from bench.engine.session.measuring import Measuring
from bench.engine.session.open_run import RunStep
from bench.engine.session.plan import Plan
from bench.engine.session.preparation import opened
from bench.engine.session.unreported import mark_reported, unreported_run
from bench.engine.session.watcher import Watcher
from bench.engine.store.run import Run, pair_folder

_Stages = Generator[list[Job], None, Run]


@dataclass(frozen=True)
class Session:
    """What is measured and who hears of it; `before` and `after` are done around the rounds."""

    plan: Plan
    watcher: Watcher
    before: Sequence[RunStep] = ()
    after: Sequence[RunStep] = ()

    def run(self, interpreter: Interpreter, environments: Environments) -> Run:
        """Measure on one Python, or go on where an earlier session stopped; returns the whole run.

        A run that is complete but was never shown is returned as it is.

        Raises `BenchError`; whatever was measured before is on disk.
        """
        (outcome,) = self.run_all([(interpreter, environments)])
        if isinstance(outcome, BenchError):
            raise outcome
        return outcome

    def run_all(
        self, pythons: Iterable[tuple[Interpreter, Environments]]
    ) -> list[Run | BenchError]:
        """The same on several Pythons at once; what went wrong on one stands in its place."""
        turns, lanes = Turns(), Lanes.of_machine(self.plan.lanes)
        runs = [
            _RunUnderWay(self._stages(interpreter, environments, turns, lanes))
            for interpreter, environments in pythons
        ]
        with ExitStack() as stack:
            for run in runs:
                stack.callback(run.stages.close)  # of those that did not come to their end
            stack.enter_context(lanes)
            lanes.do_all(run.go_on for run in runs)
            while any(run.outcome is None for run in runs):
                _do_stage(runs, lanes)
        return [run.outcome for run in runs if run.outcome is not None]

    def _stages(
        self, interpreter: Interpreter, environments: Environments, turns: Turns, lanes: Lanes
    ) -> _Stages:
        plan, machine = self.plan, describe_machine()
        folder = pair_folder(
            plan.workspace.data, plan.target.name, plan.pair, interpreter.version, machine
        )
        whole = unreported_run(plan, folder, environments)
        if whole is None:
            whole = yield from self._measure(folder, interpreter, environments, turns, lanes)
        else:
            self.watcher.say(
                f"run {whole.manifest.run_id} is complete and was not reported: it is shown now, "
                "and nothing is measured again"
            )
        if not any(_says_something(whole, one.declaration.name) for one in plan.benchmarks):
            mark_reported(plan.workspace, [whole])
            raise NothingMeasuredError(
                f"No benchmark of {plan.target.name} {plan.pair.label} could be measured on Python "
                f"{interpreter.version}.",
                f"The reasons are above, and in {whole.folder}.",
                reasons={
                    one.benchmark: one.words
                    for each in plan.benchmarks
                    if (one := whole.unavailable(each.declaration.name)) is not None
                },
            )
        return whole

    def _measure(
        self,
        folder: Path,
        interpreter: Interpreter,
        environments: Environments,
        turns: Turns,
        lanes: Lanes,
    ) -> _Stages:
        with opened(self.plan, folder, interpreter, environments, self.watcher.say, turns) as now:
            for step in self.before:
                step(now)
            measuring = Measuring(now, self.watcher, lanes)
            yield measuring.probes()
            yield measuring.rounds()
            done = dataclasses.replace(now, ready=measuring.finish())
            for step in self.after:
                jobs = step(done)
                if jobs is not None:
                    yield list(jobs)
            yield []  # proofs read every file, which would disturb other runs' rounds
            measuring.close()
            return now.read()


@dataclass
class _RunUnderWay:
    """A run, the jobs that are due before its next stage, and what came of it in the end.

    `error` is the first that one of its jobs ended with.
    """

    stages: _Stages
    jobs: list[Job] = field(default_factory=list)
    error: BenchError | None = None
    outcome: Run | BenchError | None = None

    def go_on(self) -> None:
        """Do the next stage, or end with the error; raises what is no `BenchError`."""
        if self.outcome is not None:
            return
        try:
            self.jobs = self.stages.throw(self.error) if self.error else next(self.stages)
        except StopIteration as end:
            self.outcome = end.value
        except BenchError as error:
            self.outcome = error

    def finished(self, job: Job) -> None:
        """One of its jobs is over; with the last one it goes on."""
        self.jobs.remove(job)
        if isinstance(job.error, BenchError):
            self.error = self.error or job.error
        elif job.error is not None:
            raise job.error
        if not self.jobs:
            self.go_on()


def _do_stage(runs: Sequence[_RunUnderWay], lanes: Lanes) -> None:
    """The jobs of all runs; each goes on when its own are over, what has none when all are."""
    owners = {id(job): run for run in runs for job in run.jobs}
    waiting = [run for run in runs if not run.jobs]
    for job in lanes.run([job for run in runs for job in run.jobs]):
        owners[id(job)].finished(job)
    lanes.do_all(run.go_on for run in waiting)


def _says_something(run: Run, name: str) -> bool:
    """Whether there is a verdict on a benchmark, or rounds for one."""
    unavailable = run.unavailable(name)
    if unavailable is not None:
        return unavailable.is_broken
    return name != CONTROL and bool(run.rounds(name))
