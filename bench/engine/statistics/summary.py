"""Robust summaries for tables. They describe; the verdict never rests on them."""

from __future__ import annotations

import math

import numpy as np

from bench.engine.statistics.arrays import FloatArray, finite

# The median absolute deviation of a normal distribution is its standard deviation over this.
_MAD_TO_SD = 1.4826
_FEWEST = 5


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


def surely_less_than_half(measured: FloatArray, claimed: FloatArray) -> bool:
    """Whether what was measured falls short of half of what was claimed, beyond its noise.

    By medians and three standard errors; never of fewer than five values.
    """
    if len(measured) < _FEWEST:
        return False
    error = robust_sd(measured) / math.sqrt(len(measured))
    return float(np.median(measured)) + 3 * error < float(np.median(claimed)) / 2
