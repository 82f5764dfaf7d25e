"""Trace a target's scenarios: runs with the recorder and without it, in turn, of each side."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.process import run_tool
from bench.core.revision import Pair
from bench.core.sample import Sample, Side
from bench.core.target import Kind, Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import NotPresentError, NotServedError
from bench.engine.measure.invocations import Subject as Invoking
from bench.engine.measure.network import Network
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.profile.processes import NotProfiledError, Overhead, ProfiledProcess, turn
from bench.explain.trace.left import stop_left_behind
from bench.explain.trace.recording import read_recording, recorder_in
from bench.explain.trace.timeline import NothingRecordedError, Timeline, build_timeline
from bench.workloads.journal import read_journal

FOLDER = "cross-boundary"  # under profiles/, where a profile has its own
_SHORT_S, _SHORT_RUNS = 3.0, 5
_MEDIUM_S, _MEDIUM_RUNS = 15.0, 3


@dataclass
class Runs:
    """One side's runs: timelines of those that were recorded, and what recording costs."""

    timelines: list[Timeline] = field(default_factory=list)
    overhead: Overhead = field(default_factory=Overhead)

    @property
    def shown(self) -> Timeline:
        """The run in the middle by its wall time: the one that is drawn."""
        return sorted(self.timelines, key=lambda one: one.wall_ns)[(len(self.timelines) - 1) // 2]


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One scenario's timelines by side; `failures` say which runs did not end as they should.

    `far` are runs of the last side in which the service answered so many seconds later.
    """

    target: Target
    pair: Pair
    python: str
    sides: Sides
    environments: Environments
    runs: Mapping[Side, Runs]
    failures: tuple[str, ...]
    network: str
    load: float
    far: Mapping[float, Timeline] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TraceSession:
    """What is traced, and who hears of it. A pair of one revision with itself has one side.

    `repeats` is how often each side is recorded; None: as often as its length allows. `latencies_s`
    are those at which a scenario is run again whose service can answer later than it could. Without
    `bare` runs there are none without the recorder, and its cost stays unknown.
    """

    target: Target
    pair: Pair
    benchmarks: tuple[PlannedBenchmark, ...]
    repeats: int | None
    latencies_s: tuple[float, ...]
    workspace: Workspace
    watcher: Watcher
    bare: bool = True

    @property
    def traced(self) -> tuple[Side, ...]:
        """Base alone for a single revision."""
        return (Side.BASE,) if self.pair.is_same else (Side.BASE, Side.HEAD)

    def run(self, interpreter: Interpreter, environments: Environments) -> Iterator[Trace]:
        """All scenarios on one Python, one after the other.

        Raises `NothingMeasuredError` when nothing was recorded of any.
        """
        for side in self.traced:
            environments.side(side).prove_again(self.target.env, self.workspace)
        found = False
        with self._started(interpreter, environments, 0.0) as (taker, subjects_, network):
            for planned in self.benchmarks:
                load = os.getloadavg()[0]
                try:
                    sides = _sides(planned, *subjects_)
                    runs, failures = self._take(taker, sides, network)
                except (NotPresentError, NotServedError, NotProfiledError) as error:
                    self.watcher.say(f"{planned.declaration.name}: not traced: {error}")
                    continue
                found = True
                far, more = self._far(planned, interpreter, environments, network, failures)
                yield Trace(
                    target=self.target,
                    pair=self.pair,
                    python=interpreter.version,
                    sides=sides,
                    environments=environments,
                    runs=runs,
                    failures=(*failures, *more),
                    network=network.isolation.network,
                    load=load,
                    far=far,
                )
        if not found:
            raise NothingMeasuredError(
                f"Nothing could be traced of {self.target.name} {self.pair.label} on Python "
                f"{interpreter.version}."
            )

    @contextmanager
    def _started(
        self, interpreter: Interpreter, environments: Environments, latency_s: float
    ) -> Iterator[tuple[RoundTaker, tuple[Invoking, Invoking], Network]]:
        """Services, launcher and subjects; the services answer so many seconds later."""
        with (
            network_of(self.target, self.benchmarks, self.workspace, latency_s) as network,
            Launcher(network.isolation) as launcher,
            subjects(
                self.target, self.benchmarks, self.workspace, interpreter, environments, network
            ) as (both,),
        ):
            yield RoundTaker(launcher, network.cpus, secrets.randbits(32), network), both, network

    def _far(
        self,
        planned: PlannedBenchmark,
        interpreter: Interpreter,
        environments: Environments,
        near: Network,
        failures: tuple[str, ...],
    ) -> tuple[dict[float, Timeline], tuple[str, ...]]:
        """A run of the last side at each latency, and what went wrong."""
        name = planned.declaration.name
        found: dict[float, Timeline] = {}
        if failures or near.journal(planned.declaration.fixture) is None:
            return found, ()
        for latency_s in self.latencies_s:
            self.watcher.phase(f"{name}: the service {latency_s * 1000:g} ms away")
            with self._started(interpreter, environments, latency_s) as (taker, both, network):
                subject = ProfiledProcess(taker, _sides(planned, *both), self.traced[-1])
                timelines: list[Timeline] = []
                try:
                    with _recorders({subject.side: subject}) as recorders:
                        _Recording(subject, recorders[subject.side], network).run(timelines)
                except NotProfiledError as error:
                    return found, (f"the service {latency_s * 1000:g} ms away: {error}",)
                found[latency_s] = timelines[0]
        return found, ()

    def _take(
        self, taker: RoundTaker, sides: Sides, network: Network
    ) -> tuple[dict[Side, Runs], tuple[str, ...]]:
        """Runs with and without the recorder in turn, base first and last in turn.

        A run that fails ends it; what was recorded of it, and before, is kept.
        """
        subjects_ = {side: ProfiledProcess(taker, sides, side) for side in self.traced}
        runs = {side: Runs() for side in self.traced}
        failures: list[str] = []
        number, repeats = 0, self.repeats or 1
        with _recorders(subjects_) as recorders:
            while number < repeats and not failures:
                for side in turn(subjects_, number):
                    name = f"{sides.benchmark.name}: run {number + 1} of {repeats}, {side}"
                    self.watcher.phase(name)
                    one = _Recording(subjects_[side], recorders[side], network)
                    first = number % 2 == 0
                    kinds = (first, not first) if self.bare else (False,)
                    failures += _taken(one, runs[side], kinds)
                    failures += one.notices
                if number == 0 and self.repeats is None:
                    repeats = _repeats(runs)
                number += 1
        _check(runs, failures)
        return runs, tuple(failures)


def _taken(one: _Recording, runs: Runs, kinds: Sequence[bool]) -> list[str]:
    """A run of each kind, without the recorder (True) or with it; returns what went wrong."""
    failures: list[str] = []
    for bare in kinds:
        try:
            if bare:
                runs.overhead.bare.append(one.subject.run())
            else:
                runs.overhead.profiled.append(one.run(runs.timelines))
        except NotProfiledError as error:
            failures.append(f"{one.subject.side}: {error}")
    return failures[:1]


def _check(runs: Mapping[Side, Runs], failures: list[str]) -> None:
    """Raise `NotProfiledError` when there is nothing to show."""
    if not all(one.timelines for one in runs.values()):
        raise NotProfiledError("; ".join(dict.fromkeys(failures)) or "no run was recorded")


def _repeats(runs: Mapping[Side, Runs]) -> int:
    """How often to run what takes so long; what takes a minute is run once."""
    longest = max(timeline.wall_ns / 1e9 for one in runs.values() for timeline in one.timelines)
    if longest < _SHORT_S:
        return _SHORT_RUNS
    return _MEDIUM_RUNS if longest < _MEDIUM_S else 1


@dataclass
class _Recording:
    """One run with the recorder in all its Python processes."""

    subject: ProfiledProcess
    recorder: Path
    network: Network
    notices: list[str] = field(default_factory=list)

    def run(self, timelines: list[Timeline]) -> Sample:
        """Run once; raises `NotProfiledError`, with the timeline kept as far as it goes."""
        taker = self.subject.taker
        journal = self.network.journal(self.subject.sides.benchmark.fixture)
        offset = journal.stat().st_size if journal and journal.exists() else 0
        with self.subject.scratch() as folder:
            failed: NotProfiledError | None = None
            sample: Sample | None = None
            begun = time.monotonic_ns()
            try:
                sample = self.subject.run(variables=self._variables(folder))
            except NotProfiledError as error:
                failed = error
            begin = (taker.launcher.started_ns or (begun,))[0]
            wall_ns = round(sample.wall_s * 1e9) if sample else time.monotonic_ns() - begin
            recorded = read_recording(folder)
            self.notices += [
                f"{name} was left running, and was stopped" for name in taker.launcher.left
            ]
            if taker.launcher.isolation.sandbox is None:
                self.notices += stop_left_behind(recorded)
            served = read_journal(journal, offset) if journal else ()
        try:
            timelines.append(build_timeline(recorded, begin, wall_ns, served))
        except NothingRecordedError as error:
            raise NotProfiledError(str(failed or error)) from error
        if failed or sample is None:
            raise failed or NotProfiledError("the run did not end")
        return sample

    def _variables(self, folder: Path) -> dict[str, str]:
        own = self.subject.sides.side(self.subject.side).env.get("PYTHONPATH")
        path = ":".join(filter(None, (str(self.recorder), own)))
        return {"PYTHONPATH": path, "BENCH_TRACE": str(folder)}


@contextmanager
def _recorders(subjects_: Mapping[Side, ProfiledProcess]) -> Iterator[dict[Side, Path]]:
    """A copy of the recorder for each side, compiled by its Python: nothing is then compiled."""
    with ExitStack() as folders:
        made = {
            side: recorder_in(folders.enter_context(one.scratch()) / "recorder")
            for side, one in subjects_.items()
        }
        for side, place in made.items():
            folder = subjects_[side].sides.side(side).env["PATH"].partition(":")[0]
            run_tool(
                [Path(folder, "python").resolve(), "-I", "-S", "-m", "compileall", "-q", place]
            )
        yield made


def _sides(planned: PlannedBenchmark, base: Invoking, head: Invoking) -> Sides:
    """The two processes; raises `NotPresentError`, `NotServedError` or `NotProfiledError`."""
    benchmark = planned.declaration
    if benchmark.kind is Kind.SCRIPT:
        raise NotProfiledError("a pyperf script is no command of a user's; commands are traced")
    sides = Sides(benchmark, base.invocation(benchmark), head.invocation(benchmark))
    for subject in (base, head):
        subject.check_present(benchmark)
    return sides
