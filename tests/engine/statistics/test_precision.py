"""Rates with their limits, and what a number of rounds can find."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.engine.statistics.binomial import Rate, clopper_pearson
from bench.engine.statistics.precision import POWER, detectable, scatter
from bench.engine.statistics.sequential import assess, plan_looks


@pytest.mark.parametrize(
    ("count", "total", "limits"),
    [
        (0, 40, (0.0, 0.0881)),
        (1, 86, (0.0003, 0.0631)),
        (20, 40, (0.3380, 0.6620)),
        (2, 2, (0.1581, 1.0)),
    ],
)
def test_limits_are_exact(count: int, total: int, limits: tuple[float, float]) -> None:
    assert clopper_pearson(count, total, 0.05) == pytest.approx(limits, abs=1e-4)


def test_nothing_observed_excludes_nothing() -> None:
    assert clopper_pearson(0, 0, 0.05) == (0.0, 1.0)
    assert math.isnan(Rate(0, 0).value)


@pytest.mark.parametrize("sd", [0.005, 0.03])
def test_the_scatter_of_normal_noise_is_what_theory_says(sd: float) -> None:
    noise = np.random.default_rng(1).normal(0, sd, 800)
    assert scatter(noise) == pytest.approx(math.sqrt(math.pi / 3) * sd, rel=0.06)


def test_the_scatter_of_heavy_tails_is_less_than_their_standard_deviation() -> None:
    noise = 0.01 * np.random.default_rng(2).standard_t(2.2, 600)
    assert scatter(noise) < 0.7 * float(np.std(noise))


def test_too_few_rounds_have_no_scatter_and_find_nothing() -> None:
    assert scatter(np.array([0.01, -0.01, 0.02])) == math.inf
    assert detectable(0.02, 3, 160, 0.05) == math.inf
    assert detectable(math.inf, 100, 160, 0.05) == math.inf


@pytest.mark.parametrize("rounds", [40, 113])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_what_is_called_detectable_is_found_in_four_of_five_runs(rounds: int, alpha: float) -> None:
    rng, sd, maximum = np.random.default_rng(rounds), 0.02, 160
    scatter_of_normal = math.sqrt(math.pi / 3) * sd
    effect = math.log1p(detectable(scatter_of_normal, rounds, maximum, alpha))
    looks = plan_looks(maximum, alpha)
    found = [
        assess(rng.normal(effect, sd, rounds), looks, maximum, alpha).p_value <= alpha
        for _ in range(150)
    ]
    # At least: the earlier looks find a little more. 0.035 is one standard error.
    assert POWER - 0.08 <= np.mean(found) <= POWER + 0.13
