"""Does it come true? Run a rewritten copy beside one that was left as it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.counts import MODULES, Counter
from bench.core.errors import BenchError
from bench.core.options import Options
from bench.core.sample import Design, Side
from bench.core.target import Benchmark
from bench.core.verdict import Interval
from bench.counters.instructions import InstructionCounter
from bench.counters.observe import observe
from bench.counters.running import NotCountedError, Runner
from bench.environments.build import Environment
from bench.evaluation import differences, of_design, size_of, times
from bench.imports.analysis import Check
from bench.imports.candidates import Candidate
from bench.imports.graph import Graph
from bench.imports.overlay import Overlay, make_overlay
from bench.imports.rewrite import rewrite
from bench.measure.client import Invocation
from bench.measure.probe import choose
from bench.measure.rounds import Bench, RoundFailedError, Sides
from bench.session.sampling import Sampling
from bench.session.watcher import Watcher
from bench.statistics.sequential import judge, plan_looks
from bench.statistics.summary import median_s
from bench.store.events import Ended, Event, Probed, Unavailable


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
        """Its instructions, once they are counted; None where this machine can't."""
        return self.pool.submit(self._count, invocation)

    def _count(self, invocation: Invocation) -> int | None:
        if self.counter is None:
            return None
        tally = self.counter.count(self.runner, self.benchmark, invocation)
        return tally.figures[Counter.INSTRUCTIONS]

    def check(
        self, words: str, graph: Graph, candidates: Sequence[Candidate]
    ) -> tuple[Check, Overlay | None]:
        """Hold what the graph predicts of these candidates against a run of the copy.

        How many instructions are predicted is not said yet.
        """
        skips = [one.skip for one in candidates]
        vanished = graph.vanished(skips, {name for one in candidates for name in one.brings})
        saving = graph.total(vanished)
        predicted = vanished & self.base_modules.result()
        plain = Check(words, len(predicted), saving)
        try:
            overlay = self.change(candidates)
            counted = self.count(overlay.over(self.invocation))
            gone = self.base_modules.result() - self.modules(overlay)
            base, head = self.base_instructions.result(), counted.result()
        except (NotCountedError, BenchError) as error:
            return _failed(plain, str(error)), None
        found = Check(
            words,
            len(predicted),
            saving,
            modules_measured=len(gone),
            unexpected=tuple(sorted(gone - predicted)),
            still_there=tuple(sorted(predicted - gone)),
            instructions=None if base is None or head is None else base - head,
            instructions_base=base,
        )
        return found, overlay


def _failed(check: Check, reason: str) -> Check:
    return Check(check.words, check.modules_predicted, check.saving_s, failed=reason)


def time_both(bench: Bench, sides: Sides, options: Options, watcher: Watcher) -> Timed:
    """Take rounds of both copies until the engine has its verdict; raises `RoundFailedError`."""
    samples = {
        pin: [bench.alone(sides, side, pin=pin) for _ in range(2) for side in Side]
        for pin in (False, True)
    }
    design, metric, reason = choose(samples[False], samples[True], can_pin=bool(bench.cpus))
    looks = plan_looks(options.rounds, options.alpha)
    plan = Probed(sides.benchmark.name, design, metric, reason, looks, options.rounds, 0)
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
