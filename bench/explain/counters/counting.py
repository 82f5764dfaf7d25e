"""All counters of a run: every benchmark under one instrument after the other, within a budget.

Each instrument has a budget of its own, so that a cheap one leaves nothing less for instructions,
and under each the cheapest benchmarks come first. What will be counted is worked out before
anything starts, from the CPU time of the rounds; the rest is recorded as skipped, with the time it
would have taken. Load does not change what is counted, so nothing is repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from bench.core.counts import Counter, Instrument, Names, Tally
from bench.core.sample import Metric, Side
from bench.core.target import Kind
from bench.engine.environments.pair import Environments
from bench.engine.measure.rounds import Sides
from bench.engine.sandbox.isolation import Isolation
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
RUN_CAP_S = 150.0
# Allocations, which cost as much as instructions, get what the others leave.
BUDGETS_S = {
    Instrument.OBSERVER: 15.0,
    Instrument.INSTRUCTIONS: 95.0,
    Instrument.SYSTEM_CALLS: 18.0,
    Instrument.MEMORY: 22.0,
    Instrument.ALLOCATIONS: RUN_CAP_S,
}
AT_MOST_S = 180.0
_TAKES_MINUTES = "not taken of a benchmark of minutes (several times as long under it)"

_Names = Mapping[Counter, frozenset[str]]
_Count = Callable[[Sides, Side], Observation]


@dataclass(frozen=True)
class Method:
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


@dataclass(frozen=True)
class _Task:
    """One instrument on one benchmark; `long`: one of minutes, whose time was asked for."""

    instrument: Instrument
    method: Method
    job: _Job

    @property
    def name(self) -> str:
        return self.job.sides.benchmark.name

    @property
    def long(self) -> bool:
        return self.job.sides.benchmark.rounds > 0

    @property
    def seconds(self) -> float:
        return sum(self.method.estimate(self.job, side) for side in Side)


@dataclass(kw_only=True)
class Counting:
    """Counts what a run's benchmarks do, and records it; nothing of it ends a session."""

    run: Run
    environments: Environments
    isolation: Isolation
    record: Callable[[Counted], None]
    watcher: Watcher
    budgets_s: Mapping[Instrument, float] = field(default_factory=lambda: BUDGETS_S)
    elapsed_s: float = 0.0

    @property
    def runner(self) -> Runner:
        """Starts counted processes, and stops those that would break the limit of the run."""
        left_s = (AT_MOST_S - self.elapsed_s) / len(Side)
        return Runner(self.isolation, timeout_s=max(min(3 * SIDE_CAP_S, left_s), 1.0))

    def count_all(self, measured: Iterable[Sides]) -> None:
        """Count each measured command and import that was not counted yet."""
        jobs = _jobs(self.run, measured)
        tasks = [task for instrument in BUDGETS_S for task in self._tasks(instrument, jobs)]
        chosen = self._chosen(tasks)
        if not chosen:
            return
        short_s = sum(task.seconds for task in chosen if not task.long)
        self.watcher.say(
            f"counters still running (about {short_s:.0f} s, at most {AT_MOST_S / 60:.0f} min; "
            "Ctrl-C keeps all above)"
        )
        if any(one.long for one in chosen):
            self.watcher.say("end-to-end benchmarks run once more, to be counted")
        for task in chosen:
            self._count(task)

    def _tasks(self, instrument: Instrument, jobs: Sequence[_Job]) -> list[_Task]:
        """What there is to do with an instrument, cheapest first; none where it is missing."""
        waiting = [
            job for job in jobs if instrument not in self.run.counted(job.sides.benchmark.name)
        ]
        if not waiting:
            return []
        try:
            method = self._method(instrument)
        except NotCountedError as error:
            for job in waiting:
                self.record(
                    Counted(
                        benchmark=job.sides.benchmark.name,
                        instrument=instrument,
                        skipped=str(error),
                    )
                )
            return []
        tasks = [_Task(instrument, method, job) for job in waiting]
        return sorted(tasks, key=lambda task: task.seconds)

    def _chosen(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Those within the budgets; why the others are not is recorded."""
        chosen: list[_Task] = []
        left_s, run_left_s = dict(self.budgets_s), RUN_CAP_S
        for task in tasks:
            reason = _too_long(task, min(left_s[task.instrument], run_left_s))
            if reason:
                self.record(
                    Counted(benchmark=task.name, instrument=task.instrument, skipped=reason)
                )
                continue
            chosen.append(task)
            if not task.long:
                left_s[task.instrument] -= task.seconds
                run_left_s -= task.seconds
        return chosen

    def _count(self, task: _Task) -> None:
        self.watcher.phase(f"counting: {task.instrument} of {task.name}")
        if self.elapsed_s > AT_MOST_S and not task.long:
            reason = f"counting has taken {self.elapsed_s:.0f} s already (limit {AT_MOST_S:.0f} s)"
            self.record(Counted(benchmark=task.name, instrument=task.instrument, skipped=reason))
            return
        started = time.monotonic()
        counted = _count(task)
        elapsed_s = time.monotonic() - started
        if not task.long:
            self.elapsed_s += elapsed_s
        self.record(msgspec.structs.replace(counted, elapsed_s=round(elapsed_s, 3)))

    def _method(self, instrument: Instrument) -> Method:
        """The instrument on this machine; raises `NotCountedError` where it is missing."""
        if instrument is Instrument.OBSERVER:
            return Method(self._observe, 1.2, 0.1)
        if instrument is Instrument.MEMORY:
            return Method(self._trace_memory, 4.0, 0.1)
        if instrument is Instrument.SYSTEM_CALLS:
            strace = find_strace()
            return Method(
                lambda sides, side: _nameless(
                    count_system_calls(self.runner, sides.benchmark, sides.side(side), strace)
                ),
                2.5,
                0.1,
            )
        if instrument is Instrument.ALLOCATIONS:
            allocations = find_allocation_counter()
            return Method(self._counted_by(allocations), allocations.slow_down, allocations.start_s)
        counter = find_instruction_counter()
        return Method(self._counted_by(counter), counter.slow_down, counter.start_s)

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
            run=now.read(),
            environments=now.environments,
            isolation=now.network.isolation,
            record=now.journal.write,
            watcher=self.watcher,
        )
        counting.count_all(now.ready)
        now.journal.sync()


def _jobs(run: Run, measured: Iterable[Sides]) -> list[_Job]:
    jobs = []
    for sides in measured:
        rounds = run.rounds(sides.benchmark.name)
        failed = run.unavailable(sides.benchmark.name) is not None
        if sides.benchmark.kind is Kind.SCRIPT or failed or not rounds:
            continue
        plan = run.probed(sides.benchmark.name)
        # Wall time of what only computes says how busy the machine was, nothing of the process.
        waits = Metric.WALL if plan is None or plan.metric is Metric.WALL else Metric.CPU
        costs = {
            side: _Cost(
                min(taken.sample(side).cpu_s for taken in rounds),
                min(taken.sample(side).measured(waits) for taken in rounds),
            )
            for side in Side
        }
        jobs.append(_Job(sides, costs))
    return jobs


def _too_long(task: _Task, left_s: float) -> str:
    """Why a task is not begun; "" if it may be."""
    if task.long:
        return "" if task.instrument is Instrument.OBSERVER else _TAKES_MINUTES
    longest_s = max(task.method.estimate(task.job, side) for side in Side)
    if longest_s > SIDE_CAP_S:
        return f"would take about {longest_s:.0f} s a side (limit {SIDE_CAP_S:.0f} s)"
    if task.seconds > left_s:
        return (
            f"would take about {task.seconds:.0f} s (the budget of {task.instrument} in a run has "
            f"{max(left_s, 0):.0f} s left)"
        )
    return ""


def _nameless(tally: Tally) -> Observation:
    return Observation(tally, {})


def _count(task: _Task) -> Counted:
    """Both sides; what fails on one of them is said, and the other's figures are kept."""
    seen: dict[Side, Observation] = {}
    failures = []
    for side in Side:
        try:
            seen[side] = task.method.count(task.job.sides, side)
        except NotCountedError as error:
            failures.append(f"{side}: {error}")
    tallies = {side: observation.tally for side, observation in seen.items()}
    return Counted(
        benchmark=task.name,
        instrument=task.instrument,
        base=tallies.get(Side.BASE),
        head=tallies.get(Side.HEAD),
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
