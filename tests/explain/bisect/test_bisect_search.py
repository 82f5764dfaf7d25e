"""What a bisection asks and names: the stated probability of error holds in simulated searches."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from support.simulated_bisection import ERROR, LEAST, SimulatedBisection

from bench.core.verdict import Interval, Verdict
from bench.explain.bisect.search import (
    BisectEnding,
    Bisection,
    Purpose,
    StateAnswer,
    StateQuestion,
    WantedWay,
)

Rng = np.random.Generator
SIZES = (-0.5, -0.2, -0.1, 0.05, 0.03, 0.02)


def answer(first: int, last: int, ratio: float | None, verdict: Verdict | None) -> StateAnswer:
    interval = None if ratio is None else Interval(ratio, ratio * 0.995, ratio * 1.005)
    return StateAnswer(first=first, last=last, interval=interval, verdict=verdict, level=ERROR)


def bisection(candidates: int = 8, wanted: WantedWay = WantedWay.EITHER) -> Bisection:
    return Bisection(prior=(1 / candidates,) * candidates, least=LEAST, error=ERROR, wanted=wanted)


def searched(steps: list[float], seed: int = 0, **more: object) -> SimulatedBisection:
    return SimulatedBisection(steps, np.random.default_rng(seed), **more)  # type: ignore[arg-type]


def test_the_ends_come_first_then_the_middle_and_at_last_the_neighbour() -> None:
    steps = [0.0] * 8
    steps[5] = 0.1
    one = searched(steps)
    outcome = one.searched().outcome
    assert [(asked.first, asked.last) for asked in one.asked] == [
        (0, 8), (0, 4), (0, 6), (0, 5), (5, 6),
    ]  # fmt: skip
    assert one.asked[0].purpose is Purpose.ENDS
    assert one.asked[-1].purpose is Purpose.NEIGHBOURS
    assert one.asked[1].precision > 4 * LEAST  # as coarse as the change allows
    assert one.asked[-1].precision == LEAST
    assert (outcome.ending, outcome.candidates) == (BisectEnding.NAMED, (6,))
    assert outcome.step is not None
    assert outcome.step.low < 1.1 < outcome.step.high
    assert outcome.rest is not None
    assert outcome.rest.low < 1 < outcome.rest.high
    assert not outcome.others


def test_what_is_probable_from_the_start_is_asked_about_first() -> None:
    steps = [0.0] * 16
    steps[11] = -0.2
    one = searched(steps, prior=[0.02] * 11 + [0.7] + [0.02] * 4)
    outcome = one.searched().outcome
    assert outcome.candidates == (12,)
    assert len(one.asked) <= 4


def test_a_prior_that_misleads_costs_questions_and_no_more() -> None:
    steps = [0.0] * 16
    steps[3] = -0.2
    one = searched(steps, prior=[0.02] * 11 + [0.7] + [0.02] * 4)
    assert one.searched().outcome.candidates == (4,)


@pytest.mark.parametrize(
    ("verdict", "wanted", "ending"),
    [
        (Verdict.SAME, WantedWay.EITHER, BisectEnding.SAME),
        (Verdict.BELOW_MEI, WantedWay.EITHER, BisectEnding.SAME),
        (Verdict.UNDECIDED, WantedWay.EITHER, BisectEnding.UNDECIDED),
        (Verdict.FASTER, WantedWay.SLOWER, BisectEnding.OTHER_WAY),
    ],
)
def test_ends_that_give_nothing_to_look_for(
    verdict: Verdict, wanted: WantedWay, ending: BisectEnding
) -> None:
    known = bisection(wanted=wanted).known([answer(0, 8, 0.99, verdict)])
    assert known.next is None
    assert known.outcome.ending is ending
    assert not known.outcome.candidates


def test_no_candidates_and_one() -> None:
    none = Bisection(prior=(), least=LEAST, error=ERROR).known([])
    assert none.next is None
    assert none.outcome.ending is BisectEnding.NOTHING
    one = bisection(1)
    assert one.known([]).next == StateQuestion(0, 1, Purpose.ENDS, LEAST)
    known = one.known([answer(0, 1, 1.2, Verdict.SLOWER)])
    assert known.next is None
    assert (known.outcome.ending, known.outcome.candidates) == (BisectEnding.NAMED, (1,))


def test_a_difference_that_was_chance_is_asked_about_again() -> None:
    known = bisection().known([answer(0, 8, 1.015, Verdict.SLOWER)])
    asked = []
    while (question := known.next) is not None:
        asked.append(question.purpose)
        seen = answer(question.first, question.last, 1.0, Verdict.SAME)
        known = bisection().known([*known.answers, seen])
    assert Purpose.ENDS in asked
    assert len(asked) < 25
    assert known.outcome.ending in {BisectEnding.VANISHED, BisectEnding.UNDECIDED}
    assert not known.outcome.candidates


def test_states_that_cannot_be_measured_are_stepped_around() -> None:
    """The culprit is then the set of commits between those that work."""
    steps = [0.0] * 12
    steps[6] = 0.2
    one = searched(steps, broken={6, 7, 8})
    known = one.searched()
    assert set(known.unusable) <= {6, 7, 8}
    assert {6, 7} <= set(known.unusable)
    assert known.outcome.ending is BisectEnding.NAMED
    assert known.outcome.candidates == (6, 7, 8, 9)
    assert all(reason == "it does not build" for reason in known.unusable.values())


def test_the_largest_is_named_and_that_there_are_others_is_said() -> None:
    steps = [0.0] * 20
    steps[4], steps[15] = -0.05, -0.12
    outcome = searched(steps).searched().outcome
    assert outcome.candidates == (16,)
    assert outcome.rest is not None
    assert outcome.rest.high < 1 - LEAST
    for other in outcome.others:  # where its place is as good as known
        assert 5 in other.candidates
        assert other.ratio == pytest.approx(0.95, abs=0.02)


def test_two_steps_that_cannot_be_told_apart_end_as_one_of_several() -> None:
    steps = [0.0] * 20
    steps[4] = steps[15] = -0.08
    one = searched(steps, seed=2)
    outcome = one.searched().outcome
    assert outcome.ending is BisectEnding.SEVERAL
    assert set(outcome.candidates) == {5, 16}
    assert len(one.asked) < 25


def test_what_was_answered_is_all_that_counts() -> None:
    """A search that goes on asks what it would have asked."""
    steps = [0.0] * 30
    steps[21] = 0.04
    known = searched(steps).searched()
    for number in range(len(known.answers)):
        one = known.answers[number]
        question = known.search.known(known.answers[:number]).next
        assert question is not None
        assert (question.first, question.last) == (one.first, one.last)


def one_step(chance: Rng) -> list[float]:
    steps = [0.0] * int(chance.integers(1, 60))
    steps[int(chance.integers(len(steps)))] = float(chance.choice(SIZES))
    return steps


def several(*sizes: float) -> Callable[[Rng], list[float]]:
    def made(chance: Rng) -> list[float]:
        steps = [0.0] * int(chance.integers(len(sizes), 60))
        for place, size in zip(chance.permutation(len(steps)), sizes, strict=False):
            steps[place] = size
        return steps

    return made


def drifting(chance: Rng) -> list[float]:
    steps: list[float] = chance.normal(0, 0.001, int(chance.integers(1, 60))).tolist()
    steps[int(chance.integers(len(steps)))] = 0.06
    return steps


CASES: dict[str, tuple[Callable[[Rng], list[float]], int, float]] = {
    # what is simulated, how often, and which part of the searches has to name the commit
    "one step": (one_step, 100, 0.95),
    "two": (several(-0.10, -0.05), 40, 0.9),
    "nearly as large": (several(-0.10, -0.08), 20, 0.5),
    "opposite": (several(-0.15, 0.08), 40, 0.95),
    "three": (several(0.10, 0.04, 0.05), 20, 0.7),
    "drift": (drifting, 40, 0.95),
    "nothing": (lambda chance: [0.0] * int(chance.integers(1, 60)), 200, 0.0),
}


def endings(name: str, searches: int, first: int = 0) -> Counter[str]:
    """How simulated searches end: "right" and "wrong" are those that name a commit."""
    found: Counter[str] = Counter()
    for seed in range(first, first + searches):
        chance = np.random.default_rng(seed)
        steps = CASES[name][0](chance)
        broken = {one for one in range(1, len(steps)) if chance.random() < 0.1}
        outcome = SimulatedBisection(steps, chance, broken=broken).searched().outcome
        whole = math.fsum(math.log1p(one) for one in steps)
        true = max(range(len(steps)), key=lambda one: steps[one] * math.copysign(1, whole)) + 1
        if outcome.ending is BisectEnding.NAMED:
            found["right" if any(steps) and true in outcome.candidates else "wrong"] += 1
        else:
            found[str(outcome.ending)] += 1
    return found


def test_the_stated_error_holds_over_all_searches() -> None:
    together: Counter[str] = Counter()
    for name, (_, searches, least_right) in CASES.items():
        found = endings(name, searches)
        assert found["right"] >= least_right * searches, (name, found)
        together += found
    named = together["right"] + together["wrong"]
    assert named > 200
    assert together["wrong"] <= ERROR * named, together


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_stated_error_holds_in_each_case(name: str) -> None:
    found = endings(name, 500, first=1000)
    named = found["right"] + found["wrong"]
    # "Nearly as large" is the hardest that can be asked: its own error may be twice the stated.
    allowed = 2 * ERROR if name == "nearly as large" else ERROR
    assert found["wrong"] <= max(allowed * named, 5), found
