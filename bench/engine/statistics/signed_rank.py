"""Wilcoxon's signed-rank test with its exact null distribution, and the interval that inverts it.

The statistic is counted in Walsh averages (d_i + d_j)/2, i <= j, as Tukey showed in 1949: the
number above a shift is the signed-rank sum W+ of the differences minus that shift (Hollander,
Wolfe & Chicken 2014, sections 3.1-3.3). One sorted list of averages gives the estimate (its
median), the test and the interval, so these three can never contradict each other.

Ties: a Walsh average exactly at the tested shift counts *against* rejecting, whichever the
direction. Breaking such ties by an infinitely small symmetric noise gives a test of exact level,
and this one rejects only where that one does: the level holds for tied and zero differences too.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.arrays import FloatArray, finite

if TYPE_CHECKING:
    import numpy.typing as npt

_NORMAL = NormalDist()
_SMALLEST_TAIL = 1e-300
_ERROR_TAIL = 0.05
FEWEST_FOR_ERROR = 5  # five rounds have an interval of 94%


@cache
def _upper_triangle(n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.triu_indices(n)


@cache
def null_tail(n: int) -> FloatArray:
    """P(W <= m) for m = 0 .. n(n+1)/2 under symmetry about zero, exact up to rounding.

    Rank k enters the sum or not with probability 1/2 each; the n two-point distributions are
    convolved. Every term is positive, so small tails keep their relative accuracy. Read-only.
    Beyond n of about 1000 the smallest tails underflow to 0. Raises `ValueError` for n < 1.
    """
    if n < 1:
        raise ValueError("the signed-rank distribution needs at least one difference")
    mass = np.zeros(n * (n + 1) // 2 + 1)
    mass[0] = 1.0
    top = 0
    for rank in range(1, n + 1):
        top += rank
        mass[rank : top + 1] += mass[: top + 1 - rank].copy()
        mass[: top + 1] *= 0.5
    tail = np.cumsum(mass)
    tail.setflags(write=False)
    return tail


def _score_of(n: int, against: int) -> float:
    """Normal score of having only `against` of the Walsh averages on the other side."""
    probability = float(null_tail(n)[against])
    return -_NORMAL.inv_cdf(min(max(probability, _SMALLEST_TAIL), 0.5))


def largest_score(n: int) -> float:
    """The score of `n` differences of one sign: the most that `n` rounds can show."""
    return _score_of(n, 0)


@cache
def _most_against(n: int, critical: float) -> int:
    """How many Walsh averages may oppose a score of at least `critical`; -1 when none may."""
    tail = 0.5 * math.erfc(critical / math.sqrt(2.0))
    against = int(np.searchsorted(null_tail(n), tail * (1 + 1e-9), side="right")) - 1
    # The score itself has the last word, so that rounding cannot set test and interval at odds.
    while against >= 0 and _score_of(n, against) < critical:
        against -= 1
    return against


def walsh_averages(differences: FloatArray) -> FloatArray:
    """All n(n+1)/2 averages (d_i + d_j)/2 with i <= j, sorted.

    `differences`: shape (n,), log ratios. Raises `ValueError` when empty or not finite.
    """
    values = finite(differences, "differences")
    rows, columns = _upper_triangle(values.size)
    averages: FloatArray = np.sort(0.5 * (values[rows] + values[columns]))
    return averages


def hodges_lehmann(differences: FloatArray) -> float:
    """The median of the Walsh averages (Hodges & Lehmann 1963), in the unit of `differences`.

    `differences`: shape (n,). Raises `ValueError` when empty or not finite.
    """
    return _middle(walsh_averages(differences))


def normal_score(differences: FloatArray, shift: float = 0.0) -> float:
    """Evidence that the differences lie above (positive) or below (negative) `shift`.

    The one-sided exact signed-rank tail probability, as the normal quantile that has the same
    tail; 0 when the tail is one half or more. A two-sided test of level a rejects when the
    absolute score reaches Phi^-1(1 - a/2). `differences`: shape (n,), same unit as `shift`.
    Raises `ValueError` when empty or not finite.
    """
    return score_of_averages(walsh_averages(differences), shift)


def score_of_averages(averages: FloatArray, shift: float = 0.0) -> float:
    """`normal_score` from Walsh averages that are already sorted."""
    at_most = int(np.searchsorted(averages, shift, side="right"))
    at_least = averages.size - int(np.searchsorted(averages, shift, side="left"))
    if at_most == at_least:
        return 0.0
    score = _score_of(_rounds(averages), min(at_most, at_least))
    return score if at_most < at_least else -score


def confidence_limits(differences: FloatArray, critical: float) -> tuple[float, float]:
    """The shifts that a two-sided test at level 2(1 - Phi(critical)) does not reject.

    They leave a shift out exactly when the absolute `normal_score` at it is at least `critical`.
    `differences`: shape (n,); limits in their unit; (-inf, inf) when n differences cannot reach
    that level. Raises `ValueError` for a `critical` that is not positive, and for differences that
    are empty or not finite.
    """
    return limits_of_averages(walsh_averages(differences), critical)


def limits_of_averages(averages: FloatArray, critical: float) -> tuple[float, float]:
    """`confidence_limits` from Walsh averages that are already sorted."""
    if not critical > 0:
        raise ValueError(f"a critical value must be positive, not {critical}")
    against = _most_against(_rounds(averages), critical)
    if against < 0:
        return -math.inf, math.inf
    return float(averages[against]), float(averages[-1 - against])


def ratio_interval(differences: FloatArray, critical: float) -> Interval:
    """Hodges-Lehmann estimate and `confidence_limits` of log ratios, as ratios head/base."""
    averages = walsh_averages(differences)
    low, high = limits_of_averages(averages, critical)
    return Interval(ratio=math.exp(_middle(averages)), low=math.exp(low), high=math.exp(high))


def fixed_interval(differences: FloatArray, alpha: float) -> Interval:
    """Ratio head/base with a 1 - `alpha` interval that is valid for one look planned beforehand.

    `differences`: shape (n,), ln(head/base). The limits are 0 and infinity when n is too small.
    Raises `ValueError` for an alpha outside (0, 1), and for empty or infinite differences.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    return ratio_interval(differences, -_NORMAL.inv_cdf(alpha / 2))


def standard_error(differences: FloatArray) -> float:
    """That of the Hodges-Lehmann estimate, in the unit of `differences`, shape (n,).

    Half the length of the signed-rank interval of 90%, or of the next longer one that n rounds
    have, over its normal quantile (Lehmann 1963): one wild round hardly widens it. Infinite for
    fewer than five rounds. Raises `ValueError` when empty or not finite.
    """
    averages = walsh_averages(differences)
    if differences.size < FEWEST_FOR_ERROR:
        return math.inf
    tail = null_tail(differences.size)
    against = max(int(np.searchsorted(tail, _ERROR_TAIL * (1 + 1e-9), side="right")) - 1, 0)
    width = float(averages[-1 - against] - averages[against])
    return width / (-2 * _NORMAL.inv_cdf(float(tail[against])))


def _rounds(averages: FloatArray) -> int:
    """The n of n(n+1)/2 averages."""
    return (math.isqrt(8 * averages.size + 1) - 1) // 2


def _middle(ordered: FloatArray) -> float:
    half = ordered.size // 2
    if ordered.size % 2:
        return float(ordered[half])
    return float(0.5 * (ordered[half - 1] + ordered[half]))
