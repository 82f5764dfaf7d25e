"""Which claims hold, by what was measured."""

from __future__ import annotations

import pytest

from bench.core.verdict import Interval, Verdict
from bench.explain.claims.judging import ClaimVerdict, judge


def interval(speedup: float, spread: float = 0.02) -> Interval:
    """Of a change that is so many times faster."""
    ratio = 1 / speedup
    return Interval(ratio, ratio * (1 - spread), ratio * (1 + spread))


@pytest.mark.parametrize(
    ("claimed", "verdict", "measured", "expected"),
    [
        (2.0, Verdict.FASTER, interval(2.0), ClaimVerdict.HOLDS),
        (2.0, Verdict.FASTER, interval(1.8), ClaimVerdict.HOLDS),
        (2.0, Verdict.FASTER, interval(1.5), ClaimVerdict.LESS),
        (2.0, Verdict.FASTER, interval(1.5, 0.3), ClaimVerdict.HOLDS),
        (2.0, Verdict.FASTER, interval(2.8), ClaimVerdict.MORE),
        (7.7, Verdict.FASTER, interval(5.4), ClaimVerdict.HOLDS),
        (7.7, Verdict.FASTER, interval(4.0), ClaimVerdict.LESS),
        (1.1, Verdict.FASTER, interval(1.085, 0.001), ClaimVerdict.HOLDS),
        (1.1, Verdict.FASTER, interval(1.05, 0.001), ClaimVerdict.LESS),
        (2.0, Verdict.SAME, interval(1.0), ClaimVerdict.NO_EFFECT),
        (2.0, Verdict.BELOW_MEI, interval(1.01, 0.005), ClaimVerdict.LESS),
        (2.0, Verdict.BELOW_MEI, interval(0.99, 0.005), ClaimVerdict.NO_EFFECT),
        (1.01, Verdict.SAME, interval(1.008, 0.01), ClaimVerdict.HOLDS),
        (1.01, Verdict.SAME, interval(0.999, 0.015), ClaimVerdict.UNDECIDED),
        (2.0, Verdict.SLOWER, interval(0.8), ClaimVerdict.SLOWER),
        (1.1, Verdict.UNDECIDED, interval(1.03, 0.1), ClaimVerdict.UNDECIDED),
        (7.7, Verdict.UNDECIDED, interval(1.03, 0.1), ClaimVerdict.LESS),
        (None, Verdict.FASTER, interval(1.3), ClaimVerdict.HOLDS),
        (None, Verdict.BELOW_MEI, interval(1.01, 0.005), ClaimVerdict.HOLDS),
        (None, Verdict.BELOW_MEI, interval(0.99, 0.005), ClaimVerdict.NO_EFFECT),
        (None, Verdict.SAME, interval(1.0), ClaimVerdict.NO_EFFECT),
        (None, Verdict.SLOWER, interval(0.8), ClaimVerdict.SLOWER),
        (None, Verdict.UNDECIDED, interval(1.0, 0.2), ClaimVerdict.UNDECIDED),
    ],
)
def test_verdict(
    claimed: float | None, verdict: Verdict, measured: Interval, expected: ClaimVerdict
) -> None:
    assert judge(claimed, verdict, measured) is expected
