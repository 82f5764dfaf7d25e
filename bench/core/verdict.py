"""What can be said of a benchmark once its rounds are in."""

from __future__ import annotations

import enum

import msgspec


class Verdict(enum.StrEnum):
    """What a comparison can end with; broken: it works on base and fails on head.

    Faster and slower are said of time, less and more memory of peak memory.
    """

    BROKEN = "broken"
    FASTER = "faster"
    SLOWER = "slower"
    LESS_MEMORY = "less memory"
    MORE_MEMORY = "more memory"
    SAME = "same"
    BELOW_MEI = "below MEI"
    UNDECIDED = "undecided"


class Interval(msgspec.Struct, frozen=True):
    """An estimated ratio head/base with its confidence limits; all three are dimensionless."""

    ratio: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The larger distance from the ratio to a limit, relative to the ratio."""
        return max(self.high / self.ratio - 1, 1 - self.low / self.ratio)


class Assessment(msgspec.Struct, frozen=True):
    """A benchmark's sequential test after its last look.

    `p_value` is the smallest level at which the sequential test would have stopped; `interval` is
    the repeated confidence interval at level 1 - alpha of this one benchmark.
    """

    rounds: int
    interval: Interval
    p_value: float
    alpha: float
