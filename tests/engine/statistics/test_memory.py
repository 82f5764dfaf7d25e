"""Memory is tested on rounds that were taken for time: against known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.memory import memory_looks, memory_test
from bench.engine.statistics.multiplicity import divide
from bench.engine.statistics.sequential import assess, critical_values, plan_looks

PAGE = 4096
BASE = 40 * 2**20


def peaks(differences: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Base and head in bytes with about these log ratios, in whole pages."""
    base = np.full(differences.size, float(BASE))
    head = np.round(BASE * np.exp(differences) / PAGE) * PAGE
    return base, head


@pytest.mark.parametrize("scatter", [0.005, 0.0002])
def test_the_error_rate_holds_when_time_stops_because_of_memory(scatter: float) -> None:
    """It ends the measuring at whatever number of rounds suits memory best, up to the last.

    The standard deviation is 0.5%, or two pages, of which many differences are none at all.
    """
    alpha, runs, wrong = 0.05, 800, 0
    looks = memory_looks(alpha, 160)
    generator = np.random.default_rng(7)
    for run in range(runs):
        base, head = peaks(generator.normal(0, scatter, 44))
        best = memory_test(base, head, looks, alpha)[1]
        if run < 2:  # a p-value that the rounds had on the way is never better
            ends = (memory_test(base[:n], head[:n], looks, alpha)[1] for n in range(6, 44))
            assert best <= min(ends)
        wrong += best <= alpha
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert scatter < 0.001 or wrong / runs > 0.4 * alpha


def test_a_look_that_was_not_planned_uses_the_rounds_before_it() -> None:
    looks = memory_looks(0.002, 160)
    generator = np.random.default_rng(8)
    base, head = peaks(generator.normal(-0.05, 0.003, 30))
    known = assess(np.log(head / base)[:28], looks, looks[-1], 0.002)
    assert 28 in looks
    for rounds in (28, 29, 30):
        interval, p_value, used = memory_test(base[:rounds], head[:rounds], looks, 0.002)
        assert (interval, p_value, used) == (known.interval, known.p_value, 28)


@pytest.mark.parametrize(("planned", "level"), [(10, 0.002), (12, 0.0005), (6, 0.05)])
def test_a_fixed_number_of_rounds_has_one_exact_look(planned: int, level: float) -> None:
    looks = memory_looks(level, 160, planned)
    assert looks == (planned,)
    generator = np.random.default_rng(9)
    base, head = peaks(generator.normal(0.03, 0.003, planned))  # far below 1.1x
    interval, p_value, used = memory_test(base, head, looks, level)
    assert used == planned
    assert p_value == pytest.approx(2 / 2**planned, rel=0.01)
    assert p_value <= level
    assert 1 < interval.low < interval.high < 1.06
    assert memory_test(base[:-1], head[:-1], looks, level)[1:] == (1.0, planned - 1)
    assert memory_looks(level, 160, planned - 1) == memory_looks(level, 160)
    tried = (
        memory_test(*peaks(row), looks, 0.05)[1]
        for row in generator.normal(0, 0.01, (400, planned))
    )
    assert sum(p <= 0.05 for p in tried) <= 400 * 0.05 + 3 * math.sqrt(400 * 0.05)


@pytest.mark.parametrize("benchmarks", [1, 4, 13])
def test_ten_rounds_for_time_and_six_alone_are_enough_for_memory(benchmarks: int) -> None:
    """The first look of time comes with as many rounds as memory needs to say what it saw."""
    parts = divide(0.05, benchmarks, 0)
    level = parts.memory / benchmarks
    rounds = 6 + plan_looks(160, parts.sequential / benchmarks)[0]
    base, head = peaks(np.random.default_rng(9).normal(-0.03, 0.004, rounds))
    interval, p_value, _used = memory_test(base, head, memory_looks(level, 160), level)
    assert p_value <= level
    assert 0.96 < interval.low < interval.high < 0.98


@pytest.mark.parametrize("benchmarks", [1, 2, 4, 8, 13, 30])
def test_the_part_of_memory_and_control_costs_time_nothing_but_a_hundredth(benchmarks: int) -> None:
    """The looks are those of all the error rate, and critical values grow by less than 1%."""
    part = divide(0.05, benchmarks, 0).sequential / benchmarks
    looks = plan_looks(160, part)
    assert looks == plan_looks(160, 0.05 / benchmarks)
    all_of_it = critical_values(looks, 160, 0.05 / benchmarks)
    for mine, known in zip(critical_values(looks, 160, part), all_of_it, strict=True):
        assert 1 < mine / known < 1.012


def test_a_large_change_is_told_before_the_first_look() -> None:
    looks = memory_looks(0.0002, 160)
    differences = math.log(0.5) + np.random.default_rng(10).normal(0, 0.01, 7)
    base, head = peaks(differences)
    interval, p_value, used = memory_test(base, head, looks, 0.0002)
    assert p_value == pytest.approx(2e-7)
    assert used == 7
    assert 0.48 < interval.low < interval.ratio < interval.high < 0.52
    assert memory_test(base[:5], head[:5], looks, 0.0002)[1] == 1.0
    small = peaks(differences - math.log(0.5) - 0.09)  # nothing is 1.1 times less
    assert memory_test(*small, looks, 0.0002)[1] == 1.0


def test_what_is_no_peak_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        memory_test(np.array([1.0, 0.0]), np.array([1.0, 1.0]), (10,), 0.05)
