"""Many simulated runs at once: their test scores, and how far a simulated rate may be off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from bench.engine.statistics.signed_rank import null_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.engine.statistics.arrays import FloatArray


def scores(differences: FloatArray, rounds: Sequence[int]) -> FloatArray:
    """Absolute exact scores of many runs, shape (runs, looks), by ranks rather than by averages."""
    columns = []
    for look in rounds:
        seen = differences[:, :look]
        order = np.argsort(np.abs(seen), axis=1)
        positive = np.take_along_axis(seen > 0, order, axis=1)
        rank_sum = positive @ np.arange(1, look + 1)
        against = np.minimum(rank_sum, look * (look + 1) // 2 - rank_sum)
        columns.append(stats.norm.isf(np.minimum(null_tail(look)[against], 0.5)))
    return np.stack(columns, axis=1)


def margin(rate: float, runs: int) -> float:
    return 3 * math.sqrt(rate * (1 - rate) / runs)
