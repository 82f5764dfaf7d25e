"""The geometric mean of a group: against known truth, as benchmarks are really stopped."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.geometric import geometric_mean
from bench.engine.statistics.sequential import assess, plan_looks
from bench.engine.statistics.signed_rank import hodges_lehmann, standard_error
from bench.engine.statistics.verdicts import settled

ALPHA, MEI, MAXIMUM = 0.05, 0.02, 40


def until_settled(values: FloatArray, looks: tuple[int, ...], level: float) -> FloatArray:
    """As many rounds as its sequential test takes."""
    for look in looks:
        found = assess(values[:look], looks, MAXIMUM, level)
        if settled(found, mei=MEI, local_alpha=level):
            break
    return values[:look]


@pytest.mark.parametrize("noise", ["normal", "heavy"])
@pytest.mark.parametrize("benchmarks", [2, 6])
def test_the_interval_holds_the_truth(benchmarks: int, noise: str) -> None:
    """Unchanged, slower and much faster benchmarks, of three levels of noise."""
    runs, held = 150, 0
    generator = np.random.default_rng(benchmarks)
    level = ALPHA / benchmarks
    looks = plan_looks(MAXIMUM, level)
    for _ in range(runs):
        truth = generator.choice([0.0, 0.0, 0.01, 0.03, -0.05, -0.3], benchmarks)
        scale = generator.choice([0.005, 0.015, 0.03], benchmarks)
        shape = (benchmarks, MAXIMUM)
        heavy = noise == "heavy"
        drawn = generator.standard_t(3, shape) if heavy else generator.normal(size=shape)
        rounds = [
            until_settled(row, looks, level)
            for row in truth[:, None] + scale[:, None] * drawn / (1.3 if heavy else 1.0)
        ]
        found = geometric_mean(
            [math.exp(hodges_lehmann(one)) for one in rounds],
            [standard_error(one) for one in rounds],
            [one.size for one in rounds],
            ALPHA,
        )
        held += found.low <= math.exp(truth.mean()) <= found.high
    assert held / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_a_wild_round_hardly_moves_the_error() -> None:
    values = np.random.default_rng(1).normal(0, 0.01, 20)
    wild = values.copy()
    wild[3] = 2.0
    assert standard_error(wild) < 1.4 * standard_error(values)
    assert standard_error(values) == pytest.approx(0.01 / math.sqrt(20), rel=0.5)


def test_few_rounds_have_no_error() -> None:
    assert standard_error(np.zeros(4)) == math.inf
    with pytest.raises(ValueError, match="five rounds"):
        geometric_mean([1.0], [0.1], [4], ALPHA)


def test_rounds_without_any_scatter() -> None:
    found = geometric_mean([0.5, 2.0], [0.0, 0.0], [6, 6], ALPHA)
    assert (found.low, found.ratio, found.high) == (1.0, 1.0, 1.0)
