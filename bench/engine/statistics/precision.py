"""What a design can resolve, from the scatter of its rounds: seconds, and the smallest effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.sequential import critical_values, plan_looks
from bench.engine.statistics.signed_rank import largest_score, standard_error

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
    """The standard error of the Hodges-Lehmann estimate, brought down to one round.

    It is asymptotically normal with a standard deviation of scatter / sqrt(n) (Hollander, Wolfe &
    Chicken 2014, section 3.2), whatever the shape of the noise: for normal noise scatter is
    sqrt(pi/3) times its standard deviation. `differences`: shape (n,), ln(head/base). Infinite
    below 5 rounds. Raises `ValueError` for empty or infinite differences.
    """
    return standard_error(differences) * math.sqrt(differences.size)


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
