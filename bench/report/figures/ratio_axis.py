"""A logarithmic axis of ratios: its range and its numbers, in per cent near 1 and beyond in times.

All places are ln(ratio); below 0 is faster.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from bench.core.verdict import Interval
from bench.formats.text import percent

FAR = 60.0  # stands for a limit that does not exist
_CLOSE = math.log(1.25)
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TIMES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
_NEAR_TIMES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7)
_POWERS = tuple(2.0**power for power in range(40))


def ends(interval: Interval | None) -> tuple[float, float]:
    """An interval's limits; None is a ratio of 1 by definition."""
    if interval is None:
        return 0.0, 0.0
    low, high = interval.low, interval.high
    return (
        math.log(low) if low > 0 and math.isfinite(low) else -FAR,
        math.log(high) if high > 0 and math.isfinite(high) else FAR,
    )


def limits(points: Sequence[tuple[float, Interval | None]], mei: float) -> tuple[float, float]:
    """The axis' ends for ratios with their intervals, as far as those are not absurdly wide."""
    places = [math.log(ratio) for ratio, _ in points]
    spread = max([*map(abs, places), 3 * math.log1p(mei)])
    near = [
        end
        for _, interval in points
        for end in ends(interval)
        if abs(end) <= spread + max(0.5 * spread, math.log(1.1))
    ]
    low, high = min([*places, *near, -2.2 * mei]), max([*places, *near, 2.2 * mei])
    room = 0.08 * (high - low)
    return low - room, high + room


def ticks(
    low: float, high: float, most: int = 7, *, none: str = "", directed: bool = False
) -> list[tuple[float, str]]:
    """At most about `most` places with their numbers; `none` is what stands at a ratio of 1.

    `directed` numbers say which way they go (`2x faster`).
    """
    if max(-low, high) <= _CLOSE:
        return _percents(low, high, most, none)
    return _times(low, high, most, none, directed=directed)


def _percents(low: float, high: float, most: int, none: str) -> list[tuple[float, str]]:
    for step in _STEPS:
        first, last = math.ceil(math.expm1(low) / step), math.floor(math.expm1(high) / step)
        if last - first < most:
            break
    found = []
    for k in range(first, last + 1):
        words = percent(1 + k * step)
        words = words if step < 0.01 else words.replace(".0%", "%")
        found.append((math.log1p(k * step), words if k else none or "0"))
    return found


def _times(
    low: float, high: float, most: int, none: str, *, directed: bool
) -> list[tuple[float, str]]:
    """Round factors in both directions, as many as fit."""
    if low > 0 or high < 0:
        return _times_apart(low, high, most, directed=directed)
    reach = max(-low, high)
    factors: tuple[float, ...] = _NEAR_TIMES if reach < math.log(_NEAR_TIMES[-1]) else _TIMES
    factors = _POWERS if reach > math.log(_TIMES[-1]) else factors
    for every in range(1, 12):
        found = [(0.0, none or "1x")]
        for times in factors[::every][1:]:
            faster, slower = (" faster", " slower") if directed else ("", "")
            found += [(-math.log(times), f"{times:g}x{faster}")] if -math.log(times) >= low else []
            found += [(math.log(times), f"{times:g}x{slower}")] if math.log(times) <= high else []
        apart = [b - a for a, b in itertools.pairwise(sorted(at for at, _ in found))]
        if not apart or (high - low) / min(apart) <= most + 2:
            break
    return sorted(one for one in found if low <= one[0] <= high)


def _times_apart(low: float, high: float, most: int, *, directed: bool) -> list[tuple[float, str]]:
    """Round factors where a ratio of 1 is not in the range."""
    sign, way = (1, " slower") if low > 0 else (-1, " faster")
    first, last = sorted((math.exp(abs(low)), math.exp(abs(high))))
    found = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(first, last)
    words = way if directed else ""
    return sorted(
        (sign * math.log(times), f"{times:.4g}x{words}")
        for times in found
        if first <= times <= last
    )
