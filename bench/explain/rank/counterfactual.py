"""Run a rewritten copy beside an unchanged one: what it no longer imports, and what that saves."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.counts import MODULES, Counter
from bench.core.errors import BenchError
from bench.core.options import Options
from bench.core.sample import Design, Metric, Side
from bench.core.target import Benchmark
from bench.core.verdict import Interval
from bench.engine.alone import as_alone
from bench.engine.environments.build import Environment
from bench.engine.evaluation import differences, times
from bench.engine.measure.client import Invocation
from bench.engine.measure.design_choice import choose
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.session.sampling import RoundPlace, Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.sequential import judge, plan_looks
from bench.engine.statistics.summary import median_s
from bench.engine.store.events import Ended, Event, Probed, Unavailable
from bench.explain.checks.overlay import Overlay, make_overlay
from bench.explain.counters.instructions import InstructionCounter
from bench.explain.counters.observe import observe
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import Trial
from bench.explain.rank.ranking import Verification
from bench.explain.rank.recording import without_collections


@dataclass(frozen=True)
class TimedCopies:
    """Time of the unchanged copy by a metric, and the ratio of the rewritten one to it."""

    base_s: float
    interval: Interval
    rounds: int
    metric: Metric


@dataclass(kw_only=True)
class Experiment:
    """Copies of one revision's own package under `folder`, run as a scenario's process.

    `own` are the folders of the package in `environment`; `pool` counts beside each other.
    """

    environment: Environment
    own: tuple[Path, ...]
    folder: Path
    benchmark: Benchmark
    invocation: Invocation
    runner: Runner
    counter: InstructionCounter | None
    pool: ThreadPoolExecutor

    def __post_init__(self) -> None:
        self.made = 0
        self.base = self._copy({})
        self.base_modules = self.pool.submit(self._modules, self.base)
        self.base_instructions = self.count(self.base.over(self.invocation))

    def begin(self, trial: Trial, graph: Graph) -> RunningTrial:
        """Run a trial's copy."""
        began = RunningTrial(trial=trial, vanished=trial.vanished(graph), experiment=self)
        try:
            overlay = self._copy(trial.texts(graph))
        except BenchError as error:
            began.failed = str(error)
            return began
        began.overlay = overlay
        began.counted = self.count(overlay.over(self.invocation))
        began.modules = self.pool.submit(self._modules, overlay)
        return began

    def count(
        self, invocation: Invocation, benchmark: Benchmark | None = None
    ) -> Future[int | None]:
        """Its instructions without garbage collections; None where this machine can't count."""
        declared = benchmark or self.benchmark
        return self.pool.submit(self._count, declared, without_collections(invocation))

    def _copy(self, texts: dict[Path, str]) -> Overlay:
        """Names are of one length, as paths that are longer cost more."""
        self.made += 1
        return make_overlay(self.environment, self.own, texts, self.folder / f"{self.made:03d}")

    def _modules(self, overlay: Overlay) -> frozenset[str]:
        """The modules that it imports; raises `NotCountedError`."""
        invocation = overlay.over(self.invocation)
        names = observe(self.runner, self.benchmark, invocation, self.environment).names
        return frozenset().union(*(names[kind] for kind in MODULES))

    def _count(self, benchmark: Benchmark, invocation: Invocation) -> int | None:
        if self.counter is None:
            return None
        return self.counter.count(self.runner, benchmark, invocation).figures[Counter.INSTRUCTIONS]


@dataclass(kw_only=True)
class RunningTrial:
    """A trial that has begun: its copy, and what is awaited of it."""

    trial: Trial
    vanished: frozenset[str]
    experiment: Experiment
    overlay: Overlay | None = None
    counted: Future[int | None] | None = None
    modules: Future[frozenset[str]] | None = None
    failed: str = ""

    def result(self, saving_s: float) -> Verification:
        """Hold the graph's prediction against the run; instructions are not predicted here."""
        experiment = self.experiment
        before = experiment.base_modules.result()
        predicted = self.vanished & before
        found = Verification(
            words=self.trial.words,
            modules_predicted=len(predicted),
            saving_s=saving_s,
            failed=self.failed,
        )
        if self.modules is None or self.counted is None:
            return found
        try:
            gone = before - self.modules.result()
            base, head = experiment.base_instructions.result(), self.counted.result()
        except (NotCountedError, BenchError) as error:
            return msgspec.structs.replace(found, failed=str(error))
        return msgspec.structs.replace(
            found,
            modules_measured=len(gone),
            unexpected=tuple(sorted(gone - predicted)),
            still_there=tuple(sorted(predicted - gone)),
            instructions=None if base is None or head is None else base - head,
            instructions_base=base,
        )


def time_both(
    taker: RoundTaker,
    sides: Sides,
    options: Options,
    watcher: Watcher,
    *,
    by_cpu: bool = False,
) -> TimedCopies:
    """Take rounds of both copies until the engine has its verdict; raises `RoundFailedError`.

    `by_cpu`: it is known of the program that it does not wait. A busy machine may look as if it
    did.
    """
    samples = {
        pin: [taker.alone(sides, side, pin=pin) for _ in range(2) for side in Side]
        for pin in (False, True)
    }
    design, metric, reason = choose(samples[False], samples[True], can_pin=bool(taker.cpus))
    if by_cpu and taker.cpus:
        design, metric, reason = Design.DUET, Metric.CPU, "known of the program"
    looks = plan_looks(options.rounds, options.alpha)
    plan = Probed(
        benchmark=sides.benchmark.name,
        design=design,
        metric=metric,
        reason=reason,
        looks=looks,
        maximum=options.rounds,
    )
    told: list[Event] = []
    sampling = Sampling(
        place=RoundPlace(taker, sides),
        plan=plan,
        options=options,
        record=told.append,
        watcher=watcher,
        rounds=[],
    )
    sampling.run(lambda: options.alpha)
    for event in told:
        if isinstance(event, Unavailable):
            raise RoundFailedError(event.reason, tuple(Side(one) for one in event.sides))
    large = any(isinstance(event, Ended) and event.large_effect for event in told)
    plan = sampling.plan
    deciding = as_alone(sampling.rounds, plan)
    interval, _ = judge(
        differences(deciding.rounds, metric),
        looks,
        options.rounds,
        options.alpha,
        large=large,
        doubt=deciding.doubt,
    )
    base_s = median_s(times(deciding.rounds, Side.BASE, metric))
    return TimedCopies(base_s, interval, len(deciding.rounds), metric)
