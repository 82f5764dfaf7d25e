"""Holm's procedure against the closed test it shortens, and the level passed on in a run."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.engine.statistics.multiplicity import holm, local_alpha
from bench.engine.statistics.sequential import assess, plan_looks

if TYPE_CHECKING:
    from bench.engine.statistics.arrays import FloatArray


def closed_test(p_values: dict[str, float], alpha: float) -> set[str]:
    """Reject what Bonferroni rejects in every set of hypotheses that holds it (Marcus et al.)."""
    names = list(p_values)
    sets = [
        chosen
        for size in range(1, len(names) + 1)
        for chosen in itertools.combinations(names, size)
    ]
    return {
        name
        for name in names
        if all(
            min(p_values[other] for other in chosen) <= alpha / len(chosen)
            for chosen in sets
            if name in chosen
        )
    }


@pytest.mark.parametrize("seed", range(60))
def test_holm_is_the_closed_bonferroni_test(seed: int) -> None:
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 7))
    # Steps that include the thresholds themselves, and ties.
    p_values = {
        f"b{i}": float(
            generator.choice([0.004, 0.05 / 6, 0.01, 0.0125, 0.02, 0.025, 0.04, 0.05, 0.5])
        )
        for i in range(count)
    }
    assert holm(p_values, 0.05) == closed_test(p_values, 0.05)


def test_holm_stops_at_the_first_that_holds() -> None:
    assert holm({"a": 0.001, "b": 0.03, "c": 0.04}, 0.05) == {"a"}
    assert holm({"a": 0.01, "b": 0.02, "c": 0.04}, 0.05) == {"a", "b", "c"}
    assert holm({}, 0.05) == frozenset()


def test_level_is_passed_on() -> None:
    assert [local_alpha(4, rejected, 0.04) for rejected in range(5)] == pytest.approx(
        [0.01, 0.04 / 3, 0.02, 0.04, 0.04]
    )


@pytest.mark.parametrize("p_value", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p_value: float) -> None:
    with pytest.raises(ValueError, match="a"):
        holm({"a": p_value}, 0.05)


@pytest.mark.parametrize(("total", "rejected"), [(0, 0), (3, 4), (3, -1)])
def test_counts_that_do_not_fit_are_refused(total: int, rejected: int) -> None:
    with pytest.raises(ValueError, match="rejected"):
        local_alpha(total, rejected, 0.05)


def rejections(session: FloatArray, looks: tuple[int, ...], maximum: int) -> set[int]:
    """Benchmarks measured in step: at each look, what is open is retested while levels grow."""
    rejected: set[int] = set()
    for look in looks:
        changed = True
        while changed:
            level = local_alpha(len(session), len(rejected), 0.05)
            new = {
                i
                for i, row in enumerate(session)
                if i not in rejected and assess(row[:look], looks, maximum, level).p_value <= level
            }
            # One at a time, as the procedure has it; the loop takes up the others.
            rejected |= {min(new)} if new else set()
            changed = bool(new) and len(rejected) < len(session)
    return rejected


def test_family_wise_error_of_a_session_with_true_effects_among_nulls() -> None:
    runs, maximum = 200, 40
    looks = plan_looks(maximum, 0.05 / 4)
    generator = np.random.default_rng(31)
    wrong = 0
    for _ in range(runs):
        session = generator.normal(0, 0.016, (4, maximum))
        session[2:] += 0.03
        wrong += bool(rejections(session, looks, maximum) & {0, 1})
    assert wrong / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
