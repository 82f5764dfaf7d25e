"""Make a CPU-bound command into which a known ratio can be injected."""

from __future__ import annotations

from itertools import islice

import numpy as np

from bench.core.errors import NothingMeasuredError
from bench.core.sample import Design, Metric, Side
from bench.core.verdict import Interval
from bench.engine.evaluation import differences, times
from bench.engine.statistics.signed_rank import fixed_interval
from bench.validate.engine_runs import RunTaker
from bench.validate.selfcheck.commands import (
    LOOP,
    KnownCase,
    KnownCommands,
    Work,
    base_loops,
    start_in_loops,
)
from bench.validate.selfcheck.record import BurnCalibration

_FEW = 6
_MANY = 4


def calibrate_burn(
    taker: RunTaker,
    commands: KnownCommands,
    rounds: int,
    wanted_s: float,
    work: Work = LOOP,
) -> BurnCalibration:
    """Find the loops of a process of `wanted_s` CPU seconds, and what its start costs in loops.

    The start's cost follows from processes of 1 and of 4 times the loops, one after the other in
    random order (in a duet, the longer one would run its end alone). A process without any loops
    serves for a first guess only: the first milliseconds of looping cost more than the later ones,
    and that, too, is a cost that more loops do not add to. Raises `NothingMeasuredError` when loops
    cannot be told from nothing.
    """
    guess = work.first_guess
    start_s, found = _compare(taker, commands, work, (0, guess), _FEW)
    loops = base_loops(start_s, start_in_loops(0, guess, found.ratio), wanted_s)
    process_s, found = _compare(taker, commands, work, (loops, _MANY * loops), rounds)
    start, low, high = (
        start_in_loops(loops, _MANY * loops, ratio)
        for ratio in (found.ratio, found.high, found.low)
    )
    return BurnCalibration(
        loops=loops,
        start_loops=start,
        low=low,
        high=high,
        start_s=start_s,
        process_s=process_s,
        rounds=rounds,
    )


def _compare(
    taker: RunTaker, commands: KnownCommands, work: Work, loops: tuple[int, int], count: int
) -> tuple[float, Interval]:
    """Median CPU seconds of a process of few loops, and how many times that many loops take."""
    few, many = loops
    case = KnownCase("calibration", work.arguments(few), work.arguments(many))
    sides = commands.sides(case)
    rounds = islice(taker.in_turn({Design.PAIRS: sides}), 1, count + 1)  # after a warm-up
    taken = [one for (one,) in rounds]
    found = fixed_interval(differences(taken, Metric.CPU), 0.05)
    if found.low <= 1:
        raise NothingMeasuredError(
            f"{many} loops ({work.name}) cannot be told from {few} on this machine.",
            "It is too busy, or its CPU clock too coarse, for a self-check.",
        )
    return float(np.median(times(taken, Side.BASE, Metric.CPU))), found
