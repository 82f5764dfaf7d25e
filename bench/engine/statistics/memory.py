"""A second test on rounds that are taken for another one: peak memory, while time decides.

Nothing is measured for it, and nothing stops because of it. Time ends the measuring, and may do so
*because of* what a round's memory hangs together with: a side that allocates less is often faster.
So memory may be looked at only at numbers of rounds that were planned before the first, whatever
the number that time ended at: the rounds up to the last planned look at or below it are used, and
the few after it are not. Then the error rate holds however measuring is ended, by design, chance or
intent: "rejected when it ended" is a part of "rejected at one of the planned looks, had they all
been taken", and all of them together have at most the level (`sequential.critical_values`; without
the plan, a look at whatever number time ended at could be one that memory had a part in choosing).
The same holds for the interval at a planned look: it is one of the repeated confidence intervals,
which hold at all looks at once.

All rounds count, of both designs, once each, in the order they were taken: a process has the same
peak beside another one as alone, and with no difference the sign of a round is a coin's, whatever
its design. Peaks hardly scatter (standard deviation of a round's log ratio 0.1% to 0.7% on 13
programs, exactly 0 for the bare interpreter), so that 40 rounds are as good as any number; a plan
for few spends more on the first looks, which are all that a quick benchmark has. Peaks are counted
in pages, so ties and zeros are common: they count against rejecting (`signed_rank`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.arrays import finite
from bench.engine.statistics.few_rounds import fewest_rounds
from bench.engine.statistics.sequential import assess, plan_looks

if TYPE_CHECKING:
    from bench.engine.statistics.arrays import FloatArray

_MAXIMUM = 40
_SPACING = 2**0.25
_LARGE = math.log(1.1)
_LARGE_ROUNDS = 6


def memory_looks(alpha: float, most: int, planned: int = 0) -> tuple[int, ...]:
    """Numbers of rounds at which memory may be looked at, up to the last; `most` are ever taken.

    `alpha` is the level of one benchmark at the start. Where the number of rounds is fixed before
    the first (`planned`), and so many that all agree can reject, the last is the only look: the
    test is exact there, as that of time (`few_rounds`). Fewer can tell large changes alone, before
    a look that never comes. Raises `ValueError` like `plan_looks`.
    """
    if planned and planned >= fewest_rounds(alpha):
        return (planned,)
    return plan_looks(min(_MAXIMUM, most), alpha, spacing=_SPACING)


def memory_test(
    base: FloatArray, head: FloatArray, looks: tuple[int, ...], alpha: float
) -> tuple[Interval, float, int]:
    """Interval (ratio head/base), p-value, and the number of rounds used.

    `base` and `head`: peaks in bytes of the rounds in the order they were taken, shape (n,). Before
    the first planned look a large change alone can be told: at least 6 rounds that all changed by
    1.1 times or more in one direction, and ranges that do not overlap. As with time
    (`sequential.large_effect`) that rule is outside the level, and adds at most 2 * 0.1^6 a
    benchmark if, with no real difference, at most 20% of the rounds are off by so much, half of
    them either way. Any other interval is unbounded there, and the p-value 1.
    Raises `ValueError` for an alpha outside (0, 1), and for peaks that are not above 0.
    """
    before, after = finite(base, "base"), finite(head, "head")
    if min(np.min(before), np.min(after)) <= 0:
        raise ValueError("peaks of memory must be above 0")
    values: FloatArray = np.log(after / before)
    used = max((look for look in looks if look <= values.size), default=0)
    if used:
        found = assess(values[:used], looks, looks[-1], alpha)
        return found.interval, found.p_value, used
    ratio = math.exp(float(np.median(values)))
    if _is_large(before, after, values):
        limits = math.exp(float(np.min(values))), math.exp(float(np.max(values)))
        return Interval(ratio, *limits), 2 * 0.1**values.size, values.size
    return Interval(ratio, 0.0, math.inf), 1.0, values.size


def _is_large(before: FloatArray, after: FloatArray, values: FloatArray) -> bool:
    if values.size < _LARGE_ROUNDS:
        return False
    more = np.max(before) < np.min(after) and np.min(values) >= _LARGE
    less = np.max(after) < np.min(before) and np.max(values) <= -_LARGE
    return bool(more or less)
