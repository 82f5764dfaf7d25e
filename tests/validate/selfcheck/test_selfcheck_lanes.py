"""What a self-check says of lanes, from series whose noise and speed are known."""

from __future__ import annotations

import numpy as np
import pytest
from selfcheck_checks import whole_check

from bench.validate.claims import ClaimOutcome
from bench.validate.selfcheck.claims import _lanes
from bench.validate.selfcheck.lanes import lanes_found, numbers_of_lanes
from bench.validate.selfcheck.record import LaneSeries


def series(lanes: int, lane: int, noise: float, elapsed_s: float) -> LaneSeries:
    chance = np.random.default_rng(lanes * 10 + lane)
    base, head = (0.05 * np.exp(chance.normal(0, noise / 2**0.5, 100)) for _ in range(2))
    return LaneSeries(
        lanes=lanes, lane=lane, base_cpu_s=tuple(base), head_cpu_s=tuple(head), elapsed_s=elapsed_s
    )


def test_rounds_and_noise_by_number_of_lanes() -> None:
    found = lanes_found(whole_check(lanes=[series(1, 0, 0.01, 10), *ON_TWO]))
    assert [one.lanes for one in found] == [1, 2]
    assert [one.per_s for one in found] == [10, pytest.approx(18.18, abs=0.01)]
    assert all(0.008 < one.noise < 0.012 for one in found)
    assert all(one.interval.low < 1 < one.interval.high for one in found)
    assert [one.alarms.total for one in found] == [10, 20]


@pytest.mark.parametrize(
    ("noise", "elapsed_s", "outcomes"),
    [
        (0.01, 11, [ClaimOutcome.HELD, ClaimOutcome.HELD]),
        (0.01, 15, [ClaimOutcome.FAILED, ClaimOutcome.HELD]),
        (0.02, 11, [ClaimOutcome.HELD, ClaimOutcome.FAILED]),
    ],
)
def test_claims_of_lanes(noise: float, elapsed_s: float, outcomes: list[ClaimOutcome]) -> None:
    two = [series(2, lane, noise, elapsed_s) for lane in range(2)]
    check = whole_check(lanes=[series(1, 0, 0.01, 10), *two])
    assert [one.outcome for one in _lanes(check)] == outcomes
    assert list(_lanes(whole_check(lanes=[series(1, 0, 0.01, 10)]))) == []


def test_numbers_of_lanes() -> None:
    assert [numbers_of_lanes(cores) for cores in (0, 1, 2, 6, 8)] == [
        [], [1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8],
    ]  # fmt: skip


ON_TWO = [series(2, 0, 0.01, 11), series(2, 1, 0.01, 11)]
