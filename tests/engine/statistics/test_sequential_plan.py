"""Boundaries, plans and assessments of the sequential test, apart from its error rates."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from bench.engine.statistics.sequential import (
    _Paths,
    assess,
    critical_values,
    large_effect,
    plan_looks,
    spent,
)
from bench.engine.statistics.signed_rank import fixed_interval, largest_score, normal_score

LOOKS = (10, 20, 40, 80, 160)


def test_boundary_is_that_of_the_published_table() -> None:
    # Lan-DeMets, Pocock-type spending, five equally spaced looks, two-sided 0.05.
    expected = (2.438, 2.427, 2.410, 2.397, 2.386)
    assert critical_values((1, 2, 3, 4, 5), 5, 0.05) == pytest.approx(expected, abs=6e-4)


def test_boundary_of_doubling_looks() -> None:
    # The first is 2.8006 in closed form.
    expected = (2.80, 2.76, 2.57, 2.39, 2.23)
    assert critical_values(LOOKS, 160, 0.05) == pytest.approx(expected, abs=0.005)


def crossing_probability(constant: float, looks: int) -> float:
    paths, crossed = _Paths(), 0.0
    for look in range(1, looks + 1):
        time = look / looks
        limit = constant * math.sqrt(time)
        crossed += paths.exit_mass(limit, time)[0]
        paths.advance(limit, time)
    return crossed


@pytest.mark.parametrize(
    ("looks", "error"), [(1, 0.05), (2, 0.083), (3, 0.107), (5, 0.142), (10, 0.193)]
)
def test_repeated_tests_at_five_percent_err_as_armitage_found(looks: int, error: float) -> None:
    assert crossing_probability(1.96, looks) == pytest.approx(error, abs=6e-4)


@pytest.mark.parametrize(("looks", "constant"), [(2, 2.178), (3, 2.289), (5, 2.413), (10, 2.555)])
def test_pococks_constants_spend_five_percent(looks: int, constant: float) -> None:
    assert crossing_probability(constant, looks) == pytest.approx(0.05, abs=1e-4)


def test_first_critical_value_has_a_closed_form() -> None:
    share = 0.05 * math.log(1 + (math.e - 1) / 16)
    exact = -NormalDist().inv_cdf(share / 2)
    assert critical_values((10,), 160, 0.05) == pytest.approx((exact,), abs=1e-9)


def test_single_look_at_the_end_is_a_fixed_test() -> None:
    assert critical_values((40,), 40, 0.05) == pytest.approx((1.959964,), abs=1e-6)
    differences = np.random.default_rng(1).normal(0.01, 0.02, 40)
    interval = assess(differences, (40,), 40, 0.05).interval
    assert interval == fixed_interval(differences, 0.05)


def test_boundary_depends_on_the_looks_so_far_only() -> None:
    whole = critical_values(LOOKS, 160, 0.01)
    assert critical_values(LOOKS[:3], 160, 0.01) == whole[:3]


@pytest.mark.parametrize(
    "looks",
    [LOOKS, (10, 11), (10, 14, 20, 28, 40, 57, 80, 113, 160), (80, 159, 160), (1, 160)],
)
def test_critical_values_fall_as_the_level_rises(looks: tuple[int, ...]) -> None:
    levels = np.geomspace(1e-10, 0.5, 120)
    values = np.array([critical_values(looks, 160, float(level)) for level in levels])
    assert np.all(np.diff(values, axis=0) < 0)


@pytest.mark.parametrize("alpha", [0.4, 0.05, 1e-4, 1e-10])
@pytest.mark.parametrize("looks", [(100, 999, 1000), (1, 2, 3, 1000), (998, 999, 1000), (1, 1000)])
def test_boundary_is_found_for_looks_close_together_and_far_apart(
    looks: tuple[int, ...], alpha: float
) -> None:
    values = critical_values(looks, 1000, alpha)
    paths, crossed = _Paths(), 0.0
    for look, value in zip(looks, values, strict=True):
        limit = value * math.sqrt(look / 1000)
        crossed += paths.exit_mass(limit, look / 1000)[0]
        paths.advance(limit, look / 1000)
        assert crossed == pytest.approx(spent(look / 1000, alpha), rel=1e-6)


def test_everything_is_spent_at_the_end() -> None:
    assert spent(1.0, 0.05) == pytest.approx(0.05, rel=1e-12)
    assert spent(0.0, 0.05) == 0


@pytest.mark.parametrize("looks", [(), (0, 10), (10, 10), (20, 10), (10, 161)])
def test_unusable_looks_are_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="look"):
        critical_values(looks, 160, 0.05)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_unusable_levels_are_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        critical_values((10,), 160, alpha)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 13, 0.05 / 100])
@pytest.mark.parametrize("maximum", [20, 40, 160, 400])
def test_plan_starts_where_a_verdict_can_be_reached(maximum: int, alpha: float) -> None:
    looks = plan_looks(maximum, alpha)
    assert looks[-1] == maximum
    assert list(looks) == sorted(set(looks))
    assert largest_score(looks[0]) >= critical_values(looks, maximum, alpha)[0]
    assert looks[0] >= 10
    if looks[0] > 10:
        earlier = looks[0] - 1
        assert largest_score(earlier) < critical_values((earlier,), maximum, alpha)[0]


def test_plan_is_geometric() -> None:
    assert plan_looks(160, 0.05) == (10, 14, 20, 28, 40, 57, 80, 113, 160)


def test_plan_for_too_few_rounds_is_one_look_that_cannot_decide() -> None:
    assert plan_looks(4, 0.05) == (4,)
    assessment = assess(np.array([0.3, 0.4, 0.5, 0.6]), (4,), 4, 0.05)
    assert assessment.interval.half_width == math.inf
    assert assessment.p_value > 0.05


def test_unusable_plans_are_refused() -> None:
    with pytest.raises(ValueError, match="maximum"):
        plan_looks(0, 0.05)


def test_assessment_holds_what_it_was_made_of() -> None:
    differences = np.random.default_rng(2).normal(0.02, 0.01, 20)
    assessment = assess(differences, LOOKS, 160, 0.05)
    assert (assessment.rounds, assessment.alpha) == (20, 0.05)
    assert assessment.interval.low < assessment.interval.ratio < assessment.interval.high


def test_p_value_is_the_smallest_level_that_rejects() -> None:
    generator = np.random.default_rng(3)
    for shift in (0.0, 0.004, 0.01, 0.03):
        differences = generator.normal(shift, 0.02, 80)
        p_value = assess(differences, LOOKS, 160, 0.05).p_value
        used = LOOKS[:4]
        scores = [abs(normal_score(differences[:look])) for look in used]
        for level, rejects in ((p_value, True), (p_value / 1.02, False)):
            if not 1e-9 < level < 0.45:
                continue
            critical = critical_values(used, 160, level)
            assert any(s >= c for s, c in zip(scores, critical, strict=True)) == rejects


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.05 / 13])
@pytest.mark.parametrize("rounds", [10, 13, 20, 33])
def test_p_value_and_interval_agree(alpha: float, rounds: int) -> None:
    generator = np.random.default_rng(rounds)
    for shift in np.linspace(0, 0.04, 15):
        differences = generator.normal(shift, 0.02, rounds)
        assessment = assess(differences, LOOKS, 160, alpha)
        excluded = not assessment.interval.low <= 1 <= assessment.interval.high
        earlier = [look for look in LOOKS if look < rounds]
        before = [
            look
            for look in earlier
            if assess(differences[:look], LOOKS, 160, alpha).p_value <= alpha
        ]
        assert (assessment.p_value <= alpha) == (excluded or bool(before))


def test_p_value_remembers_an_earlier_rejection() -> None:
    differences = np.concatenate((np.linspace(0.01, 0.03, 10), np.linspace(-0.03, 0.01, 10)))
    first = assess(differences[:10], LOOKS, 160, 0.05)
    second = assess(differences, LOOKS, 160, 0.05)
    assert first.p_value <= 0.05
    assert second.p_value == first.p_value
    assert second.interval.low < 1 < second.interval.high


def test_no_evidence_has_p_value_one() -> None:
    differences = np.tile([0.01, -0.01], 10)
    assert assess(differences, LOOKS, 160, 0.05).p_value == 1


def test_overwhelming_evidence_has_the_smallest_p_value() -> None:
    differences = np.linspace(0.1, 0.2, 160)
    assert assess(differences, LOOKS, 160, 0.05).p_value == pytest.approx(1e-10)


def test_before_the_first_look_nothing_can_be_said() -> None:
    assessment = assess(np.array([0.01, 0.02, 0.03]), LOOKS, 160, 0.05)
    assert (assessment.interval.low, assessment.interval.high) == (0, math.inf)
    assert assessment.p_value > 0.05


def test_more_rounds_than_planned_are_refused() -> None:
    with pytest.raises(ValueError, match="maximum"):
        assess(np.zeros(161), LOOKS, 160, 0.05)


BASE = np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95])


@pytest.mark.parametrize(
    ("factor", "rounds", "expected"),
    [(2.0, 6, True), (0.5, 6, True), (2.0, 5, False), (1.3, 6, False), (1 / 1.3, 6, False)],
)
def test_large_effect_needs_size_and_rounds(*, factor: float, rounds: int, expected: bool) -> None:
    base = BASE[:rounds]
    head = base * factor
    assert large_effect(base, head, np.log(head / base)) is expected


def test_large_effect_needs_separate_ranges() -> None:
    base = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    head = base * 1.6
    assert not large_effect(base, head, np.log(head / base))


def test_large_effect_needs_sides_of_one_length() -> None:
    with pytest.raises(ValueError, match="length"):
        large_effect(BASE, BASE[:4], BASE)
