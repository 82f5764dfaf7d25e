"""Run a benchmark before measuring it: does it work on both sides, and what do its samples say?"""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pyperf

from bench.core.result import CONTROL, Outputs
from bench.core.sample import Design, Metric, Sample, Side
from bench.core.service import ServiceMeasure
from bench.core.target import Benchmark, Kind
from bench.engine.measure.client import Invocation
from bench.engine.measure.design_choice import (
    Chosen,
    as_asked,
    choose,
    choose_by_share,
    choose_for_script,
    has_one_thread,
    is_in_doubt,
    is_script_in_doubt,
    only_design,
    round_s,
)
from bench.engine.measure.invocations import NotPresentError, NotServedError, Subject
from bench.engine.measure.outputs import OutputsSeen, names_of
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides, read_worker

_MORE_LOOKS = 3
_ATTEMPTS = 3
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
    known = only_design(benchmark, wanted, can_pin=bool(taker.cpus))
    if known is not None:
        pin = known.design is Design.DUET
        tried = [_try(taker, sides, side, pin=pin) for side in Side]  # the warm-up, and the check
        lasts_s = 0.0 if benchmark.container else sum(one.wall_s for one in tried)
        return _choice(sides, known, loops, lasts_s)
    if benchmark.is_suite and not benchmark.function:
        return _choose_for_suite(taker, benchmark, base, head, wanted, loops)
    free, pinned = _alone(taker, sides)
    if benchmark.kind is Kind.SCRIPT:
        counting_cpu = prepare_again(benchmark, base, head, Design.DUET, loops)
        found = _look_at_script(taker, sides, counting_cpu, pinned)
    else:
        found = choose(free, _look_again(taker, sides, pinned), can_pin=bool(taker.cpus))
    chosen = as_asked(found, wanted, benchmark.kind, can_pin=bool(taker.cpus))
    measured = prepare_again(benchmark, base, head, chosen.design, loops)
    return _choice(measured, chosen, loops, round_s(chosen.metric, free))


def _choice(sides: Sides, chosen: Chosen, loops: int, lasts_s: float) -> Choice:
    return Choice(
        sides=sides,
        design=chosen.design,
        metric=chosen.metric,
        reason=chosen.reason,
        loops=loops,
        round_s=lasts_s,
    )


def _look_at_script(
    taker: RoundTaker, sides: Sides, counting_cpu: Sides, by_wall: list[Sample]
) -> Chosen:
    """The design of a script; in doubt both clocks are read again: no process has both."""
    can_pin = bool(taker.cpus)
    by_cpu = [_try(taker, counting_cpu, side, pin=True) for side in Side]
    for _ in range(_MORE_LOOKS if can_pin else 0):
        if not is_script_in_doubt(by_wall, by_cpu):
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
    found = choose_by_share(explained, can_pin=can_pin)
    chosen = as_asked(found, wanted, benchmark.kind, can_pin=can_pin)
    measured = prepare_again(benchmark, base, head, chosen.design, loops)
    return _choice(measured, chosen, loops, sum(one.cpu_s for one in samples))


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


def _look_again(taker: RoundTaker, sides: Sides, pinned: list[Sample]) -> list[Sample]:
    """More samples while waiting is in doubt: a busy machine can look like it for a moment."""
    for _ in range(_MORE_LOOKS):
        if not is_in_doubt(pinned):
            break
        pinned = pinned + [_try(taker, sides, side, pin=True) for side in Side]
    return pinned


def _alone(taker: RoundTaker, sides: Sides) -> tuple[list[Sample], list[Sample]]:
    if sides.benchmark.is_suite:  # long processes, which have been warmed up and checked
        pinned = [_try(taker, sides, side, pin=True) for side in Side]
        return pinned, pinned
    # The warm-up, and the check
    free = [_try(taker, sides, side, pin=False, beside=True) for side in Side]
    repeats = 1 if max(sample.wall_s for sample in free) > _LONG_S else 2
    if repeats > 1:
        free = [_try(taker, sides, side, pin=False, beside=True) for side in Side]
    if not all(map(has_one_thread, free)):  # how busy it keeps the cores shows by itself only
        free = [_try(taker, sides, side, pin=False) for side in Side]
    # Once is enough: where it looks like waiting, `_look_again` does.
    often = repeats if sides.benchmark.kind is Kind.SCRIPT else 1
    pinned = [_try(taker, sides, side, pin=True) for _ in range(often) for side in Side]
    return free, pinned


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
