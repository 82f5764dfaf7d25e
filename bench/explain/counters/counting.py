"""All counters of a run: every benchmark under one instrument after the other, within a budget.

Instruments go from the cheapest to the most expensive, and under each the benchmarks likewise, so
that what the budget does not reach is the slowest; it is recorded as skipped, with the time it
would have taken. Load does not change what is counted, so nothing is repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.core.counts import Counter, Instrument, Names, Tally
from bench.core.sample import Side
from bench.core.target import Kind
from bench.engine.environments.pair import Environments
from bench.engine.measure.client import Isolation
from bench.engine.measure.rounds import Sides
from bench.engine.session.open_run import OpenRun
from bench.engine.session.watcher import Watcher
from bench.engine.store.events import Counted
from bench.engine.store.run import Run
from bench.explain.counters.allocations import AllocationCounter, find_allocation_counter
from bench.explain.counters.instructions import InstructionCounter, find_instruction_counter
from bench.explain.counters.observe import Observation, observe, trace_memory
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.counters.system_calls import count_system_calls, find_strace

# Seconds as they would be on an idle machine: what gets counted must not depend on its load. On a
# busy one all takes longer, up to the last limit.
SIDE_CAP_S = 20.0
RUN_CAP_S = 60.0
_AT_MOST_S = 180.0
_TAKES_MINUTES = "not taken of a benchmark of minutes (several times as long under it)"

_Names = Mapping[Counter, frozenset[str]]
_Count = Callable[[Sides, Side], Observation]


@dataclass(frozen=True)
class _Method:
    """An instrument ready for use: how to count a side, and what that costs in time."""

    count: _Count
    slow_down: float
    start_s: float

    def estimate(self, job: _Job, side: Side) -> float:
        """About how many seconds a side takes; CPU time is slowed down, waiting is not."""
        cost = job.costs[side]
        return self.start_s + max(cost.cpu_s * self.slow_down, cost.wall_s)


@dataclass(frozen=True)
class _Cost:
    """What one uncounted process takes: the least seen in any round."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class _Job:
    sides: Sides
    costs: dict[Side, _Cost]


@dataclass
class Counting:
    """Counts what a run's benchmarks do, and records it; nothing of it ends a session."""

    run: Run
    environments: Environments
    isolation: Isolation
    record: Callable[[Counted], None]
    announce: Callable[[str], None]
    left_s: float = RUN_CAP_S
    elapsed_s: float = 0.0

    @property
    def runner(self) -> Runner:
        """Starts counted processes, and stops those that take much longer than they should."""
        return Runner(self.isolation, timeout_s=3 * SIDE_CAP_S)

    def count_all(self, measured: Iterable[Sides]) -> None:
        """Count each measured command and import that was not counted yet."""
        jobs = _jobs(self.run, measured)
        for instrument in Instrument:
            waiting = [
                job for job in jobs if instrument not in self.run.counted(job.sides.benchmark.name)
            ]
            if waiting:
                self._count_under(instrument, waiting)

    def _count_under(self, instrument: Instrument, jobs: Sequence[_Job]) -> None:
        try:
            method = self._method(instrument)
        except NotCountedError as error:
            for job in jobs:
                self.record(Counted(job.sides.benchmark.name, instrument, skipped=str(error)))
            return
        for job in sorted(jobs, key=lambda job: _total(method, job)):
            self.announce(f"counting: {instrument} of {job.sides.benchmark.name}")
            started = time.monotonic()
            counted = self._refused(instrument, method, job) or _count(instrument, method, job)
            elapsed_s = time.monotonic() - started
            if not job.sides.benchmark.rounds:  # asked for, minutes and all
                self.left_s -= min(elapsed_s, _total(method, job))
                self.elapsed_s += elapsed_s
            self.record(_with_time(counted, elapsed_s))

    def _refused(self, instrument: Instrument, method: _Method, job: _Job) -> Counted | None:
        """Why a benchmark would take too long."""
        if job.sides.benchmark.rounds:
            if instrument is Instrument.OBSERVER:
                return None
            return Counted(job.sides.benchmark.name, instrument, skipped=_TAKES_MINUTES)
        longest_s = max(method.estimate(job, side) for side in Side)
        total_s = _total(method, job)
        if longest_s > SIDE_CAP_S:
            reason = f"would take about {longest_s:.0f} s a side (limit {SIDE_CAP_S:.0f} s)"
        elif total_s > self.left_s:
            reason = (
                f"would take about {total_s:.0f} s (all counters of a run: {RUN_CAP_S:.0f} s, "
                f"{max(self.left_s, 0):.0f} s left)"
            )
        elif self.elapsed_s > _AT_MOST_S:
            reason = f"counting has taken {self.elapsed_s:.0f} s already (limit {_AT_MOST_S:.0f} s)"
        else:
            return None
        return Counted(job.sides.benchmark.name, instrument, skipped=reason)

    def _method(self, instrument: Instrument) -> _Method:
        """The instrument on this machine; raises `NotCountedError` where it is missing."""
        if instrument is Instrument.OBSERVER:
            return _Method(self._observe, 1.2, 0.1)
        if instrument is Instrument.MEMORY:
            return _Method(self._trace_memory, 4.0, 0.1)
        if instrument is Instrument.SYSTEM_CALLS:
            strace = find_strace()
            return _Method(
                lambda sides, side: _nameless(
                    count_system_calls(self.runner, sides.benchmark, sides.side(side), strace)
                ),
                2.5,
                0.1,
            )
        if instrument is Instrument.ALLOCATIONS:
            allocations = find_allocation_counter()
            return _Method(
                self._counted_by(allocations), allocations.slow_down, allocations.start_s
            )
        counter = find_instruction_counter()
        return _Method(self._counted_by(counter), counter.slow_down, counter.start_s)

    def _observe(self, sides: Sides, side: Side) -> Observation:
        return observe(self.runner, sides.benchmark, sides.side(side), self.environments.side(side))

    def _trace_memory(self, sides: Sides, side: Side) -> Observation:
        return _nameless(trace_memory(self.runner, sides.benchmark, sides.side(side)))

    def _counted_by(self, counter: InstructionCounter | AllocationCounter) -> _Count:
        return lambda sides, side: _nameless(
            counter.count(self.runner, sides.benchmark, sides.side(side))
        )


@dataclass(frozen=True)
class CountersStep:
    """The step of a run that counts what its benchmarks do, once all timing is over."""

    watcher: Watcher

    def __call__(self, now: OpenRun) -> None:
        """Count what was not counted yet, if the run is to have counters."""
        if not now.plan.options.counters:
            return
        counting = Counting(
            now.read(), now.environments, now.network.isolation, now.journal.write,
            self.watcher.phase,
        )  # fmt: skip
        counting.count_all(now.ready)
        now.journal.sync()
        if counting.elapsed_s:
            self.watcher.say(f"counted what they do in {counting.elapsed_s:.0f} s")


def _jobs(run: Run, measured: Iterable[Sides]) -> list[_Job]:
    jobs = []
    for sides in measured:
        rounds = run.rounds(sides.benchmark.name)
        failed = run.unavailable(sides.benchmark.name) is not None
        if sides.benchmark.kind is Kind.SCRIPT or failed or not rounds:
            continue
        costs = {
            side: _Cost(
                min(taken.sample(side).cpu_s for taken in rounds),
                min(taken.sample(side).wall_s for taken in rounds),
            )
            for side in Side
        }
        jobs.append(_Job(sides, costs))
    return jobs


def _total(method: _Method, job: _Job) -> float:
    return sum(method.estimate(job, side) for side in Side)


def _nameless(tally: Tally) -> Observation:
    return Observation(tally, {})


def _count(instrument: Instrument, method: _Method, job: _Job) -> Counted:
    """Both sides; what fails on one of them is said, and the other's figures are kept."""
    seen: dict[Side, Observation] = {}
    failures = []
    for side in Side:
        try:
            seen[side] = method.count(job.sides, side)
        except NotCountedError as error:
            failures.append(f"{side}: {error}")
    tallies = {side: observation.tally for side, observation in seen.items()}
    return Counted(
        job.sides.benchmark.name,
        instrument,
        tallies.get(Side.BASE),
        tallies.get(Side.HEAD),
        names=_differences(seen[Side.BASE].names, seen[Side.HEAD].names) if len(seen) > 1 else {},
        skipped="; ".join(failures),
    )


def _differences(base: _Names, head: _Names) -> dict[Counter, Names]:
    found = {}
    for counter in base:
        appeared, vanished = head[counter] - base[counter], base[counter] - head[counter]
        if appeared or vanished:
            found[counter] = Names(tuple(sorted(appeared)), tuple(sorted(vanished)))
    return found


def _with_time(counted: Counted, elapsed_s: float) -> Counted:
    return Counted(
        counted.benchmark,
        counted.instrument,
        counted.base,
        counted.head,
        counted.names,
        counted.skipped,
        round(elapsed_s, 3),
    )
