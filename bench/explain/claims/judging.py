"""Whether a claim holds by what was measured: pure.

Claimed and measured gains are compared as ln(before / after). A claim holds where the interval of
what was measured comes within a fifth of it: published figures are rounded, and of other machines
and inputs. "Less" and "more" are said of intervals that lie wholly beyond that.
"""

from __future__ import annotations

import enum
import math

from bench.core.verdict import Interval, Verdict

TOLERANCE = 0.2


class ClaimVerdict(enum.StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    MORE = "more"
    LESS = "less"
    NO_EFFECT = "no effect"
    SLOWER = "slower"
    ELSEWHERE = "elsewhere"
    UNDECIDED = "undecided"
    NOT_TESTABLE = "not testable here"
    OPEN = "not measured yet"


def judge(claimed: float | None, verdict: Verdict, interval: Interval) -> ClaimVerdict:
    """A claim of `claimed` (before / after; None for "faster") by the verdict of a pair."""
    low, high = -math.log(interval.high), -math.log(interval.low)
    if verdict is Verdict.SLOWER:
        return ClaimVerdict.SLOWER
    if claimed is None:
        return _without_figure(verdict, interval)
    gain = math.log(claimed)
    reaches = high >= gain * (1 - TOLERANCE)
    if verdict is Verdict.FASTER:
        if low > gain / (1 - TOLERANCE):
            return ClaimVerdict.MORE
        return ClaimVerdict.HOLDS if reaches else ClaimVerdict.LESS
    if verdict is Verdict.UNDECIDED:
        return ClaimVerdict.UNDECIDED if reaches else ClaimVerdict.LESS
    if reaches:  # a claim as small as what the run calls the same
        return ClaimVerdict.HOLDS if interval.ratio < 1 else ClaimVerdict.UNDECIDED
    is_small = verdict is Verdict.BELOW_MEI and interval.ratio < 1
    return ClaimVerdict.LESS if is_small else ClaimVerdict.NO_EFFECT


def _without_figure(verdict: Verdict, interval: Interval) -> ClaimVerdict:
    if verdict is Verdict.UNDECIDED:
        return ClaimVerdict.UNDECIDED
    is_faster = verdict is Verdict.FASTER or (verdict is Verdict.BELOW_MEI and interval.ratio < 1)
    return ClaimVerdict.HOLDS if is_faster else ClaimVerdict.NO_EFFECT
