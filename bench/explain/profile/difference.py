"""What became of a frame between base and head, and how sure that is.

Both sides were profiled in turn (base, head, head, base, …), so run i of one belongs to run i of
the other. A frame can take no time at all on one side, so that no ratio can be formed: intervals
are for the difference head minus base in milliseconds, by the signed-rank test over these pairs.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.signed_rank import confidence_limits
from bench.explain.profile.frames import Frame
from bench.explain.profile.tree import Cost

CONFIDENCE = 0.99
FEWEST_PAIRS = 8  # with fewer, no difference can be certain at this confidence
_CRITICAL = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
_NOTHING_LEFT = 0.01  # some samples land in a wrong stack
_STILL_THERE = 0.25


class FrameFate(enum.StrEnum):
    """What became of a frame."""

    REMOVED = "removed"
    MOVED = "moved"
    LESS = "less"
    SAME = "same"
    MORE = "more"
    ADDED = "added"


@dataclass(frozen=True)
class FunctionChange:
    """Milliseconds on both sides (means), and limits of the difference head minus base."""

    base: float
    head: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Head minus base."""
        return self.head - self.base

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def change_of(base: FloatArray, head: FloatArray) -> FunctionChange:
    """The change from runs of both sides, shape (n,) each, in pairs.

    A single value a side is a count (of bytes, of calls), not a sample of times: it is exact.
    """
    low, high = -math.inf, math.inf
    if base.size == head.size == 1:
        low = high = float(head[0] - base[0])
    if base.size == head.size and base.size >= FEWEST_PAIRS:
        low, high = confidence_limits(head - base, _CRITICAL)
    return FunctionChange(float(base.mean()), float(head.mean()), low, high)


def fate_of(
    change: FunctionChange, *, elsewhere: bool = False, deadband_ms: float = 0.0
) -> FrameFate:
    """What to call it; `elsewhere`: the frame has come up in another place of head.

    Changes within the deadband, and those that are not certain, count as none.
    """
    if not change.is_certain or abs(change.difference) < deadband_ms:
        return FrameFate.SAME
    if change.difference < 0:
        if change.head > _NOTHING_LEFT * change.base:
            return FrameFate.LESS
        return FrameFate.MOVED if elsewhere else FrameFate.REMOVED
    if change.base > _NOTHING_LEFT * change.head:
        return FrameFate.MORE
    return FrameFate.MOVED if elsewhere else FrameFate.ADDED


def moved(found: Mapping[Frame, Cost]) -> frozenset[Frame]:
    """Frames that take time on both sides: removed from one place, they are in another.

    A quarter of the larger side's time is enough: what a module takes depends on what is imported
    already.
    """
    both = ((frame, sorted((cost.base.mean(), cost.head.mean()))) for frame, cost in found.items())
    return frozenset(frame for frame, (less, more) in both if less > _STILL_THERE * more)
