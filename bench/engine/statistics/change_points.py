"""Where the level of a series changed and stayed: a heuristic for long histories.

The segmentation with the least weighted sum of squares and a penalty for each change (PELT:
Killick, Fearnhead & Eckley 2012, as ruptures has it: Truong, Oudre & Vayatis 2020). Points whose
interval is wide count less. Unlike a certain step this needs no two intervals that do not overlap:
several points before and after a change say together what no two of them say alone. Its error rate
is that of a simulation, not one that is controlled.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.engine.statistics.arrays import FloatArray

# Fewer points than this have no levels that could be told from noise.
LEAST_POINTS = 10
# Points that a level has to last, so that one that stands out is none.
LEAST_LEVEL = 3
# In units of the variance of a point, times the logarithm of the number of points (as BIC has it).
_PENALTY = 5.0
_MAD = 1.4826
# Standard errors that a point is away from the median around it, to stand out.
_STANDS_OUT = 4.0


@dataclass(frozen=True, kw_only=True)
class ChangePoint:
    """The first point of a new level (an index into the series), and both levels."""

    at: int
    before: float
    after: float


def change_points(values: Sequence[float], errors: Sequence[float]) -> list[ChangePoint]:
    """The changes of level in order; `errors` are the standard errors of the values.

    What neighbours differ by beyond their errors is added to these: runs differ by more than their
    rounds tell. No change is found in fewer than `LEAST_POINTS`. Raises `ValueError` for errors
    that are not positive.
    """
    if len(values) != len(errors) or any(not 0 < one < math.inf for one in errors):
        raise ValueError("each value needs a standard error above 0")
    if len(values) < LEAST_POINTS:
        return []
    series = np.array(values, dtype=float)
    variances = np.square(np.array(errors, dtype=float)) + _excess(series, np.array(errors))
    series = _without_outliers(series, variances)
    weights = 1 / variances
    # A second to import, and few series are so long.
    from bench.engine.statistics.segments import ends_of_segments  # noqa: PLC0415

    penalty = _PENALTY * math.log(len(values))
    cuts = [0, *ends_of_segments(series, weights, shortest=LEAST_LEVEL, penalty=penalty)]
    levels = [
        float(np.average(series[a:b], weights=weights[a:b])) for a, b in itertools.pairwise(cuts)
    ]
    return [
        ChangePoint(at=at, before=before, after=after)
        for at, (before, after) in zip(cuts[1:], itertools.pairwise(levels), strict=False)
    ]


def _without_outliers(series: FloatArray, variances: FloatArray) -> FloatArray:
    """One or two points that stand out are put at the median around them (Hampel's filter)."""
    reach = LEAST_LEVEL - 1
    around = [
        float(np.median(series[max(0, at - reach) : at + reach + 1])) for at in range(series.size)
    ]
    medians: FloatArray = np.array(around)
    stands_out = np.abs(series - medians) > _STANDS_OUT * np.sqrt(variances)
    cleaned: FloatArray = np.where(stands_out, medians, series)
    return cleaned


def _excess(series: FloatArray, errors: FloatArray) -> float:
    """The variance that neighbours have beyond their errors: from the median of differences."""
    differences = np.diff(series)
    spread = _MAD * float(np.median(np.abs(differences - np.median(differences))))
    return max(0.0, spread**2 / 2 - float(np.median(np.square(errors))))
