"""One error rate shared among planned tests."""

from __future__ import annotations

import math

import pytest

from bench.engine.statistics.spending import weighted_levels


def test_levels_add_up_to_alpha_and_follow_the_weights() -> None:
    levels = weighted_levels([0.0, 1.0, 3.0, 0.0], 0.05)
    assert math.isclose(math.fsum(levels), 0.05)
    assert levels[0] == levels[3] == pytest.approx(0.05 / 8)
    assert levels[2] - levels[0] == pytest.approx(3 * (levels[1] - levels[0]))


def test_without_weights_all_are_equal() -> None:
    assert weighted_levels([0.0] * 4, 0.04) == (0.01,) * 4
    assert weighted_levels([], 0.05) == ()


@pytest.mark.parametrize("weights", [[-1.0], [math.nan], [math.inf]])
def test_bad_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        weighted_levels(weights, 0.05)


def test_bad_alpha() -> None:
    with pytest.raises(ValueError, match="alpha"):
        weighted_levels([1.0], 1.0)
