"""Which stretches are measured, and whether the right commits are named."""

from __future__ import annotations

import numpy as np
import pytest
from support.simulated_history import SimulatedHistory, named

from bench.core.verdict import Interval, Verdict
from bench.explain.attribute.search import (
    Finding,
    Search,
    Seen,
    Stretch,
    together,
)

SAME = Seen(Interval(1.0, 0.995, 1.005), Verdict.SAME)
FASTER = Seen(Interval(0.9, 0.89, 0.91), Verdict.FASTER)


def search(*work: float | None) -> Search:
    return Search(work=work, changed=(False,) * (len(work) - 1), least=0.01)


def test_a_range_without_candidates_needs_no_measuring() -> None:
    one = search(0.0)
    assert one.next({}) is None
    assert one.parts({}) == []


def test_equal_ends_and_equal_work_stay_closed() -> None:
    one = search(0.0, 0.001, 0.0, 0.002)
    assert one.next({}) == Stretch(0, 3)
    assert one.next({Stretch(0, 3): SAME}) is None
    (part,) = one.parts({Stretch(0, 3): SAME})
    assert part.finding is Finding.CLOSED


def test_what_goes_up_and_down_again_is_opened() -> None:
    one = search(0.0, 0.03, 0.03, 0.0)
    assert one.next({Stretch(0, 3): SAME}) == Stretch(0, 1)
    assert one.split(Stretch(0, 3)) == (Stretch(0, 1), Stretch(1, 2), Stretch(2, 3))


def test_a_step_that_no_counter_shows_is_found_by_halving() -> None:
    one = search(*[0.0] * 9)
    seen = {Stretch(0, 8): FASTER}
    while (stretch := one.next(seen)) is not None:
        seen[stretch] = FASTER if stretch.first < 6 <= stretch.last else SAME
    assert named(one.parts(seen)) == {6: 0.9}
    assert len(seen) == 7


def test_candidates_that_moved_are_measured_first() -> None:
    one = search(0.0, 0.0, -0.1, -0.1, -0.1, -0.4)
    whole = Stretch(0, 5)
    assert one.split(whole) == (Stretch(0, 1), Stretch(1, 2), Stretch(2, 4), Stretch(4, 5))
    assert one.next({whole: FASTER}) == Stretch(4, 5)
    assert one.next({whole: FASTER, Stretch(4, 5): FASTER}) == Stretch(1, 2)


def test_parts_are_the_range_whatever_was_measured_yet() -> None:
    one = search(0.0, 0.0, -0.1, -0.1, -0.1, -0.4)
    seen = {Stretch(0, 5): FASTER}
    assert [part.stretch for part in one.parts(seen)] == [Stretch(0, 5)]
    assert one.parts(seen)[0].finding is Finding.OPEN
    seen[Stretch(4, 5)] = FASTER
    parts = one.parts(seen)
    assert [part.stretch.first for part in parts] == [0, 1, 2, 4]
    assert together(parts) is None


def test_the_product_of_the_parts_is_as_uncertain_as_all_of_them() -> None:
    one = search(0.0, -0.1, -0.2)
    seen = {Stretch(0, 2): FASTER, Stretch(0, 1): FASTER, Stretch(1, 2): FASTER}
    product = together(one.parts(seen))
    assert product is not None
    assert product.ratio == pytest.approx(0.81)
    assert product.half_width > FASTER.interval.half_width  # type: ignore[union-attr]


def test_what_cannot_be_measured_is_said_and_its_neighbours_are() -> None:
    one = search(0.0, 0.0, 0.0)
    failed = Seen(None, None, "it does not start")
    seen = {Stretch(0, 2): failed}
    assert one.next(seen) == Stretch(0, 1)
    seen |= {Stretch(0, 1): SAME, Stretch(1, 2): failed}
    assert [part.finding for part in one.parts(seen)] == [Finding.NOTHING, Finding.FAILED]


CASES = {
    "steps": {3: 0.01, 7: 0.02, 12: 0.05, 16: -0.03},
    "opposite": {4: 0.03, 9: -0.0291, 14: 0.05},
    "neighbours": {8: 0.04, 9: -0.04, 10: 0.04},
    "drift": {**dict.fromkeys(range(1, 19), 0.001), 11: 0.03},
    "nothing": {},
}


def searched(case: str, seed: int, *, counters: bool = True) -> tuple[SimulatedHistory, set[int]]:
    """A search of 18 candidates, and those whose step matters (2% and more).

    The work counted follows time roughly, and moves at two candidates that cost no time.
    """
    chance = np.random.default_rng(seed)
    steps = [CASES[case].get(number, 0.0) for number in range(1, 19)]
    misleading = dict(zip(chance.choice(18, 2, replace=False), (0.02, -0.03), strict=True))
    counted = [
        0.7 * step + chance.normal(0, 0.0004) + misleading.get(place, 0.0)
        for place, step in enumerate(steps)
    ]
    history = SimulatedHistory(steps, counted if counters else None, chance)
    return history, {n for n, step in enumerate(steps, 1) if abs(step) >= 0.0199}


def failures(case: str, searches: int, *, counters: bool = True) -> tuple[int, int]:
    """In how many searches a step of 2% was missed, and in how many an innocent was named."""
    missed = wrong = 0
    for seed in range(searches):
        history, true = searched(case, seed, counters=counters)
        found = named(history.searched())
        moving = {n for n, step in enumerate(history.steps, 1) if step}
        missed += not true <= found.keys()
        wrong += not found.keys() <= moving
    return missed, wrong


@pytest.mark.parametrize("case", CASES)
def test_steps_are_found_and_no_innocent_is_named(case: str) -> None:
    missed, wrong = failures(case, 8)
    assert missed <= 1
    assert wrong <= 2


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_of_a_hundred_searches_at_least_95_are_right(case: str) -> None:
    missed, wrong = failures(case, 100)
    assert missed <= 5
    assert wrong <= 5


@pytest.mark.slow
@pytest.mark.parametrize("case", ["steps", "drift", "nothing"])
def test_without_counters_too_where_nothing_cancels(case: str) -> None:
    missed, wrong = failures(case, 100, counters=False)
    assert missed <= 5
    assert wrong <= 5
