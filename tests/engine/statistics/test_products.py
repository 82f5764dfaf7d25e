"""The interval of two changes together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.core.verdict import Interval
from bench.engine.statistics.products import product, quotient


def test_symmetrical_intervals_add_like_standard_errors() -> None:
    one, other = (Interval(math.exp(at), math.exp(at - half), math.exp(at + half))
                  for at, half in ((0.1, 0.03), (-0.3, 0.04)))  # fmt: skip
    both = product(one, other)
    found = [math.log(value) for value in (both.ratio, both.low, both.high)]
    assert found == pytest.approx([-0.2, -0.25, -0.15])


def test_sides_of_an_interval_stay_apart() -> None:
    both = product(Interval(1.0, 1.0, 1.2), Interval(1.0, 0.9, 1.0))
    assert (both.low, both.high) == pytest.approx((0.9, 1.2))


def test_a_part_without_limits() -> None:
    assert product(Interval(2.0, 0.0, math.inf), Interval(1.5, 1.4, 1.6)) == Interval(
        3.0, 0.0, math.inf
    )


def test_coverage() -> None:
    """Of 4,000 intervals of products of two estimates, 95% hold the true one."""
    generator = np.random.default_rng(5)
    truth, errors = np.log([1.3, 0.8]), np.array([0.02, 0.05])
    held = 0
    for found in generator.normal(truth, errors, (4000, 2)):
        limits = np.exp([found, found - 1.96 * errors, found + 1.96 * errors])
        both = product(*(Interval(*map(float, limits[:, part])) for part in (0, 1)))
        held += both.low <= 1.3 * 0.8 <= both.high
    assert held / 4000 == pytest.approx(0.95, abs=0.012)


def test_a_quotient_undoes_a_product_in_its_ratio_and_is_less_certain() -> None:
    one, other = Interval(0.5, 0.45, 0.6), Interval(0.8, 0.75, 0.9)
    left = quotient(product(one, other), other)
    assert left.ratio == pytest.approx(one.ratio)
    assert left.low < one.low < one.high < left.high
    assert quotient(one, Interval(0.8, 0.0, 1.0)) == Interval(0.5 / 0.8, 0.0, math.inf)
