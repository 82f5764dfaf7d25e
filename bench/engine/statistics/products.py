"""The interval of a product of two ratios that were estimated independently."""

from __future__ import annotations

import math

from bench.core.verdict import Interval


def product(one: Interval, other: Interval) -> Interval:
    """The ratio of both together, at the level that both intervals have.

    The method of variance estimates recovery (Zou & Donner 2008) on logarithms: the distances from
    the estimates to the limits are added as squares, lower and upper ones by themselves.
    """
    if not all(0 < limit < math.inf for limit in (one.low, one.high, other.low, other.high)):
        return Interval(one.ratio * other.ratio, 0.0, math.inf)
    ratio = one.ratio * other.ratio
    below = math.hypot(math.log(one.ratio / one.low), math.log(other.ratio / other.low))
    above = math.hypot(math.log(one.high / one.ratio), math.log(other.high / other.ratio))
    return Interval(ratio, ratio * math.exp(-below), ratio * math.exp(above))
