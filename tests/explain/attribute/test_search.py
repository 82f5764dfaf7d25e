"""Which stretches are measured, and whether the right commits are named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

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


def test_what_is_undecided_is_opened_where_its_work_tells_something_or_nothing() -> None:
    undecided = Seen(Interval(1.0, 0.98, 1.02), Verdict.UNDECIDED)
    whole = Stretch(0, 3)
    agreeing = search(0.0, 0.001, 0.0, 0.002)
    assert agreeing.next({whole: undecided}) is None
    assert [one.finding for one in agreeing.parts({whole: undecided})] == [Finding.UNDECIDED]
    for one in (search(0.0, 0.03, 0.03, 0.0), search(0.0, None, 0.0, 0.0)):
        assert one.next({whole: undecided}) is not None


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


def test_too_few_rounds_are_no_failure() -> None:
    one = search(0.0, -0.1)
    few = Seen(None, Verdict.UNDECIDED, "3 rounds: too few for an interval")
    (part,) = one.parts({Stretch(0, 1): few})
    assert part.finding is Finding.UNDECIDED
    assert together([part]) is None


LINE = {3: 0.01, 7: 0.02, 12: 0.05, 16: -0.03}
BRANCH = [0.03, 0.0, -0.0291, 0.05, 0.0]  # merged as candidate 9 of the line


@dataclass(frozen=True)
class Case:
    """True steps in order; `detours` are the numbers of those that are no commit's."""

    steps: list[float]
    detours: frozenset[int] = frozenset()


def line(steps: Mapping[int, float]) -> Case:
    return Case([steps.get(number, 0.0) for number in range(1, 19)])


def merged(*, opened: bool) -> Case:
    """The line with the branch as one step, or along it: from where it began, after 5, and back.

    What cancels inside the branch is no step of the line.
    """
    before, behind = line(LINE).steps[:8], line(LINE).steps[9:]
    if not opened:
        return Case([*before, math.prod(1 + one for one in BRANCH) - 1, *behind])
    meanwhile = math.prod(1 + one for one in before[5:])
    steps = [*before, 1 / meanwhile - 1, *BRANCH, meanwhile - 1, *behind]
    return Case(steps, frozenset({9, 10 + len(BRANCH)}))


CASES = {
    "steps": line(LINE),
    "opposite": line({4: 0.03, 9: -0.0291, 14: 0.05}),
    "neighbours": line({8: 0.04, 9: -0.04, 10: 0.04}),
    "drift": line({**dict.fromkeys(range(1, 19), 0.001), 11: 0.03}),
    "nothing": line({}),
    "merge": merged(opened=False),
    "opened merge": merged(opened=True),
}


def searched(case: Case, seed: int, *, counters: bool, quick: bool) -> SimulatedHistory:
    """A search among about 18 candidates.

    The work counted follows time roughly, and moves at two candidates that cost no time.
    """
    chance = np.random.default_rng(seed)
    places = chance.choice(len(case.steps), 2, replace=False)
    misleading = dict(zip(places, (0.02, -0.03), strict=True))
    counted = [
        0.7 * step + chance.normal(0, 0.0004) + misleading.get(place, 0.0)
        for place, step in enumerate(case.steps)
    ]
    return SimulatedHistory(case.steps, counted if counters else None, chance, quick=quick)


def is_right(case: Case, seed: int, *, counters: bool = True, quick: bool = False) -> bool:
    """Whether a search finds every step of 2% and names no commit that changes nothing."""
    steps = {n: step for n, step in enumerate(case.steps, 1) if n not in case.detours}
    found = named(searched(case, seed, counters=counters, quick=quick).searched())
    matters = {n for n, step in steps.items() if abs(step) >= 0.0199}
    innocent = {n for n, step in steps.items() if not step}
    return matters <= found.keys() and not innocent & found.keys()


@pytest.mark.parametrize("case", CASES)
def test_of_a_hundred_searches_at_least_95_are_right(case: str) -> None:
    assert sum(is_right(CASES[case], seed, quick=True) for seed in range(100)) >= 95


@pytest.mark.parametrize("case", CASES)
def test_with_the_test_that_sessions_use(case: str) -> None:
    assert sum(is_right(CASES[case], seed) for seed in range(2)) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("case", CASES)
def test_so_it_is_with_the_test_that_sessions_use(case: str) -> None:
    assert sum(is_right(CASES[case], seed) for seed in range(100)) >= 95


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("case", ["steps", "drift", "nothing"])
def test_without_counters_too_where_nothing_cancels(case: str) -> None:
    assert sum(is_right(CASES[case], seed, counters=False) for seed in range(100)) >= 95
