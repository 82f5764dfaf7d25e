"""Robust summaries for tables. They describe; the verdict never rests on them."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from bench.engine.statistics.arrays import FloatArray, finite

# The median absolute deviation of a normal distribution is its standard deviation over this.
_MAD_TO_SD = 1.4826


def median_s(times_s: FloatArray) -> float:
    """Median of times in seconds, shape (n,). Raises `ValueError` when empty or not finite."""
    return float(np.median(finite(times_s, "times")))


def robust_sd(log_ratios: FloatArray) -> float:
    """Standard deviation of ln(head/base), shape (n,), as 1.4826 times the median distance (MAD).

    Equals the standard deviation for normal noise and ignores up to half the rounds being outliers.
    Dimensionless: 0.016 is 1.6%. 0 for one value. Raises `ValueError` when empty or not finite.
    """
    values = finite(log_ratios, "log ratios")
    return _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))


def median_interval(values: FloatArray, alpha: float) -> tuple[float, float]:
    """Order statistics that enclose the median of the population, in the unit of `values`.

    Coverage at least 1 - `alpha` for independent values of any distribution (sign test; Hollander,
    Wolfe & Chicken 2014, section 3.6). `values`: shape (n,). (-inf, inf) when n is too small: 5 for
    alpha = 0.05. Raises `ValueError` for an alpha outside (0, 1), and for empty or infinite values.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    ordered = np.sort(finite(values, "values"))
    outside = _most_outside(ordered.size, alpha)
    if outside < 0:
        return -math.inf, math.inf
    return float(ordered[outside]), float(ordered[-1 - outside])


@cache
def _most_outside(n: int, alpha: float) -> int:
    """Largest k with P(Binomial(n, 1/2) <= k) <= alpha/2; -1 when there is none."""
    total, k = 0, -1
    # Integers until the division: 2^n is beyond a float from n = 1024 on.
    while (total := total + math.comb(n, k + 1)) / 2**n <= alpha / 2:
        k += 1
    return k
