"""The signed-rank test against brute force, against scipy, and against its own interval."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from bench.engine.statistics.signed_rank import (
    confidence_limits,
    fixed_interval,
    hodges_lehmann,
    largest_score,
    normal_score,
    null_tail,
    walsh_averages,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.engine.statistics.arrays import FloatArray

NORMAL = NormalDist()


def noise(seed: int, n: int, shift: float = 0.0) -> FloatArray:
    return np.random.default_rng(seed).normal(shift, 0.02, n)


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_null_distribution_is_that_of_all_sign_patterns(n: int) -> None:
    sums = [
        sum(rank for rank, sign in enumerate(signs, 1) if sign)
        for signs in itertools.product((0, 1), repeat=n)
    ]
    counts = np.bincount(sums, minlength=n * (n + 1) // 2 + 1)
    np.testing.assert_allclose(null_tail(n), np.cumsum(counts) / 2**n, rtol=1e-14)


def test_null_distribution_is_symmetric_and_exact_in_the_tail_at_400() -> None:
    tail = null_tail(400)
    assert tail[0] == 2.0**-400
    assert tail[4] == 7 * 2.0**-400  # {}, 1, 2, 3, 1+2, 4, 1+3
    assert tail[-1] == pytest.approx(1, rel=1e-13)
    np.testing.assert_allclose(tail[:-1], 1 - tail[-2::-1], atol=1e-12)


@pytest.mark.parametrize("n", [5, 10, 23, 50])
@pytest.mark.parametrize("seed", range(4))
def test_score_has_the_p_value_of_scipys_exact_test(n: int, seed: int) -> None:
    differences = noise(seed, n, shift=0.004)
    expected = stats.wilcoxon(differences, method="exact").pvalue
    score = normal_score(differences)
    assert 2 * (1 - NORMAL.cdf(abs(score))) == pytest.approx(expected, rel=1e-9)
    assert score * hodges_lehmann(differences) >= 0


def test_ten_rounds_that_agree_reach_three_point_one() -> None:
    assert normal_score(np.linspace(0.01, 0.1, 10)) == pytest.approx(3.097, abs=5e-4)
    assert normal_score(-np.linspace(0.01, 0.1, 10)) == -largest_score(10)


def test_score_is_finite_however_many_rounds_agree() -> None:
    assert 35 < largest_score(1200) < 40


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_hodges_lehmann_is_the_median_of_all_pairs(n: int) -> None:
    differences = noise(n, n)
    pairs = [(differences[i] + differences[j]) / 2 for i in range(n) for j in range(i, n)]
    assert hodges_lehmann(differences) == pytest.approx(np.median(pairs), rel=1e-12)
    np.testing.assert_allclose(walsh_averages(differences), np.sort(pairs))


def samples() -> Iterator[FloatArray]:
    generator = np.random.default_rng(5)
    for n in (3, 6, 10, 17, 40):
        for shift in (0.0, 0.01, 0.03):
            yield generator.normal(shift, 0.02, n)
            # Two digits only: ties among sizes, zeros, and averages that cancel.
            yield np.round(generator.normal(shift, 0.02, n), 2)


@pytest.mark.parametrize("critical", [0.7, 1.96, 2.8, NORMAL.inv_cdf(1 - 2**-10)])
def test_limits_leave_a_shift_out_exactly_when_the_score_reaches_the_critical_value(
    critical: float,
) -> None:
    for differences in samples():
        low, high = confidence_limits(differences, critical)
        averages = walsh_averages(differences)
        between = (averages[1:] + averages[:-1]) / 2
        for shift in (0.0, *averages[::7], *between[::5], averages[0] - 1, averages[-1] + 1):
            outside = not low <= shift <= high
            assert outside == (abs(normal_score(differences, shift)) >= critical)


def test_critical_value_that_is_exactly_reached_rejects() -> None:
    differences = np.linspace(0.01, 0.1, 10)
    reached = largest_score(10)
    assert confidence_limits(differences, reached) == (0.01, 0.1)
    assert confidence_limits(differences, math.nextafter(reached, 9)) == (-math.inf, math.inf)


def test_the_limits_are_those_of_the_textbook() -> None:
    # Hollander, Wolfe & Chicken, table A.4: for n = 10, P(W >= 47) = 0.024, so the 95.2% interval
    # runs from the 9th to the 47th of the 55 Walsh averages.
    differences = noise(1, 10)
    averages = walsh_averages(differences)
    assert confidence_limits(differences, NORMAL.inv_cdf(0.975)) == (averages[8], averages[46])


def test_zeros_alone_are_no_evidence() -> None:
    zeros = np.zeros(12)
    assert normal_score(zeros) == 0
    assert confidence_limits(zeros, 1.96) == (0, 0)


def test_tied_differences_keep_the_level() -> None:
    generator = np.random.default_rng(8)
    draws = generator.choice([-0.02, -0.01, 0.0, 0.01, 0.02], size=(3000, 12))
    rejected = np.mean([abs(normal_score(row)) >= 1.96 for row in draws])
    assert rejected <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 3000)


def test_fixed_interval_is_in_ratios() -> None:
    differences = noise(3, 20, shift=0.05)
    interval = fixed_interval(differences, 0.05)
    low, high = confidence_limits(differences, NORMAL.inv_cdf(0.975))
    assert interval.ratio == pytest.approx(math.exp(hodges_lehmann(differences)))
    assert (interval.low, interval.high) == pytest.approx((math.exp(low), math.exp(high)))


def test_fixed_interval_is_unbounded_for_few_rounds() -> None:
    interval = fixed_interval(noise(3, 5), 0.05)
    assert (interval.low, interval.high) == (0, math.inf)
    assert interval.half_width == math.inf


def test_fixed_interval_covers_as_often_as_it_says() -> None:
    generator = np.random.default_rng(11)
    draws = generator.standard_t(3, size=(2000, 20)) * 0.02
    intervals = [fixed_interval(row, 0.05) for row in draws]
    covered = np.mean([i.low <= 1 <= i.high for i in intervals])
    assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("bad", [[], [0.1, math.nan], [math.inf], [[0.1, 0.2]]])
def test_unusable_differences_are_refused(bad: list[float]) -> None:
    for function in (walsh_averages, hodges_lehmann, normal_score):
        with pytest.raises(ValueError, match="differences"):
            function(np.array(bad, dtype=float))


def test_unusable_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha"):
        fixed_interval(noise(1, 10), 1.0)
    with pytest.raises(ValueError, match="critical"):
        confidence_limits(noise(1, 10), 0.0)
    with pytest.raises(ValueError, match="at least one"):
        null_tail(0)
