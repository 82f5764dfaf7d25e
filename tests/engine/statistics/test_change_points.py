"""Change points: which changes of level are found, and how often one is marked without any."""

from __future__ import annotations

import numpy as np
import pytest

from bench.engine.statistics.change_points import LEAST_POINTS, change_points

ERROR = 0.005
Chance = np.random.Generator


def series(levels: list[tuple[int, float]], chance: Chance, error: float = ERROR) -> list[float]:
    """Points around levels, each of which lasts for so many."""
    true = np.concatenate([np.full(length, level) for length, level in levels])
    found: list[float] = (true + chance.normal(0, error, true.size)).tolist()
    return found


def test_a_level_that_stays_is_found_where_no_two_neighbours_show_it() -> None:
    values = series([(20, 0.0), (20, 0.012)], np.random.default_rng(3))
    (found,) = change_points(values, [ERROR] * 40)
    assert found.at in {19, 20, 21}
    assert found.before == pytest.approx(0, abs=0.004)
    assert found.after == pytest.approx(0.012, abs=0.004)


def test_up_and_down_again() -> None:
    values = series([(15, 0.0), (10, 0.05), (15, 0.0)], np.random.default_rng(1))
    assert [one.at for one in change_points(values, [ERROR] * 40)] == [15, 25]


def test_one_point_that_stands_out_is_no_level() -> None:
    values = series([(40, 0.0)], np.random.default_rng(2))
    values[17] += 0.1
    assert change_points(values, [ERROR] * 40) == []


def test_what_a_wide_interval_says_counts_less() -> None:
    values = series([(40, 0.0)], np.random.default_rng(4))
    errors = [ERROR] * 40
    for place in range(20, 26):
        values[place] += 0.02
        errors[place] = 0.2
    assert change_points(values, errors) == []


def test_few_points_have_no_levels() -> None:
    values = [0.0] * 4 + [0.5] * (LEAST_POINTS - 5)
    assert change_points(values, [ERROR] * len(values)) == []
    assert change_points([*values, 0.5], [ERROR] * LEAST_POINTS)


@pytest.mark.parametrize("errors", [[0.0] * 12, [float("inf")] * 12, [0.1] * 11])
def test_errors_that_are_none(errors: list[float]) -> None:
    with pytest.raises(ValueError, match="standard error"):
        change_points([0.0] * 12, errors)


def marked(kind: str, searches: int) -> float:
    """The part of series without a change that have a change point all the same."""
    chance = np.random.default_rng(7)
    found = 0
    for number in range(searches):
        size = (12, 25, 60)[number % 3]
        errors = chance.uniform(0.003, 0.008, size)
        values = chance.normal(0, errors)
        if kind == "runs differ by more than their rounds":
            values += chance.normal(0, 0.006, size)
        if kind == "heavy tails":
            values += 0.004 * chance.standard_t(3, size)
        found += bool(change_points(values.tolist(), errors.tolist()))
    return found / searches


@pytest.mark.parametrize(
    "kind", ["as the intervals say", "runs differ by more than their rounds", "heavy tails"]
)
def test_a_series_without_a_change_is_seldom_marked(kind: str) -> None:
    """What docs/histories.md says."""
    assert marked(kind, 100) <= 0.04
