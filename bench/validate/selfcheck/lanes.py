"""What lanes cost and bring on this machine: A/A duets on one core, and on several at once."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from dataclasses import dataclass

import numpy as np

from bench.core.crew import Crew, Job
from bench.core.sample import Design, Metric, Round
from bench.core.verdict import Interval
from bench.engine.measure.client import Launcher
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.sandbox.folders import give_like
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.signed_rank import fixed_interval
from bench.engine.statistics.summary import robust_sd
from bench.validate.engine_runs import RunTaker, column, log_ratios
from bench.validate.selfcheck.commands import KnownCase, KnownCommands
from bench.validate.selfcheck.record import LaneSeries, SelfCheck

_TESTED = 10  # rounds, of which each lot is tested by itself
_LEVEL = 0.05
_TRIES = 5


def numbers_of_lanes(cores: int) -> list[int]:
    """1, 2, 4, … and as many as there are cores."""
    powers = [2**power for power in range(int(math.log2(cores)) + 1)] if cores else []
    return sorted({*powers, *([cores] if cores else [])})


def take_on_lanes(
    taker: RunTaker, commands: KnownCommands, case: KnownCase, *, lanes: int, rounds: int
) -> list[LaneSeries]:
    """So many rounds on each of so many lanes, all at once; raises `RoundFailedError`."""
    taken: dict[int, LaneSeries] = {}
    takers = [taker.next_taker() for _ in range(lanes)]

    def take(lane: int) -> None:
        scratch = commands.scratch / f"lane-{lane:03}"
        scratch.mkdir(exist_ok=True)
        give_like(scratch, commands.scratch)
        sides = KnownCommands(commands.executable, scratch).sides(case)
        usual = takers[lane]
        with Launcher(usual.launcher.isolation) as launcher:
            one = dataclasses.replace(usual, launcher=launcher, cpus=(usual.cpus[lane],))
            _duet(one, sides, 0)  # the warm-up
            started = time.monotonic()
            found = [_duet(one, sides, index) for index in range(rounds)]
            elapsed_s = time.monotonic() - started
        taken[lane] = LaneSeries(
            lanes=lanes,
            lane=lane,
            base_cpu_s=column([one.base for one in found], Metric.CPU),
            head_cpu_s=column([one.head for one in found], Metric.CPU),
            elapsed_s=round(elapsed_s, 4),
        )

    jobs = [Job(do=lambda _worker, lane=lane: take(lane)) for lane in range(lanes)]  # type: ignore[misc]
    with Crew(lanes) as crew:
        for job in crew.run(jobs):
            if job.error is not None:
                raise job.error
    return [taken[lane] for lane in sorted(taken)]


def _duet(taker: RoundTaker, sides: Sides, index: int) -> Round:
    """A round, tried again where it fails, as in a session."""
    for attempt in range(_TRIES - 1):
        with contextlib.suppress(RoundFailedError):
            return taker.take(sides, Design.DUET, index, pin=True, attempt=attempt)
    return taker.take(sides, Design.DUET, index, pin=True, attempt=_TRIES - 1)


@dataclass(frozen=True)
class LanesFound:
    """What was found with so many lanes: all rounds together.

    `per_s`: rounds a second of all lanes; `noise`: robust sd of a round's ln(head/base), the median
    over lanes; `interval` of the ratio, whose truth is 1; `alarms` among tests of ten rounds each.
    """

    lanes: int
    per_s: float
    noise: float
    interval: Interval
    alarms: Rate


def lanes_found(check: SelfCheck) -> list[LanesFound]:
    """By number of lanes, the smallest first."""
    return [
        _found(number, [one for one in check.lanes if one.lanes == number])
        for number in sorted({one.lanes for one in check.lanes})
    ]


def _found(number: int, series: list[LaneSeries]) -> LanesFound:
    values = [log_ratios(one.base_cpu_s, one.head_cpu_s) for one in series]
    lots = [
        each[start : start + _TESTED]
        for each in values
        for start in range(0, len(each) - _TESTED + 1, _TESTED)
    ]
    return LanesFound(
        lanes=number,
        per_s=sum(len(one.base_cpu_s) / one.elapsed_s for one in series),
        noise=float(np.median([robust_sd(each) for each in values])),
        interval=fixed_interval(np.concatenate(values), _LEVEL),
        alarms=Rate(sum(map(_is_alarm, lots)), len(lots)),
    )


def _is_alarm(values: FloatArray) -> bool:
    found = fixed_interval(values, _LEVEL)
    return not found.low <= 1 <= found.high
