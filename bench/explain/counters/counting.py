"""All counters of a run: every benchmark under one instrument after the other, within a budget.

Instructions come first; each instrument has a share of the run's budget, so that all benchmarks get
something of each, and under each the cheapest benchmarks come first. What will be counted is worked
out before anything starts, from the CPU time of the rounds; the rest is recorded as skipped, with
the time it would have taken. Load does not change what is counted, so nothing is repeated, and all
lanes count at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from bench.core.counts import Counter, Instrument, Names, Tally
from bench.core.crew import Job
from bench.core.sample import Metric, Side
from bench.core.target import Benchmark, Kind
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
BENCHMARK_CAP_S = 30.0
COMMAND_S = 60.0  # while all lanes count, for all Pythons together
LEAST_RUN_S = 45.0
# Of a run's seconds. Allocations, which cost as much as instructions, get what the others leave.
SHARES = {
    Instrument.INSTRUCTIONS: 0.5,
    Instrument.OBSERVER: 0.25,
    Instrument.SYSTEM_CALLS: 0.1,
    Instrument.MEMORY: 0.15,
    Instrument.ALLOCATIONS: 1.0,
}
AT_MOST_S = 2 * COMMAND_S
ASKED_S = 600.0  # the most for one process whose exact figures were asked for
_TAKES_MINUTES = "not taken of a benchmark of minutes (several times as long under it)"

_Names = Mapping[Counter, frozenset[str]]
_Count = Callable[[Sides, Side], Observation]


@dataclass(frozen=True)
class Method:
    """An instrument ready for use: how to count a side, and what that costs in time."""

    count: _Count
    slow_down: float
    start_s: float

    def estimate(self, counted: _Benchmark, side: Side) -> float:
        """About how many seconds a side takes; CPU time is slowed down, waiting is not."""
        cost = counted.costs[side]
        return self.start_s + max(cost.cpu_s * self.slow_down, cost.wall_s)


@dataclass(frozen=True)
class _Cost:
    """What one uncounted process takes: the least seen in any round."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class _Benchmark:
    sides: tuple[Sides, ...]
    costs: dict[Side, _Cost]

    @property
    def declaration(self) -> Benchmark:
        return self.sides[0].benchmark


@dataclass(frozen=True)
class _Task:
    """One instrument on one benchmark; `long`: one of minutes, whose time was asked for.

    `asked`: each side is counted twice, whatever it takes.
    """

    instrument: Instrument
    method: Method
    benchmark: _Benchmark
    asked: bool

    @property
    def name(self) -> str:
        return self.benchmark.declaration.name

    @property
    def long(self) -> bool:
        return self.benchmark.declaration.rounds > 0

    @property
    def is_wanted(self) -> bool:
        """Whether it is done whatever the budgets."""
        return self.long or self.asked

    @property
    def seconds(self) -> float:
        once = sum(self.method.estimate(self.benchmark, side) for side in Side)
        return once * (1 + self.asked)


@dataclass(kw_only=True)
class Counting:
    """Counts what a run's benchmarks do, and records it; nothing of it ends a session.

    `measured` are the processes of each benchmark, for each lane with folders of its own;
    `seconds` is the budget of the run, of all lanes together, and `elapsed_s` what they have spent.
    """

    run: Run
    measured: Sequence[Sequence[Sides]]
    environments: Environments
    isolation: Isolation
    record: Callable[[Counted], None]
    watcher: Watcher
    seconds: float
    shares: Mapping[Instrument, float] = field(default_factory=lambda: SHARES)
    elapsed_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def runner(self) -> Runner:
        """Starts counted processes, and stops those that would break the limit of the run."""
        left_s = (AT_MOST_S - self.elapsed_s / len(self.measured)) / len(Side)
        return Runner(self.isolation, timeout_s=max(min(3 * SIDE_CAP_S, left_s), 1.0))

    def _is_asked(self, instrument: Instrument, one: _Benchmark) -> bool:
        """Whether exact figures of it were asked for: in its table, or of this run."""
        options = self.run.manifest.options
        wanted = options.allocated or (options.counters and options.allocated_of(one.declaration))
        return instrument is Instrument.ALLOCATIONS and wanted

    def jobs(self) -> list[Job]:
        """To count each measured command and import that was not counted yet."""
        found = _benchmarks(self.run, zip(*self.measured, strict=True))
        tasks = [task for instrument in SHARES for task in self._tasks(instrument, found)]
        chosen = self._chosen(tasks)
        if not chosen:
            return []
        if short := [task for task in chosen if not task.is_wanted]:
            short_s = sum(task.seconds for task in short) / len(self.measured)
            self.watcher.say(
                f"counters still running (about {short_s:.0f} s, at most {AT_MOST_S:.0f} s; "
                "Ctrl-C keeps all above)"
            )
        if asked := [one for one in chosen if one.asked]:
            asked_s = sum(one.seconds for one in asked) / len(self.measured)
            self.watcher.say(f"counting bytes allocated, twice a side: about {asked_s:.0f} s more")
        if any(one.long for one in chosen):
            self.watcher.say("end-to-end benchmarks run once more, to be counted")
        return [Job(do=partial(self._count, task), alone=task.long) for task in chosen]

    def _tasks(self, instrument: Instrument, found: Sequence[_Benchmark]) -> list[_Task]:
        """What there is to do with an instrument, cheapest first; none where it is missing."""
        waiting = [
            one
            for one in found
            if instrument not in self.run.counted(one.declaration.name)
            and (self.run.manifest.options.counters or self._is_asked(instrument, one))
        ]
        if not waiting:
            return []
        try:
            method = self._method(instrument)
        except NotCountedError as error:
            for one in waiting:
                self.record(
                    Counted(
                        benchmark=one.declaration.name,
                        instrument=instrument,
                        skipped=str(error),
                        asked=self._is_asked(instrument, one),
                    )
                )
            return []
        tasks = [_Task(instrument, method, one, self._is_asked(instrument, one)) for one in waiting]
        return sorted(tasks, key=lambda task: task.seconds)

    def _chosen(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Those within the budgets; why the others are not is recorded."""
        chosen: list[_Task] = []
        left_s = {one: share * self.seconds for one, share in self.shares.items()}
        run_left_s, own_left_s = (
            self.seconds,
            dict.fromkeys((task.name for task in tasks), BENCHMARK_CAP_S),
        )
        for task in tasks:
            reason = _too_long(
                task, min(left_s[task.instrument], run_left_s), own_left_s[task.name]
            )
            if reason:
                self.record(
                    Counted(benchmark=task.name, instrument=task.instrument, skipped=reason)
                )
                continue
            chosen.append(task)
            if not task.is_wanted:
                left_s[task.instrument] -= task.seconds
                own_left_s[task.name] -= task.seconds
                run_left_s -= task.seconds
        return chosen

    def _count(self, task: _Task, lane: int) -> None:
        taken_s = self.elapsed_s / len(self.measured)
        if taken_s > AT_MOST_S and not task.is_wanted:
            reason = f"counting has taken {taken_s:.0f} s already (limit {AT_MOST_S:.0f} s)"
            self.record(Counted(benchmark=task.name, instrument=task.instrument, skipped=reason))
            return
        watcher = self.watcher.on_lane(lane)
        watcher.phase(f"counting: {task.instrument} of {task.name}")
        started = time.monotonic()
        counted = _count(task, task.benchmark.sides[lane])
        elapsed_s = time.monotonic() - started
        watcher.phase("")
        with self._lock:
            self.elapsed_s += 0.0 if task.is_wanted else elapsed_s
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
        options = self.run.manifest.options

        def count(sides: Sides, side: Side) -> Observation:
            runner = self.runner
            if isinstance(counter, AllocationCounter) and options.allocated_of(sides.benchmark):
                runner = replace(runner, timeout_s=ASKED_S)
            return _nameless(counter.count(runner, sides.benchmark, sides.side(side)))

        return count


@dataclass(frozen=True)
class CountersStep:
    """The step of a run that counts what its benchmarks do, once all timing is over."""

    watcher: Watcher

    def __call__(self, now: OpenRun) -> list[Job]:
        """Count what was not counted yet, if the run is to have counters."""
        options = now.plan.options
        if options.series or not (options.counters or options.allocated):
            return []
        counting = Counting(
            run=now.read(),
            measured=now.ready,
            environments=now.environments,
            isolation=now.network.isolation,
            record=now.journal.write,
            watcher=self.watcher,
            seconds=max(
                COMMAND_S * len(now.lanes) / max(len(now.plan.interpreters), 1), LEAST_RUN_S
            ),
        )
        return counting.jobs()


def _benchmarks(run: Run, measured: Iterable[tuple[Sides, ...]]) -> list[_Benchmark]:
    found = []
    for sides in measured:
        declaration = sides[0].benchmark
        rounds = run.rounds(declaration.name)
        failed = run.unavailable(declaration.name) is not None
        if declaration.kind is Kind.SCRIPT or failed or not rounds:
            continue
        plan = run.probed(declaration.name)
        # Wall time of what only computes says how busy the machine was, nothing of the process.
        waits = Metric.WALL if plan is None or plan.metric is Metric.WALL else Metric.CPU
        costs = {
            side: _Cost(
                min(taken.sample(side).cpu_s for taken in rounds),
                min(taken.sample(side).measured(waits) for taken in rounds),
            )
            for side in Side
        }
        found.append(_Benchmark(sides, costs))
    return found


def _too_long(task: _Task, left_s: float, own_left_s: float) -> str:
    """Why a task is not begun; "" if it may be."""
    if task.asked:
        return ""
    if task.long:
        return "" if task.instrument is Instrument.OBSERVER else _TAKES_MINUTES
    longest_s = max(task.method.estimate(task.benchmark, side) for side in Side)
    if longest_s > SIDE_CAP_S:
        return f"would take about {longest_s:.0f} s a side (limit {SIDE_CAP_S:.0f} s)"
    if task.seconds > own_left_s:
        return (
            f"would take about {task.seconds:.0f} s (the budget of a benchmark, "
            f"{BENCHMARK_CAP_S:.0f} s, has {max(own_left_s, 0):.0f} s left)"
        )
    if task.seconds > left_s:
        return (
            f"would take about {task.seconds:.0f} s (the budget of {task.instrument} in a run has "
            f"{max(left_s, 0):.0f} s left)"
        )
    return ""


def _nameless(tally: Tally) -> Observation:
    return Observation(tally, {})


def _count(task: _Task, sides: Sides) -> Counted:
    """Both sides; what fails on one of them is said, and the other's figures are kept."""
    seen, failures = _both_sides(task, sides)
    again, others = _both_sides(task, sides) if task.asked and not failures else ({}, [])
    failures += others
    tallies = {side: observation.tally for side, observation in seen.items()}
    repeats = {side: observation.tally for side, observation in again.items()}
    return Counted(
        benchmark=task.name,
        instrument=task.instrument,
        base=tallies.get(Side.BASE),
        head=tallies.get(Side.HEAD),
        names=_differences(seen[Side.BASE].names, seen[Side.HEAD].names) if len(seen) > 1 else {},
        skipped="; ".join(failures),
        asked=task.asked,
        base_again=repeats.get(Side.BASE),
        head_again=repeats.get(Side.HEAD),
    )


def _both_sides(task: _Task, sides: Sides) -> tuple[dict[Side, Observation], list[str]]:
    """What was seen of each side, and why of one nothing was."""
    seen: dict[Side, Observation] = {}
    failures = []
    for side in Side:
        try:
            seen[side] = task.method.count(sides, side)
        except NotCountedError as error:
            failures.append(f"{side}: {error}")
    return seen, failures


def _differences(base: _Names, head: _Names) -> dict[Counter, Names]:
    found = {}
    for counter in base:
        appeared, vanished = head[counter] - base[counter], base[counter] - head[counter]
        if appeared or vanished:
            found[counter] = Names(tuple(sorted(appeared)), tuple(sorted(vanished)))
    return found
