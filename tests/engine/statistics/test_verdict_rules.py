"""The verdict table, and when a benchmark has been measured enough."""

from __future__ import annotations

import math

import pytest

from bench.core.verdict import Assessment, Interval, Verdict
from bench.engine.statistics.verdicts import decide, settled

MEI = 0.02


def interval(low: float, high: float) -> Interval:
    return Interval(
        ratio=math.sqrt(low * high) if low > 0 and high < math.inf else 1, low=low, high=high
    )


TABLE = [
    # low, high, rejected, verdict
    (1.03, 1.07, True, Verdict.SLOWER),
    (0.90, 0.95, True, Verdict.FASTER),
    (1.005, 1.05, True, Verdict.SLOWER),
    (0.97, 0.99, True, Verdict.FASTER),
    (1.002, 1.015, True, Verdict.BELOW_MEI),
    (0.985, 0.995, True, Verdict.BELOW_MEI),
    (0.99, 1.01, False, Verdict.SAME),
    # Holm did not reject although this interval alone would: only the band is claimed.
    (1.002, 1.015, False, Verdict.SAME),
    (1.03, 1.07, False, Verdict.UNDECIDED),
    (0.99, 1.03, False, Verdict.UNDECIDED),
    (0.0, math.inf, False, Verdict.UNDECIDED),
    # Rejected at an earlier look, contradicted by later data.
    (0.99, 1.03, True, Verdict.UNDECIDED),
    (0.99, 1.01, True, Verdict.SAME),
    # The band is symmetric in the logarithm, and its edges are outside.
    (0.9805, 1.01, False, Verdict.SAME),
    (0.9803, 1.01, False, Verdict.UNDECIDED),
    (0.99, 1.02, False, Verdict.UNDECIDED),
]


@pytest.mark.parametrize(("low", "high", "rejected", "verdict"), TABLE)
def test_verdict_table(*, low: float, high: float, rejected: bool, verdict: Verdict) -> None:
    assert decide(interval(low, high), rejected=rejected, mei=MEI) is verdict


@pytest.mark.parametrize(("low", "high", "rejected", "verdict"), TABLE)
def test_swapping_the_sides_swaps_the_verdict(
    *, low: float, high: float, rejected: bool, verdict: Verdict
) -> None:
    swapped = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}
    inverse = interval(1 / high, 1 / low if low else math.inf)
    if (low, high) == (0.99, 1.02):  # 1/1.02 is the lower edge only up to rounding
        return
    assert decide(inverse, rejected=rejected, mei=MEI) is swapped.get(verdict, verdict)


def test_minimum_effect_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        decide(interval(0.9, 1.1), rejected=False, mei=0.0)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "enough"),
    [
        (0.99, 1.01, 0.8, True),  # no difference
        (1.002, 1.015, 0.001, True),  # below MEI
        (0.99, 1.03, 0.2, False),  # inconclusive
        (1.05, 1.15, 0.001, True),  # outside the band, and known to within half of the effect
        (0.87, 0.95, 0.001, True),
        (1.03, 1.15, 0.001, False),  # outside the band, but 3% or 15%?
        (0.85, 0.97, 0.001, False),
        (1.005, 1.08, 0.001, False),  # may still be below MEI
        (0.93, 0.995, 0.001, False),
        (1.005, 1.035, 0.001, True),  # straddles the edge, but precise
        (0.966, 0.995, 0.001, True),
        (1.005, 1.035, 0.02, False),  # not at this benchmark's level
        (0.99, 1.03, 0.001, False),  # contradicted since
    ],
)
def test_enough(*, low: float, high: float, p_value: float, enough: bool) -> None:
    assessment = Assessment(rounds=20, interval=interval(low, high), p_value=p_value, alpha=0.01)
    assert settled(assessment, mei=MEI, local_alpha=0.01) is enough
