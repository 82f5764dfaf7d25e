"""PELT with weights, by ruptures: the segments of a series with the least weighted squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import ruptures
from ruptures.base import BaseCost

from bench.engine.statistics.arrays import FloatArray


class _WeightedSquares(BaseCost):  # type: ignore[misc]  # ruptures has no types
    """Squares around the weighted mean of a segment; the signal's columns are value and weight."""

    model = "weighted-l2"
    min_size = 1

    def fit(self, signal: FloatArray) -> _WeightedSquares:
        """Cumulated sums, from which each segment's cost follows."""
        value, weight = signal[:, 0], signal[:, 1]
        sums = np.cumsum(np.column_stack((weight, weight * value, weight * value**2)), axis=0)
        self.sums: FloatArray = np.vstack((np.zeros(3), sums))
        self.signal = signal
        return self

    def error(self, start: int, end: int) -> float:
        """The cost of a segment."""
        weight, first, second = (self.sums[end] - self.sums[start]).tolist()
        return float(second - first**2 / weight)


def ends_of_segments(
    values: FloatArray, weights: FloatArray, *, shortest: int, penalty: float
) -> list[int]:
    """The index behind each segment of at least `shortest` values; the last is their number.

    The cut that is found minimises the weighted sum of squares plus a `penalty` for each segment
    (Killick, Fearnhead & Eckley 2012).
    """
    search: Any = ruptures.Pelt(custom_cost=_WeightedSquares(), min_size=shortest, jump=1)
    found: list[int] = search.fit(np.column_stack((values, weights))).predict(pen=penalty)
    return found
