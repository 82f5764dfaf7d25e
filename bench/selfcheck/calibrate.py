"""Make a CPU-bound command whose injected ratio is known, and check it another way."""

from __future__ import annotations

import re
import shutil

import numpy as np

from bench.core.errors import NothingMeasuredError
from bench.core.sample import Design, Metric, Side
from bench.evaluation import differences, times
from bench.selfcheck.commands import Case, base_loops, burn_case, burn_words, start_in_loops
from bench.selfcheck.record import Calibration, Counted
from bench.selfcheck.settings import POWER_RATIOS
from bench.selfcheck.steps import Steps
from bench.statistics.signed_rank import fixed_interval
from bench.system.process import run_tool

_FIRST_GUESS = 100_000
_FEW = 6
_COUNTING_S = 60.0


def calibrate(steps: Steps, rounds: int) -> Calibration:
    """Find the loops of a process of about 50 ms, and what its start costs in loops.

    Rounds of a process without loops against one with them, one after the other in random order
    (in a duet, the longer one would run its end alone). Raises `NothingMeasuredError` when loops
    cannot be told from nothing.
    """
    rough = _against_start(steps, _FIRST_GUESS, _FEW)
    return _against_start(steps, rough.loops, rounds)


def _against_start(steps: Steps, loops: int, count: int) -> Calibration:
    case = Case("calibration", burn_words(0), burn_words(loops))
    bench, sides = steps.next_bench(), steps.commands.sides(case)
    taken = [bench.take(sides, Design.PAIRS, index, pin=True) for index in range(count + 1)][1:]
    found = fixed_interval(differences(taken, Metric.CPU), 0.05)
    if found.low <= 1:
        raise NothingMeasuredError(
            f"{loops} loops of Python cannot be told from none on this machine.",
            "It is too busy, or its CPU clock too coarse, for a selfcheck.",
        )
    start_s = float(np.median(times(taken, Side.BASE, Metric.CPU)))
    start_loops = start_in_loops(loops, found.ratio)
    wanted = base_loops(start_s, start_loops)
    return Calibration(
        loops=wanted,
        start_loops=start_loops,
        low=start_in_loops(loops, found.high),
        high=start_in_loops(loops, found.low),
        start_s=start_s,
        process_s=start_s * (1 + wanted / start_loops),
        rounds=count,
    )


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
