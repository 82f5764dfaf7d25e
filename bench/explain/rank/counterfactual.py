"""Does it come true? Run a rewritten copy beside one that was left as it is."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.counts import MODULES, Counter
from bench.core.errors import BenchError
from bench.core.options import Options
from bench.core.sample import Design, Side
from bench.core.target import Benchmark
from bench.core.verdict import Interval
from bench.engine.environments.build import Environment
from bench.engine.evaluation import differences, of_design, size_of, times
from bench.engine.measure.client import Invocation
from bench.engine.measure.probe import choose
from bench.engine.measure.rounds import Bench, RoundFailedError, Sides
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.sequential import judge, plan_looks
from bench.engine.statistics.summary import median_s
from bench.engine.store.events import Ended, Event, Probed, Unavailable
from bench.explain.counters.instructions import InstructionCounter
from bench.explain.counters.observe import observe
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank.analysis import Check
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.found import Trial
from bench.explain.rank.graph import Graph
from bench.explain.rank.overlay import Overlay, make_overlay
from bench.explain.rank.recording import without_collections
from bench.explain.rank.rewrite import rewrite, with_future


@dataclass(frozen=True)
class Timed:
    """CPU time of the copy that was left as it is, and the ratio of the rewritten one to it."""

    base_s: float
    interval: Interval
    rounds: int


def rewritten(candidates: Collection[Candidate]) -> dict[Path, str]:
    """File → its new text, for all files these candidates stand in."""
    sources = {one.source.module: one.source for one in candidates}
    return {
        source.file: rewrite(source, [one for one in candidates if one.source is source])
        for source in sources.values()
    }


@dataclass
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
    made: int = field(default=0)

    def __post_init__(self) -> None:
        self.base = self._copy({})
        self.base_modules = self.pool.submit(self.modules, self.base)
        self.base_instructions = self.count(self.base.over(self.invocation))

    def _copy(self, texts: dict[Path, str]) -> Overlay:
        """Names are of one length, as paths that are longer cost more."""
        self.made += 1
        return make_overlay(self.environment, self.own, texts, self.folder / f"{self.made:03d}")

    def change(self, candidates: Collection[Candidate]) -> Overlay:
        """A copy with these deferred; raises `BuildError`."""
        return self._copy(rewritten(candidates))

    def modules(self, overlay: Overlay) -> frozenset[str]:
        """The modules that it imports; raises `NotCountedError`."""
        invocation = overlay.over(self.invocation)
        names = observe(self.runner, self.benchmark, invocation, self.environment).names
        return frozenset().union(*(names[kind] for kind in MODULES))

    def count(self, invocation: Invocation) -> Future[int | None]:
        """Its instructions without garbage collections, once they are counted.

        None where this machine can't.
        """
        return self.pool.submit(self._count, without_collections(invocation))

    def _count(self, invocation: Invocation) -> int | None:
        if self.counter is None:
            return None
        tally = self.counter.count(self.runner, self.benchmark, invocation)
        return tally.figures[Counter.INSTRUCTIONS]

    def begin(self, trial: Trial, graph: Graph) -> Started:
        """Run a trial's copy, and one in which only annotations are no longer evaluated."""
        vanished = trial.vanished(graph)
        began = Started(trial, vanished, graph.total(vanished), self)
        future = {
            one.source.file: with_future(one.source)
            for one in trial.candidates
            if one.source.module not in vanished and any(d.needs_future for d in one.deferrals)
        }
        try:
            began.overlay = self.change(trial.candidates)
            over = began.overlay.over(self.invocation)
            began.counted = self.count(over)
            began.modules = self.pool.submit(self.modules, began.overlay)
            if future:
                began.annotations = self.count(self._copy(future).over(self.invocation))
        except BenchError as error:
            began.failed = str(error)
        return began


@dataclass
class Started:
    """A trial on its way: its copy, and what is awaited of it."""

    trial: Trial
    vanished: frozenset[str]
    saving_s: float
    experiment: Experiment
    overlay: Overlay | None = None
    counted: Future[int | None] | None = None
    modules: Future[frozenset[str]] | None = None
    annotations: Future[int | None] | None = None
    failed: str = ""

    def result(self) -> Check:
        """Hold what the graph predicts against the run; predicted instructions are not said yet."""
        experiment = self.experiment
        predicted = self.vanished & experiment.base_modules.result()
        plain = Check(self.trial.words, len(predicted), self.saving_s, failed=self.failed)
        if self.modules is None or self.counted is None:
            return plain
        try:
            gone = experiment.base_modules.result() - self.modules.result()
            base = experiment.base_instructions.result()
            return msgspec.structs.replace(
                plain,
                modules_measured=len(gone),
                unexpected=tuple(sorted(gone - predicted)),
                still_there=tuple(sorted(predicted - gone)),
                instructions=_less(base, self.counted.result()),
                instructions_base=base,
                annotations=_less(base, self.annotations.result()) if self.annotations else None,
            )
        except (NotCountedError, BenchError) as error:
            return msgspec.structs.replace(plain, failed=str(error))


def _less(base: int | None, head: int | None) -> int | None:
    return None if base is None or head is None else base - head


def time_both(bench: Bench, sides: Sides, options: Options, watcher: Watcher) -> Timed:
    """Take rounds of both copies until the engine has its verdict; raises `RoundFailedError`."""
    samples = {
        pin: [bench.alone(sides, side, pin=pin) for _ in range(2) for side in Side]
        for pin in (False, True)
    }
    design, metric, reason = choose(samples[False], samples[True], can_pin=bool(bench.cpus))
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
    sampling = Sampling(bench, sides, plan, options, told.append, watcher, rounds=[])
    sampling.run(lambda: options.alpha)
    for event in told:
        if isinstance(event, Unavailable):
            raise RoundFailedError(event.reason, tuple(Side(one) for one in event.sides))
    large = any(isinstance(event, Ended) and event.large_effect for event in told)
    deciding = of_design(sampling.rounds, design)
    interval, _ = judge(
        differences(deciding, metric), looks, options.rounds, options.alpha, large=large
    )
    size = size_of(plan, deciding, of_design(sampling.rounds, Design.PAIRS), interval)
    sized = of_design(sampling.rounds, size.design)
    return Timed(median_s(times(sized, Side.BASE, size.metric)), size.interval, size.rounds)
