"""Look at a benchmark before measuring it: does it work on both sides, and which design fits?"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pyperf

from bench.core.result import CONTROL, Outputs
from bench.core.sample import Design, Metric, Sample, Side
from bench.core.service import ServiceMeasure
from bench.core.target import Benchmark, Kind
from bench.engine.measure.client import Invocation
from bench.engine.measure.invocations import NotPresentError, NotServedError, Subject
from bench.engine.measure.outputs import OutputsSeen, names_of
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides, read_worker

# A process that waits for more than this share of its time, or keeps more cores than this busy, is
# not CPU-bound on one core: its CPU time is not what a user waits for.
_BLOCKED = 0.10
_SURELY_BLOCKED = 0.60
_MORE_LOOKS = 3
_ATTEMPTS = 3
_BLOCKED_S = 0.002  # starting a process takes about this long in the kernel, on nobody's account
_PARALLEL = 1.10
# A process that computes and gets less than this share of a core shares it with others. Threads
# beside the first that have more than that share of its CPU time count.
_GIVEN, _SEVERAL = 0.90, 0.20
_TICKS_S = 0.02  # what children have used is told in ticks, of user and of system time
_CANNOT_TELL = "has several threads, and the machine is too busy to tell whether they work at once"
_LONG_S = 0.5  # looking twice at such a process costs more than it tells
_VALUES = ("--worker", "--worker-task", "0", "--pipe", "3", "--warmups", "1", "--values", "3")
_CALIBRATE = (
    "--worker",
    "--worker-task",
    "0",
    "--pipe",
    "3",
    "--calibrate-loops",
    "--warmups",
    "0",
    "--values",
    "1",
)
_MIN_TIME = ("--min-time", "0.05")
_SECOND = ("--worker", "--worker-task", "1", "--pipe", "3", "--warmups", "0", "--values", "1",
           "--loops", "1")  # fmt: skip
_ONE = ("--worker", "--worker-task", "0", "--pipe", "3", "--warmups", "0", "--values", "1")
_SERVICE = "a service, asked by clients on another core: one side after the other"
_CONTAINER = "a container is waited for: its engine works on any core"
_LONG = "takes long, in parts by the clock: each side by itself"

_CPU_ALONE = 'metric = "cpu": what it waits for is not looked at'
_TRACKED = "what it returns is compared: each side by itself"
_MEMORY = "peak memory decides: each side by itself, on any core"


class NotMeasurableError(Exception):
    """A benchmark fails on one side or both; the message says how, `sides` where.

    `works` are the sides on which it was seen to work.
    """

    def __init__(self, message: str, sides: tuple[Side, ...], works: tuple[Side, ...] = ()) -> None:
        super().__init__(message)
        self.sides = sides
        self.works = works


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a benchmark will be measured, and why; `outputs` is what both sides printed.

    `round_s` is about how long a round takes on a machine with nothing else to do.
    """

    sides: Sides
    design: Design
    metric: Metric
    reason: str
    loops: int
    outputs: Outputs | None = None
    round_s: float = 0.0


def warm_up(taker: RoundTaker, sides: Sides) -> None:
    """Run each side once, for what it sets up: a benchmark that was probed in another place."""
    for side in Side:
        with contextlib.suppress(RoundFailedError):  # a round will say so
            taker.alone(sides, side, pin=True)


def probe(
    taker: RoundTaker, benchmark: Benchmark, base: Subject, head: Subject, wanted: Design | None
) -> Choice:
    """Run each side a few times by itself, discard the figures, and choose a design.

    What commands and imports print is compared. Raises `NotMeasurableError` when a side fails: what
    fails is never timed.
    """
    seen = OutputsSeen(names_of(base, head))
    if benchmark.kind is not Kind.SCRIPT and benchmark.name != CONTROL:
        taker = dataclasses.replace(taker, after=seen.note)
    choice = _choose(taker, benchmark, base, head, wanted)
    outputs = _calls_compared(choice.sides) if benchmark.function else seen.compared()
    return dataclasses.replace(choice, outputs=outputs)


def _calls_compared(sides: Sides) -> Outputs | None:
    """Whether both sides call the function that is timed equally often, as they last told."""
    base, head = (
        read_worker(Path(sides.side(side).extra), side).get_metadata().get("calls") for side in Side
    )
    if base == head:
        return None
    name = sides.benchmark.function
    return Outputs(
        differs=(f"the number of calls of {name}",), excerpt=f"- {base} calls\n+ {head} calls"
    )


def _choose(
    taker: RoundTaker, benchmark: Benchmark, base: Subject, head: Subject, wanted: Design | None
) -> Choice:
    sides, loops = _prepare(taker, benchmark, base, head)
    known = _known(benchmark, wanted, can_pin=bool(taker.cpus))
    if known is not None:
        pin = known[0] is Design.DUET
        tried = [_try(taker, sides, side, pin=pin) for side in Side]  # the warm-up, and the check
        design, metric, reason = known
        return Choice(
            sides=sides,
            design=design,
            metric=metric,
            reason=reason,
            loops=loops,
            round_s=0.0 if benchmark.container else sum(one.wall_s for one in tried),
        )
    if benchmark.is_suite and not benchmark.function:
        return _choose_for_suite(taker, benchmark, base, head, wanted, loops)
    free, pinned = _alone(taker, sides)
    if benchmark.kind is Kind.SCRIPT:
        counting_cpu = prepare_again(benchmark, base, head, Design.DUET, loops)
        found = _look_at_script(taker, sides, counting_cpu, pinned)
    else:
        found = choose(free, _look_again(taker, sides, pinned), can_pin=bool(taker.cpus))
    design, metric, reason = _as_asked(found, wanted, benchmark.kind, can_pin=bool(taker.cpus))
    return Choice(
        sides=prepare_again(benchmark, base, head, design, loops),
        design=design,
        metric=metric,
        reason=reason,
        loops=loops,
        round_s=sum(min(map(_lasts_s(metric), free[side::2])) for side in (0, 1)),
    )


def _look_at_script(
    taker: RoundTaker, sides: Sides, counting_cpu: Sides, by_wall: list[Sample]
) -> tuple[Design, Metric, str]:
    """The design of a script; in doubt both clocks are read again: no process has both."""
    can_pin = bool(taker.cpus)
    by_cpu = [_try(taker, counting_cpu, side, pin=True) for side in Side]
    for _ in range(_MORE_LOOKS if can_pin else 0):
        if not 1 - _SURELY_BLOCKED < _explained(by_wall, by_cpu) < 1 - _BLOCKED:
            break
        by_wall = by_wall + [_try(taker, sides, side, pin=True) for side in Side]
        by_cpu = by_cpu + [_try(taker, counting_cpu, side, pin=True) for side in Side]
    return choose_for_script(by_wall, by_cpu, can_pin=can_pin)


def _choose_for_suite(
    taker: RoundTaker,
    benchmark: Benchmark,
    base: Subject,
    head: Subject,
    wanted: Design | None,
    loops: int,
) -> Choice:
    """One process of each side, which has run before: it tells how much of a value is CPU time."""
    tried = prepare_again(benchmark, base, head, Design.DUET, loops)
    samples = [_try(taker, tried, side, pin=True) for side in Side]
    explained = min(
        float(read_worker(Path(tried.side(side).extra), side).get_metadata()["explained"])
        for side in Side
    )
    can_pin = bool(taker.cpus)
    found = _as_explained(explained, can_pin=can_pin)
    design, metric, reason = _as_asked(found, wanted, benchmark.kind, can_pin=can_pin)
    return Choice(
        sides=prepare_again(benchmark, base, head, design, loops),
        design=design,
        metric=metric,
        reason=reason,
        loops=loops,
        round_s=sum(one.cpu_s for one in samples),
    )


def _as_asked(
    found: tuple[Design, Metric, str], wanted: Design | None, kind: Kind, *, can_pin: bool
) -> tuple[Design, Metric, str]:
    """What the probe found, unless another design is wanted."""
    design, metric, reason = found
    if wanted is Design.DUET and not can_pin:
        return design, metric, f"duet was asked for, but {reason}"
    if wanted is not None and wanted is not design:
        reason = f"asked for with --design (the probe: {design}, since {reason})"
        return wanted, _asked_metric(wanted, kind, metric), reason
    return found


def _lasts_s(metric: Metric) -> Callable[[Sample], float]:
    """How long a process takes; of one that only computes, whatever it had to wait for."""
    return lambda sample: sample.cpu_s if metric is Metric.CPU else sample.wall_s


def _known(
    benchmark: Benchmark, wanted: Design | None, *, can_pin: bool
) -> tuple[Design, Metric, str] | None:
    """The design of a benchmark that has only one, whatever its samples would say."""
    if benchmark.name == CONTROL and can_pin and wanted is not Design.PAIRS:
        return Design.DUET, Metric.CPU, "the bare interpreter only computes"
    if benchmark.container:
        return Design.PAIRS, Metric.VALUE, _CONTAINER
    if benchmark.service:
        return Design.PAIRS, Metric.VALUE, _SERVICE
    if benchmark.metric == "peak_rss":
        return Design.PAIRS, Metric.PEAK_RSS, _MEMORY
    if benchmark.rounds:
        return Design.PAIRS, Metric.WALL, _LONG
    if benchmark.is_tracked:
        return Design.PAIRS, Metric.VALUE, _TRACKED
    if benchmark.metric == "cpu" and can_pin and wanted is None:
        return Design.DUET, Metric.CPU, _CPU_ALONE
    return None


def _asked_metric(wanted: Design, kind: Kind, found: Metric) -> Metric:
    if kind is Kind.SCRIPT:
        return Metric.VALUE
    return Metric.CPU if wanted is Design.DUET else found


def prepare_again(
    benchmark: Benchmark, base: Subject, head: Subject, design: Design, loops: int
) -> Sides:
    """The processes of a benchmark that was probed (also by an earlier session of the run)."""
    if benchmark.kind is not Kind.SCRIPT:
        return Sides(benchmark, base.invocation(benchmark), head.invocation(benchmark))
    options = (*(_ONE if _is_one_value(benchmark) else _VALUES), "--loops", str(loops))
    together = design is Design.DUET
    return Sides(
        benchmark,
        base.invocation(benchmark, options, cpu_clock=together),
        head.invocation(benchmark, options, cpu_clock=together),
    )


def _is_one_value(benchmark: Benchmark) -> bool:
    """Whether a process takes one value: a start is a whole process of what is measured."""
    service = benchmark.service
    is_start = service is not None and service.measure is ServiceMeasure.COLD_START
    return is_start or benchmark.container is not None


def choose(
    free: list[Sample], pinned: list[Sample], *, can_pin: bool
) -> tuple[Design, Metric, str]:
    """Design, metric and reason, from samples that ran alone: on any core, and on one core.

    Both lists hold base and head in turn. The least waiting seen of a side counts: on a busy
    machine waiting comes and goes, but a process that sleeps does so each time.
    """
    parallel = max(sample.cpu_s / sample.wall_s for sample in free)
    blocked = _waiting(pinned)
    if parallel > _PARALLEL:
        return Design.PAIRS, Metric.WALL, f"keeps {parallel:.1f} cores busy at once"
    if blocked > _BLOCKED:
        return Design.PAIRS, Metric.WALL, f"waits for {blocked:.0%} of its time"
    if parallel < _GIVEN and max(map(_other_threads, free)) > _SEVERAL:
        return Design.PAIRS, Metric.WALL, _CANNOT_TELL
    if not can_pin:
        return Design.PAIRS, Metric.CPU, "this system cannot pin a process to a core"
    return Design.DUET, Metric.CPU, f"CPU-bound on one core (waits for {blocked:.0%})"


def _other_threads(sample: Sample) -> float:
    """The share of the CPU time that certainly neither the first thread nor children had."""
    if sample.first_thread_s is None or not sample.cpu_s:
        return 0.0
    known_s = sample.first_thread_s + (sample.children_s or 0.0) + _TICKS_S
    return (sample.cpu_s - known_s) / sample.cpu_s


def choose_for_script(
    by_wall: list[Sample], by_cpu: list[Sample], *, can_pin: bool
) -> tuple[Design, Metric, str]:
    """The same for a script, from its values by wall clock and by CPU clock.

    Both lists hold base and head in turn, on one core. Where a thread's CPU time explains the wall
    time, it may stand for it; not so where a script sleeps, or has threads or children work for it.
    Time in which a process stood ready to run while others had the core is no waiting of its own.
    """
    return _as_explained(_explained(by_wall, by_cpu), can_pin=can_pin)


def _explained(by_wall: list[Sample], by_cpu: list[Sample]) -> float:
    """The share of a value by wall clock that CPU time makes up, on the side where it is less.

    The values are of different processes, and the speed of a shared machine moves by a tenth from
    one to the next: of several the medians count, of a first one the least disturbed.
    """

    def share(side: int) -> float:
        cpu = [sample.measured(Metric.VALUE) for sample in by_cpu[side::2]]
        wall = [_undisturbed(sample) for sample in by_wall[side::2]]
        return median(cpu) / (median(wall) if len(cpu) > 1 else min(wall))

    return min(map(share, (0, 1)))


def _as_explained(explained: float, *, can_pin: bool) -> tuple[Design, Metric, str]:
    if not can_pin:
        return Design.PAIRS, Metric.VALUE, "this system cannot pin a process to a core"
    if explained < 1 - _BLOCKED:
        reason = f"CPU time of its thread explains only {explained:.0%} of a value"
        return Design.PAIRS, Metric.VALUE, reason
    return Design.DUET, Metric.VALUE, "CPU-bound: its thread's CPU time explains its values"


def _undisturbed(sample: Sample) -> float:
    """A value by wall clock, less the share that went to others on the same core."""
    queued = (sample.run_queue_s or 0.0) / sample.wall_s
    return sample.measured(Metric.VALUE) * (1 - queued)


def _look_again(taker: RoundTaker, sides: Sides, pinned: list[Sample]) -> list[Sample]:
    """More samples while waiting is in doubt: a busy machine can look like it for a moment."""
    for _ in range(_MORE_LOOKS):
        if not _BLOCKED < _waiting(pinned) < _SURELY_BLOCKED:
            break
        pinned = pinned + [_try(taker, sides, side, pin=True) for side in Side]
    return pinned


def _waiting(pinned: list[Sample]) -> float:
    """The least share of waiting seen of each side; of the two, the larger."""
    return max(min(map(_waiting_share, pinned[side::2])) for side in (0, 1))


def _waiting_share(sample: Sample) -> float:
    """The part of the wall time in which the process neither ran nor stood ready to run."""
    waited = sample.wall_s - sample.cpu_s - (sample.run_queue_s or 0.0)
    return waited / sample.wall_s if waited > _BLOCKED_S else 0.0


def _alone(taker: RoundTaker, sides: Sides) -> tuple[list[Sample], list[Sample]]:
    if sides.benchmark.is_suite:  # long processes, which have been warmed up and checked
        pinned = [_try(taker, sides, side, pin=True) for side in Side]
        return pinned, pinned
    # The warm-up, and the check
    free = [_try(taker, sides, side, pin=False, beside=True) for side in Side]
    repeats = 1 if max(sample.wall_s for sample in free) > _LONG_S else 2
    if repeats > 1:
        free = [_try(taker, sides, side, pin=False, beside=True) for side in Side]
    if not all(map(_has_one_thread, free)):  # how busy it keeps the cores shows by itself only
        free = [_try(taker, sides, side, pin=False) for side in Side]
    # Once is enough: where it looks like waiting, `_look_again` does.
    often = repeats if sides.benchmark.kind is Kind.SCRIPT else 1
    pinned = [_try(taker, sides, side, pin=True) for _ in range(often) for side in Side]
    return free, pinned


def _has_one_thread(sample: Sample) -> bool:
    """Whether nearly all its CPU time is one thread's: then it never kept two cores busy."""
    return (sample.first_thread_s or 0.0) * _PARALLEL >= sample.cpu_s


def _try(taker: RoundTaker, sides: Sides, side: Side, *, pin: bool, beside: bool = False) -> Sample:
    try:
        return _patiently(taker, sides, side, pin=pin, beside=beside)
    except RoundFailedError as error:
        if error.is_absent:
            raise NotMeasurableError(str(error), (side,)) from error
        raise _not_measurable(taker, sides, side, str(error)) from error


def _patiently(
    taker: RoundTaker, sides: Sides, side: Side, *, pin: bool, beside: bool = False
) -> Sample:
    """A process by itself, tried again where it may fail now and then."""
    for _ in range(_ATTEMPTS - 1 if sides.benchmark.failures_allowed else 0):
        try:
            return taker.alone(sides, side, pin=pin, beside=beside)
        except RoundFailedError as error:
            if error.is_hung or error.is_absent:
                raise
    return taker.alone(sides, side, pin=pin, beside=beside)


def _not_measurable(
    taker: RoundTaker, sides: Sides, failed: Side, message: str
) -> NotMeasurableError:
    """What failed where: whether the other side works is worth knowing as well."""
    other = Side.HEAD if failed is Side.BASE else Side.BASE
    try:
        _patiently(taker, sides, other, pin=False)
    except RoundFailedError as error:
        both = message if message == str(error) else f"{message}; {error}"
        return NotMeasurableError(both, (failed, other))
    return NotMeasurableError(message, (failed,), works=(other,))


def _prepare(
    taker: RoundTaker, benchmark: Benchmark, base: Subject, head: Subject
) -> tuple[Sides, int]:
    missing: dict[Side, NotPresentError | NotServedError] = {}
    there: dict[Side, Invocation] = {}
    for side, subject in ((Side.BASE, base), (Side.HEAD, head)):
        try:
            there[side] = subject.invocation(benchmark)
            subject.check_present(benchmark)
        except (NotPresentError, NotServedError) as error:
            missing[side] = error
    if missing:
        message = "; ".join(dict.fromkeys(map(str, missing.values())))
        if len(missing) == 1 and not any(one.is_declared for one in missing.values()):
            ((failed, _),) = missing.items()
            ((_, only),) = there.items()
            raise _not_measurable(taker, Sides(benchmark, only, only), failed, message)
        raise NotMeasurableError(message, tuple(missing))
    loops = 1 if _is_one_value(benchmark) else 0
    if benchmark.kind is Kind.SCRIPT and not loops:
        loops = _calibrate(taker, benchmark, base, head)
    return prepare_again(benchmark, base, head, Design.PAIRS, loops), loops


def _check_only(
    taker: RoundTaker, benchmark: Benchmark, base: Subject, first: pyperf.Benchmark
) -> None:
    """Refuse a script of several pyperf benchmarks, of which a worker runs the first alone."""
    worker = base.invocation(benchmark, _SECOND)
    try:
        taker.alone(Sides(benchmark, worker, worker), Side.BASE, pin=True)
    except RoundFailedError:
        return  # there is no second, and so no result
    names = f"{first.get_name()}, {read_worker(Path(worker.extra), Side.BASE).get_name()}"
    message = (
        f"the script has several pyperf benchmarks ({names}, …) and must have one: let an argument "
        "choose it (`arguments` in the target's file), or write a script for each"
    )
    raise NotMeasurableError(message, tuple(Side))


def _calibrate(taker: RoundTaker, benchmark: Benchmark, base: Subject, head: Subject) -> int:
    """Inner loops of a script: calibrated on base, then used by both sides."""
    options = (*_CALIBRATE, *_MIN_TIME)
    sides = Sides(
        benchmark, base.invocation(benchmark, options), head.invocation(benchmark, options)
    )
    for side in (Side.HEAD, Side.BASE):
        _try(taker, sides, side, pin=True)
    first = read_worker(Path(sides.base.extra), Side.BASE)
    metadata = first.get_metadata()
    if benchmark.script:
        _check_only(taker, benchmark, base, first)
    return int(metadata.get("calibrate_loops", metadata.get("loops", 1)))
