"""Rounds: both sides, same seed, random order, same core."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from support.launching import python, shell

from bench.core.sample import Design, Round, Sample, Side
from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation, Launcher, Outcome
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.sandbox.isolation import Isolation

CPUS = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


@pytest.fixture
def taker() -> Iterator[RoundTaker]:
    with Launcher(Isolation(network="open")) as launcher:
        yield RoundTaker(launcher, CPUS, seed=11)


def tell(folder: Path, **lines: str) -> Sides:
    """A benchmark whose sides write their name and seed into a log."""

    def side(name: str) -> str:
        return f"echo {name} $PYTHONHASHSEED >> log; {lines.get(name, ':')}"

    benchmark = Benchmark(name="tell", command=("x",), timeout_s=2.0)
    return Sides(benchmark, shell(folder, side("base")), shell(folder, side("head")))


def log(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "log").read_text(encoding="utf-8").splitlines()]


def chance(taken: Round) -> tuple[object, ...]:
    return taken.first, taken.hash_seed, taken.cpu


def test_order_is_random_and_as_recorded(taker: RoundTaker, tmp_path: Path) -> None:
    rounds = [taker.take(tell(tmp_path), Design.PAIRS, i, pin=False) for i in range(24)]
    started_first = [name for name, _seed in log(tmp_path)[::2]]
    assert started_first == [str(taken.first) for taken in rounds]
    assert 4 <= started_first.count("base") <= 20  # the seed is fixed


def test_both_sides_get_the_same_seed_each_round_another(taker: RoundTaker, tmp_path: Path) -> None:
    rounds = [
        taker.take(tell(tmp_path), design, i, pin=True) for i in range(5) for design in Design
    ]
    seeds = [seed for _name, seed in log(tmp_path)]
    assert seeds[::2] == seeds[1::2] == [f"{taken.hash_seed:010d}" for taken in rounds]
    assert len(set(seeds)) == 10


def test_chance_follows_from_the_runs_seed(taker: RoundTaker, tmp_path: Path) -> None:
    """So that a resumed run goes on with the numbers it would have had."""
    sides = tell(tmp_path)
    taken = [taker.take(sides, Design.DUET, i, pin=True) for i in range(6)]
    again = RoundTaker(taker.launcher, CPUS, seed=11)
    assert [chance(again.take(sides, Design.DUET, i, pin=True)) for i in (5, 2)] == [
        chance(taken[5]), chance(taken[2]),
    ]  # fmt: skip
    other = RoundTaker(taker.launcher, CPUS, seed=12)
    assert chance(other.take(sides, Design.DUET, 0, pin=True)) != chance(taken[0])
    assert chance(taker.take(sides, Design.PAIRS, 0, pin=True)) != chance(taken[0])


def test_cores(taker: RoundTaker, tmp_path: Path) -> None:
    sides = tell(tmp_path)
    used = {taker.take(sides, Design.DUET, i, pin=True).cpu for i in range(20)}
    assert used == set(CPUS)
    assert taker.take(sides, Design.PAIRS, 0, pin=False).cpu is None
    nowhere = RoundTaker(taker.launcher, (), seed=11)
    assert nowhere.take(sides, Design.PAIRS, 0, pin=True).cpu is None


def test_sides_are_not_swapped(taker: RoundTaker, tmp_path: Path) -> None:
    """Whatever the order, head's figures are head's: it allocates 60 MB."""
    benchmark = Benchmark(name="memory", command=("x",))
    sides = Sides(
        benchmark, python(tmp_path, "pass"), python(tmp_path, "b = bytearray(60 * 2**20)")
    )
    for design in Design:
        rounds = [taker.take(sides, design, i, pin=True) for i in range(12)]
        assert {taken.first for taken in rounds} == set(Side)
        assert all(t.head.peak_rss_bytes > t.base.peak_rss_bytes + 50 * 2**20 for t in rounds)


FAILURES = {
    "exit 3": "exit status 3$",
    "echo first >&2; echo last >&2; exit 1": "exit status 1: last$",
    "kill -9 $$": "killed by signal 9",
    "sleep 60": "still running after 4 s: stopped",
    "head -c 9000 /dev/zero | tr '\\0' 'é' >&2; exit 1": "exit status 1: .{1,300}$",
}


@pytest.mark.parametrize("line", FAILURES)
@pytest.mark.parametrize("design", Design)
def test_failing_side_is_named(
    taker: RoundTaker, tmp_path: Path, line: str, design: Design
) -> None:
    sides = tell(tmp_path, head=line)
    with pytest.raises(RoundFailedError, match=FAILURES[line]) as raised:
        taker.take(sides, design, 0, pin=False)
    assert raised.value.sides == (Side.HEAD,)


def test_last_words_may_stand_on_standard_output(taker: RoundTaker, tmp_path: Path) -> None:
    one = python(tmp_path, "print('its last word'); raise SystemExit(1)")
    with pytest.raises(RoundFailedError, match=r"exit status 1: its last word$"):
        taker.take(Sides(Benchmark(name="x", command=("x",)), one, one), Design.PAIRS, 0, pin=False)


def test_both_failing_sides_are_named(taker: RoundTaker, tmp_path: Path) -> None:
    sides = tell(tmp_path, base="exit 3", head="exit 4")
    with pytest.raises(RoundFailedError) as raised:
        taker.take(sides, Design.DUET, 0, pin=False)
    assert set(raised.value.sides) == set(Side)


def test_expected_exit_status(taker: RoundTaker, tmp_path: Path) -> None:
    both = shell(tmp_path, "exit 7")
    wanted = Benchmark(name="x", command=("x",), exit_status=7)
    assert taker.take(Sides(wanted, both, both), Design.PAIRS, 0, pin=False)
    with pytest.raises(RoundFailedError, match="exit status 0"):
        taker.take(Sides(wanted, both, shell(tmp_path, ":")), Design.PAIRS, 0, pin=False)


BURN = "sum(i % 7 for i in range(2_000_000))"
ADVANTAGES = {
    "left the core": f"import os; os.sched_setaffinity(0, range(os.cpu_count())); {BURN}; {BURN}",
    "changed its priority": f"import os; os.nice(5); {BURN}",
    "waited for base to end": f"import time; time.sleep(1.5); {BURN}; {BURN}",
}


@pytest.mark.skipif(len(CPUS) < 2, reason="needs two cores")
@pytest.mark.parametrize("what", ADVANTAGES)
def test_no_side_of_a_duet_gets_an_advantage(taker: RoundTaker, tmp_path: Path, what: str) -> None:
    benchmark = Benchmark(name="cheats", command=("x",))
    base, head = python(tmp_path, BURN), python(tmp_path, ADVANTAGES[what])
    sides = Sides(benchmark, base, head)
    with pytest.raises(RoundFailedError, match=what):
        [taker.take(sides, Design.DUET, index, pin=True) for index in range(20)]
    taker.take(Sides(benchmark, base, base), Design.DUET, 0, pin=True)


@dataclass
class Played:
    """A launcher of rounds in which head is started later than base."""

    late_s: float
    isolation: Isolation = field(default_factory=lambda: Isolation(network="open"))
    left: tuple[str, ...] = ()

    def run(self, invocations: Sequence[Invocation], **_: object) -> list[Outcome]:
        first, last = used(0.1), used(0.1, alone_s=0.1)
        return [
            Outcome(status=0, sample=first),
            Outcome(status=0, sample=last, started_s=self.late_s),
        ][: len(invocations)]


def used(cpu_s: float, alone_s: float = 0.0) -> Sample:
    return Sample(
        wall_s=2 * cpu_s,
        user_s=cpu_s,
        system_s=0.0,
        peak_rss_bytes=1,
        minor_faults=0,
        major_faults=0,
        voluntary_switches=0,
        involuntary_switches=0,
        alone_s=alone_s,
    )


def test_a_side_that_a_busy_machine_starts_late_has_not_waited(tmp_path: Path) -> None:
    """What the other one used before that is not held against it."""
    sides = tell(tmp_path)
    late = RoundTaker(cast(Launcher, Played(late_s=0.19)), CPUS, seed=11)
    assert late.take(sides, Design.DUET, 0, pin=True)
    waited = RoundTaker(cast(Launcher, Played(late_s=0.01)), CPUS, seed=11)
    with pytest.raises(RoundFailedError, match=r"waited for \w+ to end"):
        waited.take(sides, Design.DUET, 0, pin=True)
