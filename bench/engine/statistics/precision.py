"""What a design can resolve, from the scatter of its rounds: seconds, and the smallest effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.sequential import critical_values, plan_looks
from bench.engine.statistics.signed_rank import fixed_interval, largest_score

_NORMAL = NormalDist()
_NORMAL_95 = _NORMAL.inv_cdf(0.975)
POWER = 0.8


@dataclass(frozen=True)
class Precision:
    """How fast a design narrows an interval: robust sd of a round, and seconds to ±1%."""

    sd: float
    round_s: float

    @property
    def seconds_to_1_percent(self) -> float:
        """Rounds that make a normal 95% interval ±1%, times what a round takes."""
        return (_NORMAL_95 * self.sd / 0.01) ** 2 * self.round_s


def scatter(differences: FloatArray) -> float:
    """How wide an interval of the signed-rank test is, brought down to one round.

    The Hodges-Lehmann estimate is asymptotically normal with a standard deviation of scatter /
    sqrt(n) (Hollander, Wolfe & Chicken 2014, section 3.2), so half the width of the 95% interval of
    `differences`, shape (n,), ln(head/base), times sqrt(n)/1.96 estimates it whatever the shape of
    the noise: for normal noise sqrt(pi/3) times its standard deviation. Infinite below 6 rounds.
    Raises `ValueError` for empty or infinite differences.
    """
    found = fixed_interval(differences, 0.05)
    if found.low <= 0:
        return math.inf
    return math.log(found.high / found.low) / 2 * math.sqrt(differences.size) / _NORMAL_95


def detectable(scatter_: float, rounds: int, maximum: int, alpha: float) -> float:
    """The smallest effect found in 4 of 5 runs by `rounds` rounds, as a fraction (0.01 is 1%).

    The sequential test of level `alpha`, planned for `maximum` rounds and ended at `rounds` (all of
    them, or what the budget pays for), with the noise `scatter`. From the last look alone: earlier
    ones find a little more. Infinite when so few rounds can never reject.
    """
    if rounds < 1 or not math.isfinite(scatter_):
        return math.inf
    looks = tuple(look for look in plan_looks(maximum, alpha) if look < rounds)
    critical = critical_values((*looks, rounds), maximum, alpha)[-1]
    if largest_score(rounds) < critical:
        return math.inf
    return math.expm1((critical + _NORMAL.inv_cdf(POWER)) * scatter_ / math.sqrt(rounds))
