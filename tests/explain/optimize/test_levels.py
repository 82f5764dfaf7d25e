"""The error rate of all steps together stays where it was set."""

from __future__ import annotations

import random

import pytest

from bench.explain.optimize.levels import Spent, next_level


def test_parts_add_up_to_no_more_than_the_whole() -> None:
    past: list[Spent] = []
    for _ in range(200):
        past.append(Spent(next_level(past, 0.05), free=False))
    assert past[0].alpha == pytest.approx(0.025)
    assert sum(one.alpha for one in past) < 0.05
    assert sum(one.alpha for one in past) == pytest.approx(0.05, rel=0.01)


def test_a_step_of_which_all_was_rejected_hands_on_what_it_had() -> None:
    first = Spent(next_level([], 0.05), free=True)
    assert next_level([first], 0.05) == pytest.approx(0.025 + 0.05 / 6)
    assert next_level([first, Spent(0.03, free=False)], 0.05) == pytest.approx(0.05 / 12)


def test_the_chance_of_any_error_stays_below_alpha() -> None:
    """Steps without any effect among real ones: an error is one of the former that is rejected."""
    chance, wrong, runs = random.Random(1), 0, 4000
    for _ in range(runs):
        past: list[Spent] = []
        for _ in range(12):
            level, real = next_level(past, 0.2), chance.random() < 0.6
            rejected = real or chance.random() < level
            if rejected and not real:
                wrong += 1
                break
            past.append(Spent(level, free=rejected))
    assert wrong / runs < 0.2 + 3 * (0.2 * 0.8 / runs) ** 0.5


def test_an_alpha_has_to_be_one() -> None:
    with pytest.raises(ValueError, match="alpha"):
        next_level([], 1.5)
