"""Whether the events of a run can have been written by one session after another: pure.

A calibration measures each benchmark again and again. Every stretch of its rounds begins at round 0
and has a seed of its own, which follows the run's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.core.draws import Draw, draw
from bench.core.sample import Design, Metric, Round, Side
from bench.core.target import Benchmark, Kind
from bench.engine.store.events import (
    Closed,
    Compared,
    Counted,
    Ended,
    Event,
    Failed,
    LeftRunning,
    Measured,
    Opened,
    Probed,
    Refused,
    Unavailable,
)
from bench.engine.store.manifest import FIRST_CHAINED, FIRST_WITH_LANES, Manifest

_OfBenchmark = Probed | Compared | Unavailable | Ended | Counted | LeftRunning
_ROUNDING_S = 1e-5
_SEEDS_AHEAD = 100  # a stretch that failed before its first round has used up a seed


class ImpossibleLineError(ValueError):
    """An event that cannot stand where it does; `line` counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


def check_events(manifest: Manifest, events: Sequence[Event], *, calibration: bool) -> None:
    """Raise `ImpossibleLineError` for the first event that no session can have written there."""
    checker = _EventChecker(manifest, calibration=calibration)
    for line, event in enumerate(events, start=1):
        words = checker.problem(event)
        if words:
            raise ImpossibleLineError(line, words)


@dataclass
class _BenchmarkSoFar:
    """One benchmark as far as it was read."""

    declaration: Benchmark
    plan: Probed | None = None
    over: str = ""
    seed: int | None = None
    taken: Counter[Design] = field(default_factory=Counter)
    failed: Counter[Design] = field(default_factory=Counter)

    def begin_again(self) -> None:
        """Expect round 0 next."""
        self.taken.clear()
        self.failed.clear()

    def draw(self, seed: int, taken: Round, cpus: Sequence[int], *, balanced: bool) -> Draw:
        """What the round that is due was drawn with, had the run this seed."""
        attempt = self.failed[taken.design]
        return draw(
            seed, taken.benchmark, taken.design, taken.index, cpus, attempt, balanced=balanced
        )


class _EventChecker:
    def __init__(self, manifest: Manifest, *, calibration: bool) -> None:
        self._manifest = manifest
        self._calibration = calibration
        self._has_lanes = manifest.format >= FIRST_WITH_LANES
        self._seeds_used = 0
        self._over: Event | None = None
        self._courses = {
            one.declaration.name: _BenchmarkSoFar(one.declaration) for one in manifest.benchmarks
        }

    def problem(self, event: Event) -> str:
        """What is wrong with the next event; "" when nothing is."""
        if self._over is not None and not (
            isinstance(self._over, Closed) and isinstance(event, Refused)
        ):
            return "it stands behind the end of the run"
        if isinstance(event, Closed | Refused):
            self._over = event
        elif isinstance(event, Measured):
            return self._round(event.round)
        elif isinstance(event, Opened):
            self._open()
        elif isinstance(event, Failed):
            return self._dropped(event)
        elif isinstance(event, _OfBenchmark):
            return self._of_benchmark(event)
        return ""

    def _open(self) -> None:
        if self._calibration:  # a stretch that was interrupted is begun again
            self._seeds_used = 0
            for course in self._courses.values():
                course.begin_again()

    def _of_benchmark(self, event: _OfBenchmark) -> str:
        course = self._courses.get(event.benchmark)
        if course is None:
            return f"{event.benchmark} is not a benchmark of this run"
        if isinstance(event, Counted | Compared | LeftRunning):
            return ""
        if course.over:
            return f"{event.benchmark} {course.over} before"
        if isinstance(event, Probed):
            course.plan = event
        elif isinstance(event, Unavailable):
            course.over = "was given up"
        elif course.plan is None:
            return f"{event.benchmark} ended without having been probed"
        elif self._calibration:
            course.begin_again()
        else:
            course.over = "ended"
        return ""

    def _dropped(self, event: Failed) -> str:
        """A round that failed is taken again, with another draw."""
        course = self._courses.get(event.benchmark)
        wrong = _out_of_turn(course, event)
        if course is not None and not wrong:
            course.failed[event.design] += 1
        return wrong

    def _round(self, taken: Round) -> str:
        course = self._courses.get(taken.benchmark)
        wrong = _out_of_turn(course, taken)
        if course is None or course.plan is None or wrong:
            return wrong
        what = _named(taken)
        drawn = self._drawn(course, taken)
        if drawn is None:
            return f"{what} is not of this run: its order and hash seed follow from another seed"
        if not self._is_core(course.declaration, taken.cpu, drawn):
            return f"{what} was taken on core {taken.cpu}, which was not to be used for it"
        course.taken[taken.design] += 1
        course.failed[taken.design] = 0
        return _figures(course.declaration, course.plan.metric, taken)

    def _drawn(self, course: _BenchmarkSoFar, taken: Round) -> Draw | None:
        """What was drawn for a round; None where that does not agree with what it says."""
        begins = not course.taken.total()
        if course.seed is None or (self._calibration and begins):
            course.seed = self._seed(course, taken)
        if course.seed is None:
            return None
        drawn = self._draw(course, course.seed, taken)
        return drawn if _agrees(taken, drawn) else None

    def _draw(self, course: _BenchmarkSoFar, seed: int, taken: Round) -> Draw:
        return course.draw(seed, taken, self._manifest.cpus, balanced=self._has_lanes)

    def _seed(self, course: _BenchmarkSoFar, taken: Round) -> int | None:
        seed = self._manifest.seed
        if not self._calibration:
            return seed
        for ahead in range(self._seeds_used + 1, self._seeds_used + 1 + _SEEDS_AHEAD):
            if _agrees(taken, self._draw(course, seed + ahead, taken)):
                self._seeds_used = ahead
                return seed + ahead
        return None

    def _is_core(self, declaration: Benchmark, cpu: int | None, drawn: Draw) -> bool:
        if cpu is None or self._manifest.format < FIRST_CHAINED:
            return (
                True  # not pinned, or it was not stored yet which cores there were to choose from
            )
        # It is the lane's, which chance does not choose; beside a service one core may be left out.
        if self._has_lanes or declaration.served:
            return cpu in self._manifest.cpus
        return cpu == drawn.cpu


def _out_of_turn(course: _BenchmarkSoFar | None, taken: Round | Failed) -> str:
    if course is None:
        return f"{taken.benchmark} is not a benchmark of this run"
    if course.over:
        return f"{_named(taken)} stands behind the line by which {taken.benchmark} {course.over}"
    if course.plan is None:
        return f"{_named(taken)} was taken before the benchmark was probed"
    due = course.taken[taken.design]
    return "" if taken.index == due else f"{_named(taken)} stands where round {due} is due"


def _named(taken: Round | Failed) -> str:
    return f"round {taken.index} of {taken.benchmark} ({taken.design})"


def _agrees(taken: Round, drawn: Draw) -> bool:
    return (taken.first, taken.hash_seed) == (drawn.order[0], drawn.hash_seed)


def _figures(declaration: Benchmark, metric: Metric, taken: Round) -> str:
    is_script = declaration.kind is Kind.SCRIPT
    for side in Side:
        sample = taken.sample(side)
        if is_script != bool(sample.values_s):
            has = "no values" if is_script else "values, as only scripts have"
            return f"{side} of {_named(taken)} has {has}"
        if not sample.measured(metric) > 0:
            return f"{side} of {_named(taken)} took no {metric} time"
        if (sample.alone_s or 0.0) > sample.cpu_s + _ROUNDING_S:
            return f"{side} of {_named(taken)} ran alone for longer than it ran"
        if sample.alone_s is not None and taken.design is not Design.DUET:
            return f"{side} of {_named(taken)} has a time alone, as only duets have"
    return ""
