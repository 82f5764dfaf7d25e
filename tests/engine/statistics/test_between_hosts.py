"""Ratios of several hosts: coverage against simulation, quantiles against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.engine.statistics.between_hosts import between_hosts


@pytest.mark.parametrize(("hosts", "spread"), [(2, 0.0), (3, 0.02), (5, 0.0), (5, 0.05)])
def test_the_interval_covers_the_common_ratio(hosts: int, spread: float) -> None:
    rng = np.random.default_rng(hosts)
    truth, covered, runs = math.log(0.8), 0, 1500
    for _ in range(runs):
        errors = rng.uniform(0.005, 0.02, hosts)
        values = rng.normal(truth, spread, hosts) + rng.normal(0, errors)
        found = between_hosts(values, errors).interval
        covered += found.low <= 0.8 <= found.high
    assert covered / runs >= 0.93


def test_hosts_that_agree_have_no_spread_and_others_do() -> None:
    errors = np.full(4, 0.01)
    assert between_hosts(np.array([0.10, 0.101, 0.099, 0.10]), errors).share == 0.0
    apart = between_hosts(np.array([0.0, 0.2, 0.1, 0.3]), errors)
    assert apart.share > 0.9
    assert apart.spread == pytest.approx(0.129, rel=0.1)
    assert apart.interval.low < math.exp(0.15) < apart.interval.high


def test_agreement_by_chance_makes_nothing_narrower_than_the_errors_allow() -> None:
    found = between_hosts(np.zeros(3), np.full(3, 0.01)).interval
    assert math.log(found.high) >= 4.30 * 0.01 / math.sqrt(3)


@pytest.mark.parametrize("errors", [[0.01], [0.01, 0.0], [0.01, math.inf]])
def test_what_cannot_be_combined_is_refused(errors: list[float]) -> None:
    with pytest.raises(ValueError, match=r"host|finite"):
        between_hosts(np.zeros(len(errors)), np.array(errors))
