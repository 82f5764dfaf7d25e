"""Net import cost against a known truth, and the summaries of tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.engine.statistics.net import net_interval
from bench.engine.statistics.summary import median_s, robust_sd

if TYPE_CHECKING:
    from bench.core.verdict import Interval
    from bench.engine.statistics.arrays import FloatArray

START, BASE_NET, HEAD_NET = 0.014, 0.065, 0.020


def measured(generator: np.random.Generator, net: float, rounds: int) -> FloatArray:
    return (START + net) * generator.lognormal(0, 0.03, rounds)


def cost(seed: int) -> tuple[float, float, Interval]:
    generator = np.random.default_rng(seed)
    base, head, start, other = (measured(generator, net, 30) for net in (BASE_NET, HEAD_NET, 0, 0))
    return net_interval(base, head, start, other, alpha=0.05, seed=7)


def test_net_cost_finds_the_truth() -> None:
    base_net, head_net, interval = cost(1)
    assert base_net == pytest.approx(BASE_NET, rel=0.05)
    assert head_net == pytest.approx(HEAD_NET, rel=0.05)
    assert interval.ratio == head_net / base_net
    assert interval.low < HEAD_NET / BASE_NET < interval.high
    assert interval.half_width < 0.1


def test_net_interval_covers_as_often_as_it_says() -> None:
    runs = 200
    intervals = [cost(seed)[2] for seed in range(runs)]
    covered = np.mean([i.low <= HEAD_NET / BASE_NET <= i.high for i in intervals])
    assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)


def test_net_interval_is_repeatable_and_depends_on_its_seed() -> None:
    generator = np.random.default_rng(3)
    base, head = generator.normal(3, 0.02, (2, 25))
    control = generator.normal(1, 0.02, (2, 15))
    first, again, other = (
        net_interval(base, head, control[0], control[1], 0.05, seed) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_rounds_are_drawn_as_pairs() -> None:
    # A disturbance common to both sides of a round cancels, if pairs stay together.
    common = np.random.default_rng(4).lognormal(0, 0.2, 31)
    nothing = np.zeros(9)
    _, _, interval = net_interval(common, 2 * common, nothing, nothing, alpha=0.05, seed=1)
    assert (interval.low, interval.high) == pytest.approx((2, 2))


def test_net_cost_of_nothing_has_no_ratio() -> None:
    rounds, control = np.full(10, 0.014), np.full(10, 0.015)
    base_net, head_net, interval = net_interval(
        rounds, rounds + 0.01, control, control, alpha=0.05, seed=1
    )
    assert base_net == pytest.approx(-0.001)
    assert head_net == pytest.approx(0.009)
    assert all(math.isnan(x) for x in (interval.ratio, interval.low, interval.high))


def test_net_cost_barely_above_nothing_has_a_wide_interval() -> None:
    control = np.linspace(0.014, 0.015, 30)
    little, much = control + 0.0001, control + 0.02
    _, _, interval = net_interval(little, much, control, control, alpha=0.05, seed=1)
    assert interval.ratio == pytest.approx(200)
    assert interval.low < 200
    assert interval.high == math.inf
    _, _, interval = net_interval(much, little, control, control, alpha=0.05, seed=1)
    assert interval.low == 0
    assert 0.005 < interval.high < 0.1


def test_unusable_rounds_are_refused() -> None:
    good = np.ones(5)
    with pytest.raises(ValueError, match="differ in length"):
        net_interval(good, np.ones(4), good, good, alpha=0.05, seed=1)
    with pytest.raises(ValueError, match="control"):
        net_interval(good, good, good, np.ones(4), alpha=0.05, seed=1)
    with pytest.raises(ValueError, match="alpha"):
        net_interval(good, good, good, good, alpha=0, seed=1)
    with pytest.raises(ValueError, match="finite"):
        net_interval(good, np.full(5, math.nan), good, good, alpha=0.05, seed=1)


def test_median_is_in_seconds() -> None:
    assert median_s(np.array([0.3, 0.1, 0.2, 9.0])) == pytest.approx(0.25)


def test_robust_sd_is_that_of_normal_noise_and_ignores_outliers() -> None:
    ratios = np.random.default_rng(5).normal(0.02, 0.016, 4000)
    assert robust_sd(ratios) == pytest.approx(0.016, rel=0.06)
    ratios[:200] = 3.0
    assert robust_sd(ratios) == pytest.approx(0.016, rel=0.12)
    assert robust_sd(np.array([0.01])) == 0
