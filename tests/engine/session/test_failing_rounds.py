"""Rounds that fail: dropped and counted; too many end a benchmark; locks turn duets into pairs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from support.bare import OPEN
from support.launching import shell
from support.runs import ended, made_up, probed, rounds

from bench.core.options import Options
from bench.core.sample import Design, Side
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.measure.client import Launcher
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.engine.session.sampling import RoundPlace, Sampling
from bench.engine.statistics.binomial import surely_above
from bench.engine.store.events import Event, Failed, Measured, Probed, Unavailable

CPUS = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()
OPTIONS = Options(rounds=10, budget_s=60)


@pytest.fixture
def taker() -> Iterator[RoundTaker]:
    with Launcher(OPEN) as launcher:
        yield RoundTaker(launcher, CPUS, seed=5)


def sampled(
    taker: RoundTaker, folder: Path, base: str, head: str, allowed: float = 0.1, most: int = 10
) -> tuple[Sampling, list[Event]]:
    """Ten duets of two shell commands."""
    benchmark = Benchmark(name="work", command=("x",), failures_allowed=allowed)
    told: list[Event] = []
    sampling = Sampling(
        place=RoundPlace(taker, Sides(benchmark, shell(folder, base), shell(folder, head))),
        plan=probed("work", (most,)),
        options=OPTIONS,
        record=told.append,
        watcher=Mock(),
        rounds=[],
    )
    sampling.run(lambda: 0.05)
    return sampling, told


def every(folder: Path, number: int) -> str:
    """A command that fails each so-manieth time."""
    tally = folder / "tally"
    return f"echo >> {tally}; [ $(($(wc -l < {tally}) % {number})) -ne 0 ] || exit 5"


def test_a_failing_round_is_dropped_whole_and_taken_again(
    taker: RoundTaker, tmp_path: Path
) -> None:
    sampling, told = sampled(taker, tmp_path, ":", every(tmp_path, 7))
    failed = [one for one in told if isinstance(one, Failed)]
    assert failed
    assert {one.sides for one in failed} == {("head",)}
    assert {one.reason for one in failed} == {"exit status 5"}
    assert sampling.ended is not None
    taken = [one.round for one in told if isinstance(one, Measured)]
    for design in Design:
        indices = [one.index for one in taken if one.design is design]
        assert indices == list(range(len(indices)))
    run = made_up(told, "work")
    (_, work) = evaluate(run).results
    assert work.failures is not None
    assert (work.failures.base, work.failures.head) == (0, len(failed))
    assert work.failures.tried == len(taken) + len(failed)


class _TwoPlaces:
    """One launcher twice over: enough for what is done with rounds that were taken at once."""

    def __init__(self, place: RoundPlace) -> None:
        self.place = place
        self.shared: list[int] = []

    def free(self) -> int:
        return 1

    def at_once(self, steps: Sequence[Callable[[RoundPlace], Any]]) -> list[Any]:
        self.shared.append(len(steps))
        return [step(self.place) for step in steps]


def test_what_was_taken_beside_a_failed_round_stands_in_its_order(
    taker: RoundTaker, tmp_path: Path
) -> None:
    benchmark = Benchmark(name="work", command=("x",), failures_allowed=0.5)
    sides = Sides(benchmark, shell(tmp_path, ":"), shell(tmp_path, every(tmp_path, 5)))
    told: list[Event] = []
    sampling = Sampling(
        place=RoundPlace(taker, sides),
        company=_TwoPlaces(RoundPlace(taker, sides)),
        plan=probed("work", (10,)),
        options=OPTIONS,
        record=told.append,
        watcher=Mock(),
        rounds=[],
    )
    sampling.run(lambda: 0.05)
    assert [one for one in told if isinstance(one, Failed)]
    for design in Design:
        indices = [one.round.index for one in told if isinstance(one, Measured)
                   if one.round.design is design]  # fmt: skip
        assert indices == list(range(len(indices)))
    assert sampling.ended is not None


def test_head_that_fails_too_often_is_broken(taker: RoundTaker, tmp_path: Path) -> None:
    sampling, told = sampled(taker, tmp_path, ":", every(tmp_path, 2))
    assert sampling.ended is None
    gone = told[-1]
    assert isinstance(gone, Unavailable)
    assert (gone.sides, gone.works) == (("head",), ("base",))
    assert gone.reason.endswith("rounds: exit status 5")
    result = evaluate(made_up([probed("work"), *told], "work")).results[1]
    assert result.verdict is Verdict.BROKEN


def test_base_and_both_that_fail_too_often_are_not_broken(
    taker: RoundTaker, tmp_path: Path
) -> None:
    for base, head, works in (("exit 5", ":", ("head",)), ("exit 5", "exit 6", ())):
        _, told = sampled(taker, tmp_path, base, head)
        gone = told[-1]
        assert isinstance(gone, Unavailable)
        assert gone.works == works


def test_no_failure_allowed(taker: RoundTaker, tmp_path: Path) -> None:
    _, told = sampled(taker, tmp_path, every(tmp_path, 3), ":", allowed=0)
    designs = [one.design for one in told if isinstance(one, Failed)]
    assert len(designs) == len(set(designs))  # where it is a duet, each side is tried by itself
    assert isinstance(told[-1], Unavailable)


def test_more_rounds_alone_than_a_verdict_may_take(taker: RoundTaker, tmp_path: Path) -> None:
    """Six pairs are there already when duets fail, and five may decide."""
    locked = f"flock --nonblock --conflict-exit-code 9 {tmp_path}/lock sleep 0.02"
    sampling, _ = sampled(taker, tmp_path, locked, f"{locked} ", most=5)
    assert sampling.plan.design is Design.PAIRS
    assert sampling.ended is not None


def test_an_exclusive_lock_is_measured_in_pairs(taker: RoundTaker, tmp_path: Path) -> None:
    """Each side works by itself, both at once do not."""
    locked = f"flock --nonblock --conflict-exit-code 9 {tmp_path}/lock sleep 0.02"
    sampling, told = sampled(taker, tmp_path, locked, f"{locked} ")
    assert sampling.ended is not None
    assert sampling.plan.design is Design.PAIRS
    assert sampling.plan.reason.startswith("base and head do not work at the same time (failed in")
    assert len([one for one in sampling.rounds if one.design is Design.PAIRS]) >= 10
    (planned,) = (one for one in told if isinstance(one, Probed))
    assert planned == sampling.plan


def test_pairs_are_taken_in_one_place(taker: RoundTaker, tmp_path: Path) -> None:
    """A program that locks others out would do so in the other place too."""
    sides = Sides(
        Benchmark(name="work", command=("x",)), shell(tmp_path, ":"), shell(tmp_path, ": ")
    )
    place = RoundPlace(taker, sides)
    company = _TwoPlaces(place)
    plan = msgspec.structs.replace(probed("work", (10,)), design=Design.PAIRS, alone=0)
    Sampling(
        place=place,
        company=company,
        plan=plan,
        options=OPTIONS,
        record=Mock(),
        watcher=Mock(),
        rounds=[],
    ).run(lambda: 0.05)
    assert company.shared == []


def test_limit() -> None:
    """Few failures do not end a benchmark whose rate may well be allowed."""
    assert not surely_above(0, 0, 0.1)
    assert not surely_above(2, 2, 0.1)
    assert surely_above(3, 3, 0.1)
    assert not surely_above(1, 16, 0.1)
    assert not surely_above(16, 100, 0.1)
    assert surely_above(19, 100, 0.1)
    assert surely_above(1, 100, 0.0)


def test_failures_of_a_resumed_run_count(taker: RoundTaker, tmp_path: Path) -> None:
    before = [
        Failed(
            benchmark="work",
            design=Design.PAIRS,
            index=0,
            sides=(Side.HEAD,),
            reason="exit status 5",
            elapsed_s=0.01,
        )
        for _ in range(2)
    ]
    benchmark = Benchmark(name="work", command=("x",))
    told: list[Event] = []
    sampling = Sampling(
        place=RoundPlace(taker, Sides(benchmark, shell(tmp_path, ":"), shell(tmp_path, "exit 5"))),
        plan=probed("work", (10,)),
        options=OPTIONS,
        record=told.append,
        watcher=Mock(),
        rounds=[],
        failed=before,
    )
    sampling.run(lambda: 0.05)
    assert [type(one) for one in told] == [Failed, Unavailable]


def test_rate_without_rounds_of_the_other_design() -> None:
    run = made_up([probed("work"), *rounds("work", [1.0] * 5, [1.0] * 5), ended("work")], "work")
    assert evaluate(run).results[1].failures is None
