"""From CPU times of two processes that shared a core to those that each would have had by itself.

Two processes on one core disturb each other's caches, so that each uses more CPU time than alone:
by the *contention factor* s. What ends last runs its tail alone, at full speed, which pulls the
ratio of the two times towards 1. A side that used `used` seconds, of them `alone` after the other
had ended, would have used

    (used - alone) / s + alone

by itself. The factor is estimated from rounds in which each side ran by itself, taken between the
duets: of a stretch of rounds with both kinds, the CPU time of a whole duet, put right with s, has
to be that of the rounds alone. Each stretch gives a factor of its own, so that a machine that
drifts disturbs none of them; their trimmed mean is the estimate, and its error theirs (Tukey &
McLaughlin 1963, Yuen 1974).

Nothing here asks which side is base: of each round only the unordered pair counts. Under "no
difference" the sign of ln(head/base) of a round is therefore still a fair coin, whatever was
estimated, and the signed-rank test keeps its level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bench.core.verdict import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from bench.engine.statistics.arrays import FloatArray

    IntArray = npt.NDArray[np.int_]

_FEWEST_STRETCHES = 3
_TRIMMED = 0.1  # of each end
_STEPS = 8  # of Newton's method
_LARGEST = math.log(4.0)


@dataclass(frozen=True)
class Doubt:
    """What is not known of a log ratio beside the scatter of its rounds.

    `error`: a standard error, of `freedom` degrees of freedom.
    """

    error: float
    freedom: int

    def half_width(self, critical: float) -> float:
        """Half of an interval, in log units; `critical`: of a normal distribution (1.96: 95%)."""
        return self.error * student(critical, self.freedom)

    def widen(self, interval: Interval, critical: float) -> Interval:
        """An interval of a ratio made with that critical value, with this added.

        Both parts are independent; their sum has Satterthwaite's (1946) degrees of freedom.
        Infinite limits stay.
        """
        if not self.error:
            return interval
        below = math.log(interval.ratio / interval.low) if interval.low > 0 else math.inf
        above = math.log(interval.high / interval.ratio)
        return Interval(
            interval.ratio,
            interval.ratio * math.exp(-self._with(below, critical)),
            interval.ratio * math.exp(self._with(above, critical)),
        )

    def _with(self, half_width: float, critical: float) -> float:
        if math.isinf(half_width):
            return half_width
        error = math.hypot(half_width / critical, self.error)
        return error * student(critical, self.freedom * (error / self.error) ** 4)


def student(critical: float, freedom: float) -> float:
    """The quantile of Student's t at the level of a normal one (Wallace 1959)."""
    scaled = critical * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(scaled**2 / freedom))


NO_DOUBT = Doubt(0.0, 1)


@dataclass(frozen=True)
class Duets:
    """CPU seconds of duets: `used_s` and, of them, `alone_s` after the other side had ended.

    Both have shape (n, 2), base and head; `places` are those in the order of all rounds, (n,).
    """

    used_s: FloatArray
    alone_s: FloatArray
    places: IntArray


@dataclass(frozen=True)
class Alone:
    """CPU seconds of rounds in which each side ran by itself, shape (m, 2), and their places."""

    used_s: FloatArray
    places: IntArray


@dataclass(frozen=True)
class Factor:
    """A contention factor: its logarithm, the standard error of that, and degrees of freedom."""

    log: float
    error: float
    freedom: int

    @property
    def ratio(self) -> float:
        """By how many times more CPU time is used beside the other side than alone."""
        return math.exp(self.log)

    def put_right(self, duets: Duets) -> FloatArray:
        """CPU seconds that each side of each duet would have used by itself, shape (n, 2)."""
        shared: FloatArray = (duets.used_s - duets.alone_s) * math.exp(-self.log)
        return shared + duets.alone_s

    def doubt(self, duets: Duets) -> Doubt:
        """What the factor's error means for the mean ln(head/base) of the duets."""
        shares = duets.alone_s / self.put_right(duets)
        leverage = abs(float(np.mean(shares[:, 1] - shares[:, 0])))
        return Doubt(self.error * leverage, self.freedom)


def contention(duets: Duets, alone: Alone) -> Factor | None:
    """The factor of one benchmark; None where there are too few rounds of either kind.

    In each stretch the geometric mean of both sides' times is compared. The longer side has the
    less weight the less of it was shared: its time depends the less on the factor.
    """
    stretches = _stretches(duets.places, alone.places)
    if len(stretches) < _FEWEST_STRETCHES:
        return None
    rows = np.arange(duets.used_s.shape[0])
    last = np.where(
        duets.alone_s[:, 0] == duets.alone_s[:, 1],
        np.argmax(duets.used_s, axis=1),
        np.argmax(duets.alone_s, axis=1),
    )
    first_s, tail_s = duets.used_s[rows, 1 - last], duets.alone_s[rows, last]
    shared_s = duets.used_s[rows, last] - tail_s
    weight = float(np.median(shared_s / (shared_s + tail_s)))
    level = np.log(np.min(alone.used_s, axis=1)) + weight * np.log(np.max(alone.used_s, axis=1))
    beside, by_itself = zip(*stretches, strict=True)
    first_s, shared_s, tail_s = (_medians(one, beside) for one in (first_s, shared_s, tail_s))
    levels = _medians(level, by_itself)
    logs = _solve(first_s, shared_s, tail_s, levels, weight)
    return _trimmed_mean(logs)


def _medians(values: FloatArray, stretches: Sequence[list[int]]) -> FloatArray:
    """One for each stretch. They are short: numpy's takes twenty times as long."""
    found = values.tolist()
    return np.array([median([found[place] for place in places]) for places in stretches])


def _stretches(duets: IntArray, alone: IntArray) -> list[tuple[list[int], list[int]]]:
    """The rounds in the order they were taken, cut as soon as there are some of both kinds.

    Positions of duets, and of rounds alone; what is left at the end belongs to the last.
    """
    order = sorted(
        [(place, 0, i) for i, place in enumerate(duets.tolist())]
        + [(place, 1, i) for i, place in enumerate(alone.tolist())]
    )
    found: list[tuple[list[int], list[int]]] = []
    now: tuple[list[int], list[int]] = ([], [])
    for _, kind, position in order:
        now[kind].append(position)
        if all(now):
            found.append(now)
            now = ([], [])
    if found:
        for kind in (0, 1):
            found[-1][kind].extend(now[kind])
    return found


def _solve(
    first_s: FloatArray, shared_s: FloatArray, tail_s: FloatArray, level: FloatArray, weight: float
) -> FloatArray:
    """ln s with ln(first/s) + weight * ln(shared/s + tail) = level, for each stretch."""
    logs = np.zeros_like(level)
    for _ in range(_STEPS):
        shared = shared_s * np.exp(-logs)
        missing = np.log(first_s) - logs + weight * np.log(shared + tail_s) - level
        logs = np.clip(
            logs + missing / (1 + weight * shared / (shared + tail_s)), -_LARGEST, _LARGEST
        )
    return logs


def _trimmed_mean(logs: FloatArray) -> Factor:
    """The mean without a tenth at either end, and its error from the winsorised deviation."""
    ordered, size = np.sort(logs), logs.size
    cut = int(_TRIMMED * size)
    kept = ordered[cut : size - cut]
    winsorised = np.clip(ordered, kept[0], kept[-1])
    error = float(np.std(winsorised, ddof=1)) * math.sqrt((size - 1) / (kept.size - 1) / kept.size)
    return Factor(float(np.mean(kept)), error, kept.size - 1)
