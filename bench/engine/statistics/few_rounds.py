"""Few, long rounds: their number is fixed before the first of them, and the test is exact.

A sequential test cannot decide a benchmark of minutes: it spends so little of its error on the
first looks that not even ten rounds that all agree reach it. Here one look is planned, at the last
round, and Wilcoxon's signed-rank test is read from its exact distribution (Hollander, Wolfe &
Chicken 2014, section 3.1): n rounds that all agree have the two-sided probability 2/2^n, which is
3.1% for 6 and 0.4% for 9. Under "no difference" ln(head/base) of a round is symmetric about zero,
since a coin decides which side runs first; the test needs nothing else of the noise. A level
between two attainable ones is rounded down by the test itself, so the error rate is kept.

The plan gives each benchmark as many rounds as its target's file asks for (or as its budget pays
for, where the probe finds that a round takes long), or as many as it takes to reject at the level
it starts at, whichever is more. That level is its part of the run's error rate: see
`multiplicity.divide`.

Where duets are planned, a few pairs are as well, for wall times, and they count too. Rounds of
different designs differ in noise (a pair's can be ten times a duet's), so each design is ranked by
itself and the signed-rank sums are added (a stratified test: van Elteren 1960, here exact). A pair
that goes astray can then undo its own rank among the pairs, but never those of the duets.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.signed_rank import (
    fixed_interval,
    null_tail,
    score_of_averages,
    walsh_averages,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.engine.statistics.arrays import FloatArray

_NORMAL = NormalDist()


def fewest_rounds(level: float) -> int:
    """The smallest n with 2/2^n <= `level`: 6 for 5%, 7 for 2.5%, 9 for 0.5%.

    Raises `ValueError` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"a level must lie between 0 and 1, not {level}")
    return math.ceil(1 - math.log2(level))


def planned_rounds(asked: int, level: float, most: int) -> int:
    """How many rounds a benchmark gets: those asked for, more where a verdict needs them.

    `most` (`--rounds`) bounds the number, also below what a verdict needs.
    """
    return min(max(asked, fewest_rounds(level)), most)


def smallest_p(rounds: int) -> float:
    """The p-value that rounds of one direction have, in one stratum or in several."""
    return min(math.ldexp(2.0, -rounds), 1.0)


def stratified_test(
    strata: Sequence[FloatArray], planned: Sequence[int], alpha: float
) -> tuple[Interval, float]:
    """`exact_test` for rounds of several designs: `strata` and `planned` have one item for each.

    The Walsh averages within the strata, all together, play the part of those of one sample: their
    median is the estimate, and how many lie on one side of a shift is the sum of the strata's
    signed-rank statistics, whose distribution is the convolution of theirs. Strata without rounds
    do not count. Raises `ValueError` like `exact_test`.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    there = [one for one in strata if one.size]
    averages = np.sort(np.concatenate([walsh_averages(one) for one in there]))
    tail = _tail_of_sum(tuple(one.size for one in there))
    against = int(np.searchsorted(tail, alpha / 2 * (1 + 1e-9), side="right")) - 1
    low, high = -math.inf, math.inf
    if against >= 0:
        low, high = float(averages[against]), float(averages[-1 - against])
    interval = Interval(math.exp(float(np.median(averages))), math.exp(low), math.exp(high))
    if any(one.size < number for one, number in zip(strata, planned, strict=True)):
        return interval, 1.0
    opposed = min(int(np.sum(averages <= 0)), int(np.sum(averages >= 0)))
    p_value = min(2 * float(tail[min(opposed, tail.size - 1)]), 1.0)
    return interval, alpha if math.isclose(p_value, alpha, rel_tol=1e-9) else p_value


@cache
def _tail_of_sum(sizes: tuple[int, ...]) -> FloatArray:
    """P(sum of the signed-rank sums of independent strata <= m), m = 0, 1, …; exact."""
    mass: FloatArray = np.ones(1)
    for size in sizes:
        mass = np.convolve(mass, np.diff(null_tail(size), prepend=0.0))
    tail: FloatArray = np.cumsum(mass)
    return tail


def exact_test(differences: FloatArray, planned: int, alpha: float) -> tuple[Interval, float]:
    """Interval (ratio head/base) at 1 - `alpha` and the two-sided p-value of the exact test.

    `differences`: ln(head/base) of the rounds, shape (n,). Before all `planned` rounds are in the
    p-value is 1: the one look has not come. The interval inverts the same test, so it leaves 1 out
    exactly when p is at most `alpha`. Raises `ValueError` for an alpha outside (0, 1), and for
    empty or infinite differences.
    """
    interval = fixed_interval(differences, alpha)
    if differences.size < planned:
        return interval, 1.0
    score = abs(score_of_averages(walsh_averages(differences)))
    p_value = min(2 * _NORMAL.cdf(-score), 1.0)
    # The score is a quantile of the exact probability: undo what rounding did at the level itself.
    return interval, alpha if math.isclose(p_value, alpha, rel_tol=1e-9) else p_value
