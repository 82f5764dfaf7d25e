"""One error rate shared among tests that are planned beforehand, some of which promise more."""

from __future__ import annotations

import math
from collections.abc import Sequence

EQUAL_SHARE = 0.5


def weighted_levels(weights: Sequence[float], alpha: float) -> tuple[float, ...]:
    """The level of each test: they add up to `alpha`, so that this bounds the family-wise error.

    Half of alpha is shared equally, the rest by the weights (Genovese, Roeder & Wasserman 2006,
    False discovery control with p-value weighting; the bound itself is Bonferroni's). The weights
    may come from anything but the data that is tested. Raises `ValueError` for an alpha outside
    (0, 1), and for weights that are negative or not finite.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if any(not 0 <= one < math.inf for one in weights):
        raise ValueError("weights must be finite and not negative")
    together = math.fsum(weights)
    if not together:
        return tuple(alpha / len(weights) for _ in weights)
    equal = EQUAL_SHARE * alpha / len(weights)
    rest = (1 - EQUAL_SHARE) * alpha
    return tuple(equal + rest * one / together for one in weights)
