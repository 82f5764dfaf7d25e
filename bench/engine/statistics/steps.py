"""The change between two points that were both compared with the same anchor."""

from __future__ import annotations

import math
from statistics import NormalDist

from bench.core.verdict import Interval

_NORMAL = NormalDist()
CERTAIN = Interval(1.0, 1.0, 1.0)
"""The anchor's own ratio."""


def standard_error(interval: Interval, level: float) -> float:
    """The standard error of ln(ratio), from its interval of this error level.

    Intervals of a sequential test are wider than those of one test at their level: the error is
    rather too large than too small. Infinite for an interval without limits.
    """
    if not (interval.low > 0 and math.isfinite(interval.high)):
        return math.inf
    return math.log(interval.high / interval.low) / (2 * _NORMAL.inv_cdf(1 - level / 2))


def step_between(one: Interval, other: Interval) -> Interval | None:
    """The ratio other/one when the two intervals do not overlap, else None.

    The limits come from the two intervals' farthest ends: where both hold, so does the result's.
    For two independent intervals of 95% (equal, normal) around the same ratio the chance not to
    overlap is 0.6%.
    """
    limits = (one.low, one.high, other.low, other.high)
    if not all(limit > 0 and math.isfinite(limit) for limit in limits):
        return None
    if one.low <= other.high and other.low <= one.high:
        return None
    return Interval(other.ratio / one.ratio, other.low / one.high, other.high / one.low)


def change_between(one: Interval, other: Interval) -> Interval:
    """The ratio other/one of two that were compared with the same anchor independently.

    Its limits come from those of both on the logarithmic scale, each distance squared, added and
    rooted (MOVER: Zou and Donner 2008, "Construction of confidence limits about effect measures"):
    of the same level as theirs. It has no limits where one of theirs is not known.
    """
    ratio = other.ratio / one.ratio
    limits = (one.low, one.high, other.low, other.high)
    if not all(limit > 0 and math.isfinite(limit) for limit in limits):
        return Interval(ratio, 0.0, math.inf)
    down = math.hypot(math.log(other.ratio / other.low), math.log(one.high / one.ratio))
    up = math.hypot(math.log(other.high / other.ratio), math.log(one.ratio / one.low))
    return Interval(ratio, ratio * math.exp(-down), ratio * math.exp(up))
