"""Rounds alone among duets: as many as the size needs, at the same places after an interruption."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import msgspec
import pytest
from support.runs import made_up, manifest, probed, rounds, sample

from bench.core.options import Options
from bench.core.sample import Design, Metric, Round, Side
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.alone import as_alone
from bench.engine.evaluation import evaluate
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.engine.session.sampling import RoundPlace, Sampling
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.checks import ImpossibleLineError, check_events
from bench.engine.store.events import Ended, Event, Measured

CONTENTION = 1.15
LOOKS = plan_looks(160, 0.05)


class Machine:
    """Takes rounds of a base of 50 ms and a head of `ratio` times that, out of the air."""

    def __init__(self, ratio: float, noise: float = 0.01) -> None:
        self.work_s = (0.05, 0.05 * ratio)
        self.noise = noise
        self.launcher = SimpleNamespace(left=())

    def own_cpu_s(self) -> float:
        return 0.0

    def take(self, _sides: Sides, design: Design, index: int, **_: Any) -> Round:
        chance = random.Random(f"{self.work_s} {design} {index}")
        both = [work * math.exp(chance.gauss(0, self.noise)) for work in self.work_s]
        slow, tails = math.exp(chance.gauss(0, 0.03)), [0.0, 0.0]
        if design is Design.DUET:
            short = both.index(min(both))
            tails[1 - short] = both[1 - short] - both[short]
            both = [CONTENTION * (one - tail) + tail for one, tail in zip(both, tails, strict=True)]
        base, head = (
            msgspec.structs.replace(
                sample(slow * one), alone_s=slow * tail if design is Design.DUET else None
            )
            for one, tail in zip(both, tails, strict=True)
        )
        return Round(
            benchmark="work",
            design=design,
            index=index,
            first=chance.choice(list(Side)),
            hash_seed=index,
            started_at=0.0,
            base=base,
            head=head,
        )


def sampled(machine: Machine, before: list[Round] | None = None) -> tuple[Sampling, list[Event]]:
    told: list[Event] = []
    sampling = Sampling(
        place=RoundPlace(
            cast("RoundTaker", machine),
            Sides(Benchmark(name="work", command=("x",)), Mock(), Mock()),
        ),
        plan=probed("work", LOOKS),
        options=Options(),
        record=told.append,
        watcher=Mock(),
        rounds=list(before or []),
    )
    sampling.run(lambda: 0.05)
    return sampling, told


def designs(sampling: Sampling) -> str:
    return "".join("D" if one.design is Design.DUET else "a" for one in sampling.rounds)


def test_equal_sides_need_no_more_than_those_for_wall_time() -> None:
    sampling, _ = sampled(Machine(1.0, 0.02))
    assert designs(sampling).startswith("aDDaDDaDaDDaDDa")
    assert designs(sampling).count("a") == 6
    assert as_alone(sampling.rounds, sampling.plan).factor is not None


def test_a_large_effect_of_a_vague_size_is_decided_when_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rounds of seconds: time is up before the first look."""
    of_duets = property(lambda one: 10.0 * len(one.rounds))
    monkeypatch.setattr(Sampling, "spent_s", of_duets)
    monkeypatch.setattr(Sampling, "_size_is_vague", lambda *_: True)
    sampling, told = sampled(Machine(0.1))
    assert len(sampling.rounds) < 15
    run = made_up([sampling.plan, *map(Measured, sampling.rounds), told[-1]], "work")
    assert evaluate(run).results[1].verdict is Verdict.FASTER


@pytest.mark.parametrize("ratio", [1.05, 1.2, 0.5, 2.0, 10.0])
def test_size_of_what_is_not_equal(ratio: float) -> None:
    """As each side would be alone, with as many rounds alone as that takes."""
    sampling, told = sampled(Machine(ratio))
    taken = designs(sampling)
    assert 3 < taken.count("a") <= max(6, taken.count("D"))
    plan = probed("work", LOOKS)
    run = made_up([plan, *map(Measured, sampling.rounds), told[-1]], "work")
    assert isinstance(told[-1], Ended)
    result = evaluate(run).results[1]
    assert result.verdict is (Verdict.SLOWER if ratio > 1 else Verdict.FASTER)
    assert result.size is not None
    assert result.size.interval == result.interval
    assert result.size.interval.low <= ratio <= result.size.interval.high
    assert result.size.interval.half_width < 0.1
    assert result.contention == pytest.approx(CONTENTION, rel=0.1)
    assert result.base_s is not None
    assert result.head_s is not None
    assert result.base_s == pytest.approx(0.05, rel=0.1)
    assert result.head_s / result.base_s == pytest.approx(result.size.interval.ratio, rel=0.02)


@pytest.mark.parametrize(("alone_s", "design", "words"), [
    (0.06, Design.DUET, "ran alone for longer than it ran"),
    (0.01, Design.PAIRS, "has a time alone, as only duets have"),
    (0.05, Design.DUET, ""),
])  # fmt: skip
def test_time_alone_that_cannot_be(alone_s: float, design: Design, words: str) -> None:
    (event,) = rounds("work", [0.05], [0.05], design)
    assert isinstance(event, Measured)
    head = msgspec.structs.replace(event.round.head, alone_s=alone_s)
    wrong = Measured(msgspec.structs.replace(event.round, head=head))
    events: list[Event] = [probed("work"), wrong]
    if not words:
        check_events(manifest("work"), events, calibration=False)
        return
    with pytest.raises(ImpossibleLineError, match=words):
        check_events(manifest("work"), events, calibration=False)


def test_values_that_a_script_took_alone_are_left_out() -> None:
    """0.1 s a loop beside the other side, 0.08 s alone, three loops a value; at least one stays."""
    plan = msgspec.structs.replace(probed("work", metric=Metric.VALUE), loops=3)
    values = (0.1, 0.1, 0.1, 0.08, 0.08)
    used = msgspec.structs.replace(sample(1.4), values_s=values)

    def kept(alone_s: float | None) -> tuple[float, ...]:
        taken = msgspec.structs.replace(
            Machine(1.0).take(Mock(), Design.DUET, 0),
            base=msgspec.structs.replace(used, alone_s=alone_s),
            head=msgspec.structs.replace(used, alone_s=0.0),
        )
        (found,) = as_alone([taken], plan).rounds
        assert found.head.values_s == values
        return found.base.values_s

    assert kept(0.0) == kept(None) == values
    assert kept(0.4) == kept(0.48) == values[:3]
    assert kept(0.5) == values[:2]
    assert kept(9.0) == values[:1]


@pytest.mark.parametrize("done", [1, 5, 11])
def test_an_interrupted_benchmark_goes_on_in_the_same_order(done: int) -> None:
    machine = Machine(1.2, 0.02)
    whole, _ = sampled(machine)
    again, _ = sampled(machine, whole.rounds[:done])
    assert again.rounds == whole.rounds
