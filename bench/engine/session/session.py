"""One pair on one Python: environments, proof, probes, rounds, proof again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.result import CONTROL
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.session.measuring import Measuring
from bench.engine.session.open_run import RunStep
from bench.engine.session.plan import Plan
from bench.engine.session.preparation import opened
from bench.engine.session.unreported import mark_reported, unreported_run
from bench.engine.session.watcher import Watcher
from bench.engine.store.run import Run, pair_folder


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
        plan, machine = self.plan, describe_machine()
        folder = pair_folder(
            plan.workspace.data, plan.target.name, plan.pair, interpreter.version, machine
        )
        whole = unreported_run(plan, folder, environments)
        if whole is None:
            whole = self._measure(folder, interpreter, environments)
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
            )
        return whole

    def _measure(self, folder: Path, interpreter: Interpreter, environments: Environments) -> Run:
        with opened(self.plan, folder, interpreter, environments, self.watcher.say) as now:
            for step in self.before:
                step(now)
            measuring = Measuring(now, self.watcher)
            done = dataclasses.replace(now, ready=tuple(measuring.run()))
            for step in self.after:
                step(done)
            measuring.close()
            return now.read()


def _says_something(run: Run, name: str) -> bool:
    """Whether there is a verdict on a benchmark, or rounds for one."""
    unavailable = run.unavailable(name)
    if unavailable is not None:
        return unavailable.is_broken
    return name != CONTROL and bool(run.rounds(name))
