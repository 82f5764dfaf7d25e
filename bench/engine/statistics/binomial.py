"""Exact limits of a rate that was counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_BISECTIONS = 60
_LEVEL = 0.05


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


def clopper_pearson(count: int, total: int, level: float) -> tuple[float, float]:
    """Exact limits of a binomial probability, each missed with at most `level`/2.

    (0, 1) for nothing observed. Raises `ValueError` for counts that do not fit.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} cannot be")
    low = 0.0 if count == 0 else _root(lambda p: 1 - _at_most(count - 1, total, p), level / 2)
    high = 1.0 if count == total else 1 - _root(lambda q: _at_most(count, total, 1 - q), level / 2)
    return low, high


def _at_most(count: int, total: int, probability: float) -> float:
    """P(Binomial(total, probability) <= count)."""
    return math.fsum(
        math.comb(total, k) * probability**k * (1 - probability) ** (total - k)
        for k in range(count + 1)
    )


def _root(rising: Callable[[float], float], target: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return low
