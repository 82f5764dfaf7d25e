"""From an interval and a test to one of the five verdicts, and to "enough"."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.core.verdict import Verdict

if TYPE_CHECKING:
    from bench.core.verdict import Assessment, Interval


_OF_MEMORY = {Verdict.FASTER: Verdict.LESS_MEMORY, Verdict.SLOWER: Verdict.MORE_MEMORY}


def decide(interval: Interval, *, rejected: bool, mei: float, of_memory: bool = False) -> Verdict:
    """The verdict on a ratio head/base, of time or `of_memory`.

    `rejected`: whether "no difference" was rejected with multiplicity control (`holm`); `mei`: the
    minimum effect of interest as a fraction (0.02), whose band is 1/(1+mei) to 1+mei.

    "Faster" and "slower" need both the rejection and an interval without 1. They can disagree when
    the test rejected at an earlier look and measuring went on: the later data then contradict it,
    and holding the verdict back can only lower the error rate. So that they do not disagree for a
    mere difference of level, give the interval of the level Holm ended at: `local_alpha`.
    Raises `ValueError` for a `mei` that is not positive.
    """
    inside = _inside_band(interval, mei)
    if rejected and not interval.low <= 1 <= interval.high:
        if inside:
            return Verdict.BELOW_MEI
        found = Verdict.FASTER if interval.ratio < 1 else Verdict.SLOWER
        return _OF_MEMORY[found] if of_memory else found
    # Also for an interval that leaves 1 out by itself: it lies inside the band, which is the claim.
    return Verdict.SAME if inside else Verdict.UNDECIDED


def settled(assessment: Assessment, *, mei: float, local_alpha: float) -> bool:
    """Whether measuring this benchmark can stop at the look `assessment` was made at.

    `local_alpha` is the level this benchmark has now (`multiplicity.local_alpha`), `assessment` one
    made at it. Same and below MEI: stop, no further round can improve on an interval
    inside the band. Faster or slower: stop when the interval is
    no wider than +-mei, or lies wholly outside the band and is no wider than half of the effect in
    it; until then a 1% effect would pass for one that matters, or an effect that
    matters would be reported with a size nobody can use. Undecided: go on.

    Stopping later than the first rejection costs rounds, not error: the p-value of the sequential
    test is valid at every look. Raises `ValueError` for a `mei` that is not positive.
    """
    interval = assessment.interval
    verdict = decide(interval, rejected=assessment.p_value <= local_alpha, mei=mei)
    if verdict is Verdict.UNDECIDED:
        return False
    if verdict in {Verdict.SAME, Verdict.BELOW_MEI}:
        return True
    outside = interval.low >= 1 + mei or interval.high <= 1 / (1 + mei)
    known_well = interval.half_width <= abs(math.log(interval.ratio)) / 2
    return (outside and known_well) or interval.half_width <= mei


def _inside_band(interval: Interval, mei: float) -> bool:
    if not mei > 0:
        raise ValueError(f"the minimum effect of interest must be positive, not {mei}")
    return 1 / (1 + mei) < interval.low and interval.high < 1 + mei
