"""How well the injected differences are known, in words."""

from __future__ import annotations

from bench.core.sample import Design
from bench.formats.text import percent, seconds
from bench.validate.selfcheck.analysis import linearity, series_interval, series_of
from bench.validate.selfcheck.commands import uncertainty
from bench.validate.selfcheck.record import VERIFY, Check
from bench.validate.selfcheck.settings import POWER_RATIOS


def injection(check: Check) -> str:
    """What is injected, how it is known, and what independent witnesses say."""
    calibration = check.calibration
    if calibration is None:
        return ""
    start = calibration.start_loops / (calibration.start_loops + calibration.loops)
    error = max(uncertainty(calibration, ratio) for ratio in POWER_RATIOS) * 100
    parts = [
        f"A process of {seconds(calibration.process_s)} CPU time, of which the interpreter's start "
        f"is {start:.0%} (from {calibration.rounds} random-order pairs of a process with as many "
        "loops and one with four times as many); head gets so many more loops that the whole "
        f"process costs the stated share more. What is not known of the start moves these "
        f"shares by ±{error:.2f} points at most.",
        *_witnesses(check),
    ]
    return " ".join(parts)


def _witnesses(check: Check) -> list[str]:
    found = []
    straight = linearity(check)
    if straight is not None:
        found.append(
            f"Valgrind counts {straight:.3f} times as many instructions for an injected loop as "
            "for one of base: it is the same work."
        )
    for one in series_of(check, VERIFY):
        if one.design is Design.PAIRS:
            seen = series_interval(one)
            found.append(
                f"{len(one.inside_s)} random-order pairs, each side alone on the core, put "
                f"{percent(one.truth)} at {percent(seen.ratio)} ({percent(seen.low)} … "
                f"{percent(seen.high)})."
            )
    return found
