"""Commands that the probe finds to be long: a fixed plan, in which duets and pairs both count."""

from __future__ import annotations

import math
import random
from pathlib import Path

import msgspec
import pytest
from support.runs import ended, made_up, probed, rounds

from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.measure.client import Invocation
from bench.engine.measure.probe import Choice
from bench.engine.measure.rounds import Sides
from bench.engine.session.rounds_plan import is_long, long_words, plans
from bench.engine.store.events import Event, Probed


def choice(name: str, round_s: float, **fields: object) -> Choice:
    benchmark = Benchmark(name=name, command=("x",), rounds=int(str(fields.get("rounds", 0))))
    one = Invocation(argv=("x",), env={}, cwd=Path("/"))
    return Choice(
        sides=Sides(benchmark, one, one),
        design=Design.DUET,
        metric=Metric.CPU,
        reason="made up",
        loops=0,
        round_s=round_s,
    )


def long_plan(name: str = "work", duets: int = 6) -> Probed:
    plan = msgspec.structs.replace(probed(name), looks=(duets,), maximum=duets)
    return msgspec.structs.replace(plan, exact=True, alone=3, family_alpha=0.047)


def taken(ratio: float, count: int, noise: float, design: Design) -> list[Event]:
    chance = random.Random(f"{ratio}/{count}/{design}")
    base = [2.5 * (1 + chance.gauss(0, 0.02)) for _ in range(count)]
    return rounds(
        "work", base, [one * ratio * (1 + chance.gauss(0, noise)) for one in base], design
    )


def test_which_commands_are_long() -> None:
    options = Options()
    assert is_long(choice("work", 2.1), options)
    assert is_long(choice("work", 0.1, rounds=3), options)
    assert not is_long(choice("work", 1.9), options)
    assert not is_long(choice("work", 2.1), Options(budget_s=60))
    assert not is_long(choice("work", 0.5), Options(budget_s=1))
    assert not is_long(choice(CONTROL, 9.0), options)


def test_the_plan_of_a_long_command_beside_short_ones() -> None:
    made = plans([choice(CONTROL, 0.03), choice("a", 0.1), choice("work", 5.0)], [], Options())
    control, short, long = made
    assert (long.exact, long.alone, long.maximum, long.looks) == (True, 3, 7, (7,))
    assert long.family_alpha == short.family_alpha == pytest.approx(0.05 * 0.94 / 2)
    assert not control.exact
    words = long_words(long, choice("work", 5.0))
    assert "7 duets and 3 pairs" in words
    assert "p = 0.002" in words
    assert long_words(short, choice("a", 0.1)) == ""
    (cheaper,) = plans([choice("work", 2.1)], [], Options())
    assert (cheaper.maximum, cheaper.alone) == (11, 3)  # what fits 30 seconds
    (resumed,) = plans([choice("b", 0.1)], [long], Options())
    assert resumed.family_alpha == short.family_alpha


def test_the_case_that_was_inconclusive() -> None:
    """Six duets and three pairs of a command that takes 1.2x as long; pairs scatter by 8%."""
    events = [
        long_plan(), *taken(1.2, 3, 0.08, Design.PAIRS), *taken(1.2, 6, 0.02, Design.DUET),
        ended("work"),
    ]  # fmt: skip
    result = evaluate(made_up(events, "work")).results[1]
    assert result.verdict is Verdict.SLOWER
    assert result.p_value is not None
    assert result.p_value <= 12 * 2 / 2**9
    assert result.interval is not None
    assert 1.1 < result.interval.low < 1.2 < result.interval.high < 1.4


@pytest.mark.parametrize("ratio", [1 / 0.85, 0.85])
def test_15_percent_is_told(ratio: float) -> None:
    pairs, duets = taken(ratio, 3, 0.05, Design.PAIRS), taken(ratio, 6, 0.02, Design.DUET)
    evaluation = evaluate(made_up([long_plan(), *pairs, *duets, ended("work")], "work"))
    assert evaluation.results[1].verdict is (Verdict.SLOWER if ratio > 1 else Verdict.FASTER)


def test_each_round_counts_once_and_all_have_to_be_there() -> None:
    pairs, duets = taken(0.8, 20, 0.01, Design.PAIRS), taken(0.8, 6, 0.01, Design.DUET)
    more = evaluate(made_up([long_plan(), *pairs, *duets, ended("work")], "work")).results[1]
    assert more.p_value == pytest.approx(2 / 2**9)  # three of the pairs
    early = evaluate(made_up([long_plan(), *pairs[:2], *duets], "work")).results[1]
    assert (early.p_value, early.verdict) == (1.0, Verdict.UNDECIDED)


def test_duets_that_turn_into_pairs_count_once() -> None:
    turned = msgspec.structs.replace(long_plan(), design=Design.PAIRS, alone=0)
    events = [long_plan(), *taken(0.8, 3, 0.01, Design.PAIRS)]
    late = [
        msgspec.structs.replace(one, round=msgspec.structs.replace(one.round, index=3 + i))  # type: ignore[union-attr]
        for i, one in enumerate(taken(0.8, 3, 0.01, Design.PAIRS))
    ]
    result = evaluate(made_up([*events, turned, *late, ended("work")], "work")).results[1]
    assert result.p_value == pytest.approx(2 / 2**6)
    assert math.isfinite(result.p_value or math.nan)
