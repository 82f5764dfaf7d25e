"""A rate that was counted, with its exact limits."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

_LEVEL = 0.05
_SURELY = 0.005
_MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Rate:
    """`count` of `total`, with the exact 95% limits of the probability behind it."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """The observed share; nan of nothing."""
        return self.count / self.total if self.total else math.nan

    @property
    def limits(self) -> tuple[float, float]:
        """Clopper & Pearson (1934): coverage at least 95%, whatever the probability."""
        return clopper_pearson(self.count, self.total, _LEVEL)


def fewest_runs(errors: int, limit: float) -> int:
    """How many runs with so many errors it takes for the upper 95% limit to be at most `limit`.

    72 without an error for 5%, 17 for 20%.
    """
    runs = range(errors + 1, _MOST_RUNS)
    enough = bisect_left(runs, x=True, key=lambda n: clopper_pearson(errors, n, _LEVEL)[1] <= limit)
    return errors + 1 + enough


def surely_above(count: int, total: int, limit: float) -> bool:
    """Whether a probability is above a limit: so many would be seen in less than 0.5% of cases.

    With a limit of 10%: 3 of 5, 4 of 9, 7 of 23, 20 of 103.
    """
    below = sum(math.comb(total, k) * limit**k * (1 - limit) ** (total - k) for k in range(count))
    return count > 0 and 1 - below < _SURELY


def clopper_pearson(count: int, total: int, level: float) -> tuple[float, float]:
    """Exact limits of a binomial probability, each missed with at most `level`/2.

    (0, 1) for nothing observed; `count` is at most `total`.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and few come here

    low = betaincinv(count, total - count + 1, level / 2) if count else 0.0
    high = betaincinv(count + 1, total - count, 1 - level / 2) if count < total else 1.0
    return float(low), float(high)
