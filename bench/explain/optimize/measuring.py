"""Measure one commit against another as an ordinary pair, and say what became of each scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.core.errors import BenchError, NothingMeasuredError
from bench.core.gate import Gate
from bench.core.options import Options
from bench.core.result import Result
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.verdict import Interval, Verdict
from bench.core.workspace import Workspace
from bench.engine.environments.at_once import build_all
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Environments
from bench.engine.evaluation import evaluate
from bench.engine.session.open_run import OpenRun, RunStep
from bench.engine.session.plan import Plan
from bench.engine.session.selection import select
from bench.engine.session.session import Session
from bench.engine.session.unreported import mark_reported
from bench.engine.session.watcher import Watcher
from bench.engine.store.events import Tested
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.engine.testgate.run_gate import GateStep, PairGate
from bench.explain.optimize.record import Gain, RunReference
from bench.formats.text import is_bounded

PROVED = "run on the rewritten texts, before a step is kept"


@dataclass(frozen=True)
class MeasuredPair:
    """What was measured of a pair: scenarios by Python, the runs, and Pythons that have none."""

    gains: tuple[Gain, ...]
    runs: tuple[RunReference, ...]
    failures: Mapping[str, str]
    tests_fail: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Remembered:
    """The step of a run that says where its tests were run: they are not run again."""

    reason: str

    def __call__(self, now: OpenRun) -> None:
        if now.plan.target.tests is not None and now.run.gate is None:
            now.journal.write(Tested(Gate(reason=self.reason)))
            now.journal.sync()


class PairRequest(Protocol):
    """What pairs of commits are measured for: `OptimizeRequest` tells what each word means."""

    @property
    def target(self) -> Target:
        """The project."""

    @property
    def workspace(self) -> Workspace:
        """Where runs are stored."""

    @property
    def repo(self) -> Path | None:
        """The clone that commits are built from, None for the target's own."""

    @property
    def interpreters(self) -> tuple[Interpreter, ...]:
        """The Pythons."""

    @property
    def lanes(self) -> int:
        """Cores that are measured on at once, at most; 0 for all."""

    @property
    def date(self) -> str:
        """The day after which no package is taken."""

    @property
    def least(self) -> float:
        """The change that matters, as a fraction."""

    @property
    def budget_s(self) -> float:
        """Seconds of measuring for a scenario."""

    def pair(self, base: str, head: str) -> Pair:
        """Two commits."""


@dataclass(frozen=True, kw_only=True)
class PairMeasuring:
    """Measures pairs of commits of one request; `untested` says why no tests are run for them."""

    request: PairRequest
    watcher: Watcher
    untested: str = PROVED

    def measure(
        self,
        base: str,
        head: str,
        scenarios: Iterable[str],
        alpha: float,
        *,
        tests: bool = False,
        interpreters: Sequence[Interpreter] = (),
    ) -> MeasuredPair:
        """A pair on all Pythons: `alpha` is the error rate of each run, `tests` the gate.

        Raises `BenchError` where nothing could be built or measured on any Python.
        """
        request = self.request
        pair = request.pair(base, head)
        plan = Plan(
            target=request.target,
            pair=pair,
            options=_options(request, tuple(scenarios), alpha),
            benchmarks=_judged_by_least(request, scenarios),
            workspace=request.workspace,
            interpreters=tuple(interpreters) or request.interpreters,
            repo=request.repo,
            lanes=request.lanes,
            quick=True,
        )
        gate = GateStep(self._gate(pair)) if tests else _Remembered(self.untested)
        return self._run(plan, gate)

    def _run(self, plan: Plan, gate: RunStep) -> MeasuredPair:
        failures: dict[str, BenchError] = {}
        ready = []
        for interpreter, built in build_all(self._builder(plan.pair), plan.interpreters):
            if isinstance(built, Environments):
                ready.append((interpreter, built))
            else:
                failures[interpreter.version] = built
        session = Session(plan, self.watcher, before=(gate,))
        runs: list[Run] = []
        for (interpreter, _), outcome in zip(ready, session.run_all(ready), strict=True):
            if isinstance(outcome, Run):
                runs.append(outcome)
            else:
                failures[interpreter.version] = outcome
        mark_reported(plan.workspace, runs)  # the journal of the optimisation refers to them
        if not runs:
            raise next(iter(failures.values()), NothingMeasuredError("Nothing was measured."))
        return MeasuredPair(
            gains=tuple(gain for run in runs for gain in gains_of(run)),
            runs=tuple(_reference(run) for run in runs),
            failures={version: error.message for version, error in failures.items()},
            tests_fail=tuple(_newly_failing(runs)),
        )

    def _builder(self, pair: Pair) -> Builder:
        request = self.request
        return Builder(
            target=request.target,
            pair=pair,
            workspace=request.workspace,
            announce=self.watcher.say,
            repo=request.repo,
            date=request.date,
        )

    def _gate(self, pair: Pair) -> PairGate:
        request = self.request
        return PairGate(
            target=request.target,
            pair=pair,
            workspace=request.workspace,
            say=self.watcher.say,
            phase=self.watcher.phase,
            repo=request.repo,
            date=request.date,
        )


def _judged_by_least(request: PairRequest, names: Iterable[str]) -> tuple[PlannedBenchmark, ...]:
    """The control and these scenarios."""
    chosen = select(request.target, Options(benchmarks=tuple(names)), request.workspace.suites)
    return tuple(one.judged_by_the_run("mei") for one in chosen)


def _options(request: PairRequest, names: tuple[str, ...], alpha: float) -> Options:
    return Options(
        alpha=alpha,
        mei=request.least,
        budget_s=request.budget_s,
        benchmarks=names,
        counters=False,
    )


def _newly_failing(runs: Iterable[Run]) -> Iterable[str]:
    for run in runs:
        gate = run.gate
        if gate is not None and gate.newly_fails:
            yield from gate.newly_failing or (gate.head_contradicts or "its tests end no more",)


def _reference(run: Run) -> RunReference:
    told = run.manifest
    return RunReference(told.pair.label, told.python, told.machine.name, told.run_id)


def gains_of(run: Run) -> list[Gain]:
    """What a run says of each scenario, the control left out."""
    python = run.manifest.python
    return [_gain(one, python) for one in evaluate(run).results if not one.is_control]


def _gain(result: Result, python: str) -> Gain:
    differs = result.outputs.differs if result.outputs else ()
    reason = "" if result.verdict is not None else result.reason
    if differs:
        reason = f"{' and '.join(differs)} not as before"
    return Gain(
        scenario=result.name,
        python=python,
        verdict=result.verdict,
        interval=_bounded(result.size.interval) if result.size else None,
        base_s=result.base_s,
        head_s=result.head_s,
        rounds=result.rounds,
        metric=str(result.metric or ""),
        reason=reason,
    )


def _bounded(interval: Interval) -> Interval | None:
    """None where there were too few rounds for limits."""
    return interval if is_bounded(interval) else None


def why_dropped(measured: MeasuredPair, pythons: Iterable[str]) -> str:
    """Why a step is not kept; "" where it is.

    It is kept where some scenario is faster on each of `pythons` (those that its form is for) and
    none is slower, broken or prints something else on any. A difference below the least that is
    worth a commit counts as none.
    """
    for version, words in measured.failures.items():
        return f"not measured on Python {version}: {words}"
    for gain in measured.gains:
        where = f"{gain.scenario} on Python {gain.python}"
        if gain.verdict in {Verdict.BROKEN, Verdict.SLOWER}:
            return f"{gain.verdict}: {where}"
        if gain.reason:
            return f"{where}: {gain.reason}"
    for version in pythons:
        mine = [one for one in measured.gains if one.python == version]
        if not any(one.verdict is Verdict.FASTER for one in mine):
            return f"no faster on Python {version}: {_words(mine)}"
    return ""


def _words(gains: Sequence[Gain]) -> str:
    told = [f"{one.scenario} {one.verdict}" for one in gains if one.verdict is not None]
    return ", ".join(told) or "no scenario could be measured"
