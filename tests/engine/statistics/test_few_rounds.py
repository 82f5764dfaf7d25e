"""Few, long rounds: what n of them can decide, and the error rate of a whole run with some."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from support.simulated_rounds import margin, scores

from bench.core.verdict import Verdict
from bench.engine.statistics.few_rounds import (
    exact_test,
    fewest_rounds,
    planned_rounds,
    smallest_p,
    stratified_test,
)
from bench.engine.statistics.multiplicity import divide, holm, local_alpha
from bench.engine.statistics.sequential import critical_values, plan_looks
from bench.engine.statistics.verdicts import decide

ALPHA, MAXIMUM = 0.05, 160
SHORT, LONG = 10, 3


@pytest.mark.parametrize("level", [0.1, 0.05, 0.025, 0.05 / 3, 0.025 / 3, 0.005, 0.03125])
def test_the_fewest_rounds_are_those_that_reject_when_all_agree(level: float) -> None:
    number = fewest_rounds(level)
    agreeing = np.linspace(0.01, 0.02, number)
    interval, p_value = exact_test(agreeing, number, level)
    assert p_value == pytest.approx(2 / 2**number)
    assert p_value <= level
    assert interval.low > 1
    interval, p_value = exact_test(agreeing[1:], number - 1, level)
    assert p_value > level
    assert interval.low == 0


def test_more_than_asked_for_where_a_verdict_needs_them_but_never_more_than_allowed() -> None:
    assert planned_rounds(3, 0.025 / 3, MAXIMUM) == 8
    assert planned_rounds(12, 0.05, MAXIMUM) == 12
    assert planned_rounds(3, 0.05, 4) == 4


def test_before_the_last_round_nothing_is_rejected() -> None:
    assert exact_test(np.full(7, -0.2), 8, 0.05)[1] == 1.0


@pytest.mark.parametrize("number", [5, 6, 7, 8, 9])
def test_the_p_value_is_exact(number: int) -> None:
    """All 2^n signs of n differences: as many have a p-value of at most p as p says."""
    sizes = np.linspace(1, 2, number) ** 2
    found = [
        exact_test(sizes * signs, number, 0.05)[1]
        for signs in itertools.product((-1.0, 1.0), repeat=number)
    ]
    for p_value in {value for value in found if value < 0.2}:
        assert sum(other <= p_value for other in found) / len(found) == pytest.approx(p_value)
    known = stats.wilcoxon(sizes * ([1] * (number - 1) + [-1]), method="exact").pvalue
    values = sizes * np.array([1] * (number - 1) + [-1])
    assert exact_test(values, number, 0.05)[1] == pytest.approx(known)


def test_the_parts_of_the_error_rate() -> None:
    one, both = divide(ALPHA, 10, 0), divide(ALPHA, 10, 3)
    assert one == divide(ALPHA, 0, 3)
    assert one.sequential + one.memory + one.control == pytest.approx(ALPHA)
    together = both.sequential + both.fixed + both.memory + both.control
    assert together == pytest.approx(ALPHA)


@pytest.mark.parametrize(("short", "long", "rounds"), [(0, 1, 6), (0, 2, 7), (0, 3, 7), (5, 3, 8)])
def test_what_the_others_have_costs_no_long_round(short: int, long: int, rounds: int) -> None:
    """As many as with all of the error rate, or with a half of it."""
    kinds = 2 if short else 1
    assert planned_rounds(1, divide(ALPHA, short, long).fixed / long, MAXIMUM) == rounds
    assert planned_rounds(1, ALPHA / kinds / long, MAXIMUM) == rounds


@pytest.mark.parametrize("noise", ["normal", "heavy"])
def test_a_run_of_unchanged_benchmarks_is_wrong_at_most_alpha_of_the_time(noise: str) -> None:
    """10 usual benchmarks looked at up to 160 rounds, and 3 long ones with their fixed number.

    While nothing is changed, Holm's procedure rejects something exactly when the smallest p-value
    is at most its family's part over the family's size.
    """
    runs, generator = 2000, np.random.default_rng(45)
    parts = divide(ALPHA, SHORT, LONG)
    sequential, fixed = parts.sequential, parts.fixed
    number = planned_rounds(3, fixed / LONG, MAXIMUM)

    def drawn(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        heavy = noise == "heavy"
        return generator.standard_t(3, shape) if heavy else generator.normal(size=shape)

    looks = plan_looks(MAXIMUM, sequential / SHORT)
    critical = np.array(critical_values(looks, MAXIMUM, sequential / SHORT))
    short = (scores(drawn(runs * SHORT, MAXIMUM), looks) >= critical).any(axis=1)
    wrong = short.reshape(runs, SHORT).any(axis=1)
    for run, values in enumerate(drawn(runs, LONG, number)):
        p_values = {str(i): exact_test(one, number, fixed)[1] for i, one in enumerate(values)}
        wrong[run] |= bool(holm(p_values, fixed))
    assert wrong.mean() <= ALPHA + margin(ALPHA, runs)
    assert wrong.mean() >= 0.4 * ALPHA


def test_a_change_of_15_percent_is_found_by_the_planned_rounds() -> None:
    """A log ratio of ln 0.85 with a standard deviation of 3% a round, the three at once."""
    runs, generator, found = 300, np.random.default_rng(46), 0
    fixed = divide(ALPHA, SHORT, LONG).fixed
    number = planned_rounds(6, fixed / LONG, MAXIMUM)
    assert number == 8
    for _ in range(runs):
        values = math.log(0.85) + generator.normal(0, 0.03, (LONG, number))
        p_values = {str(i): exact_test(one, number, fixed)[1] for i, one in enumerate(values)}
        rejected = holm(p_values, fixed)
        level = local_alpha(LONG, len(rejected), fixed)
        interval, _ = exact_test(values[0], number, level)
        found += decide(interval, rejected="0" in rejected, mei=0.02) is Verdict.FASTER
    assert found / runs > 0.99


def test_strata_are_tested_exactly() -> None:
    """Every pattern of signs: the p-value is the share of patterns that are as extreme."""
    generator = np.random.default_rng(3)
    duets, pairs = np.sort(generator.uniform(0.1, 1, 4)), np.sort(generator.uniform(1, 9, 3))
    found = [
        stratified_test((duets * signs[:4], pairs * signs[4:]), (4, 3), 0.05)[1]
        for signs in (np.array(one) for one in itertools.product((-1.0, 1.0), repeat=7))
    ]
    assert min(found) == pytest.approx(smallest_p(7))
    for p_value in {value for value in found if value < 0.5}:
        share = sum(other <= p_value * (1 + 1e-9) for other in found) / len(found)
        assert share == pytest.approx(p_value)


def test_one_stratum_is_the_exact_test() -> None:
    values = np.random.default_rng(4).normal(0.02, 0.02, 8)
    for alpha in (0.05, 0.01, 0.001):
        one, known = stratified_test((values,), (8,), alpha), exact_test(values, 8, alpha)
        assert one[1] == pytest.approx(known[1])
        assert (one[0].low, one[0].high) == pytest.approx((known[0].low, known[0].high))
        assert one[0].ratio == pytest.approx(known[0].ratio)
    assert stratified_test((values, np.zeros(0)), (8, 0), 0.05)[1] == pytest.approx(
        exact_test(values, 8, 0.05)[1]
    )


@pytest.mark.parametrize("alpha", [0.047, 0.0235])
def test_strata_of_unequal_noise_keep_the_error_rate_and_cover(alpha: float) -> None:
    """Three pairs that scatter ten times as much as the duets; test and interval agree."""
    runs, generator, wrong = 3000, np.random.default_rng(5), 0
    for _ in range(runs):
        strata = generator.normal(0, 0.01, 6), generator.normal(0, 0.1, 3)
        interval, p_value = stratified_test(strata, (6, 3), alpha)
        assert (p_value <= alpha) == (not interval.low <= 1 <= interval.high)
        wrong += p_value <= alpha
    assert wrong / runs <= alpha + margin(alpha, runs)


def test_noisy_pairs_take_nothing_from_duets_that_agree() -> None:
    """A change of 5% in 6 duets of 1% noise; pooled with the pairs it would be lost."""
    runs, generator, found, pooled = 400, np.random.default_rng(6), 0, 0
    for _ in range(runs):
        strata = generator.normal(0.05, 0.01, 6), generator.normal(0.05, 0.08, 3)
        found += stratified_test(strata, (6, 3), 0.047)[1] <= 0.047
        pooled += exact_test(np.concatenate(strata), 9, 0.047)[1] <= 0.047
    assert found / runs > 0.9
    assert pooled < found


def test_strata_that_are_not_full_decide_nothing() -> None:
    full, short = np.full(6, -0.2), np.full(2, -0.2)
    assert stratified_test((full, short), (6, 3), 0.05)[1] == 1.0
    with pytest.raises(ValueError, match="alpha"):
        stratified_test((full,), (6,), 1.0)
