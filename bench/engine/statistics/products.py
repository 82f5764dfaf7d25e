"""Intervals of products and of geometric means of ratios that were estimated independently."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence

from bench.core.verdict import Interval
from bench.engine.statistics.steps import CERTAIN


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


def quotient(one: Interval, other: Interval) -> Interval:
    """What is left of the first ratio without the other, estimated independently of it."""
    if not all(0 < limit < math.inf for limit in (other.low, other.high)):
        return Interval(one.ratio / other.ratio, 0.0, math.inf)
    return product(one, Interval(1 / other.ratio, 1 / other.high, 1 / other.low))


def product_of(several: Iterable[Interval]) -> Interval:
    """The ratio of all of them together; of none it is exactly 1."""
    return functools.reduce(product, several, CERTAIN)


def geometric_mean_of(several: Sequence[Interval]) -> Interval:
    """Their geometric mean, each counted once; raises `ValueError` for none.

    The n-th root of their product: a root of limits has their level.
    """
    if not several:
        raise ValueError("there is no mean of nothing")
    together, power = product_of(several), 1 / len(several)
    return Interval(together.ratio**power, together.low**power, together.high**power)
