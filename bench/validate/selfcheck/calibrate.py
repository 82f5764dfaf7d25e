"""Make a CPU-bound command whose injected ratio is known, and check it another way."""

from __future__ import annotations

import re
import shutil

import numpy as np

from bench.core.errors import NothingMeasuredError
from bench.core.process import run_tool
from bench.core.sample import Design, Metric, Side
from bench.core.verdict import Interval
from bench.engine.evaluation import differences, times
from bench.engine.statistics.signed_rank import fixed_interval
from bench.validate.selfcheck.commands import (
    Case,
    base_loops,
    burn_case,
    burn_words,
    start_in_loops,
)
from bench.validate.selfcheck.record import Calibration, Counted
from bench.validate.selfcheck.settings import POWER_RATIOS
from bench.validate.selfcheck.steps import Steps

_FIRST_GUESS = 100_000
_FEW = 6
_MANY = 4
_COUNTING_S = 60.0


def calibrate(steps: Steps, rounds: int, wanted_s: float) -> Calibration:
    """Find the loops of a process of `wanted_s` CPU seconds, and what its start costs in loops.

    The start's cost follows from processes of 1 and of 4 times the loops, one after the other in
    random order (in a duet, the longer one would run its end alone). A process without any loops
    would not do but for a guess: the first milliseconds of looping cost more than the later ones,
    and that, too, is a cost that more loops do not add to. Raises `NothingMeasuredError` when loops
    cannot be told from nothing.
    """
    start_s, found = _compare(steps, 0, _FIRST_GUESS, _FEW)
    loops = base_loops(start_s, start_in_loops(0, _FIRST_GUESS, found.ratio), wanted_s)
    process_s, found = _compare(steps, loops, _MANY * loops, rounds)
    start, low, high = (
        start_in_loops(loops, _MANY * loops, ratio)
        for ratio in (found.ratio, found.high, found.low)
    )
    return Calibration(loops, start, low, high, start_s, process_s, rounds)


def _compare(steps: Steps, few: int, many: int, count: int) -> tuple[float, Interval]:
    """Median CPU seconds of a process of `few` loops, and how many times that `many` loops take."""
    case = Case("calibration", burn_words(few), burn_words(many))
    bench, sides = steps.next_bench(), steps.commands.sides(case)
    taken = [bench.take(sides, Design.PAIRS, index, pin=True) for index in range(count + 1)][1:]
    found = fixed_interval(differences(taken, Metric.CPU), 0.05)
    if found.low <= 1:
        raise NothingMeasuredError(
            f"{many} loops of Python cannot be told from {few} on this machine.",
            "It is too busy, or its CPU clock too coarse, for a selfcheck.",
        )
    return float(np.median(times(taken, Side.BASE, Metric.CPU))), found


def count_instructions(steps: Steps, calibration: Calibration) -> None:
    """Instructions of the bare, the base and the +5% process, where valgrind is installed."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return
    words = (valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    more = burn_case(calibration, max(POWER_RATIOS))
    for arguments in (burn_words(0), more.base, more.head):
        process = steps.commands.invocation(arguments, "base")
        done = run_tool(
            [*words, *process.argv],
            cwd=process.cwd,
            env={**process.env, "PYTHONHASHSEED": "0"},
            timeout_s=_COUNTING_S,
        )
        found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
        if not done.ok or found is None:
            steps.recorder.failures.append(f"instructions not counted: {done.describe()}")
            return
        instructions = int(found.group(1).replace(",", ""))
        steps.recorder.counted.append(Counted(int(arguments[-1]), instructions))
