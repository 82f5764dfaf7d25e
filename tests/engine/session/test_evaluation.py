"""From events to results: what the verdicts rest on (the statistics have tests of their own)."""

from __future__ import annotations

import dataclasses
import io
import math
import random

import msgspec
import pytest
from rich.console import Console
from support.pages import unglued
from support.runs import ended, made_up, planned, probed, rounds

from bench.core.environment import StartFiles
from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.sample import Design, Metric, Side
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Event, Measured, Unavailable
from bench.engine.store.run import Run
from bench.formats.text import verdict_words
from bench.report.machine_readable import result_document
from bench.report.pair.asides import asides
from bench.report.pair.control import DOUBTFUL, control_warning
from bench.report.pair.means_table import means_table
from bench.report.pair.notes import notes
from bench.report.screen.summary import print_end, print_results
from bench.report.select_runs import Evaluated, Shown


def noisy(ratio: float, count: int, noise: float = 0.002) -> tuple[list[float], list[float]]:
    chance = random.Random(f"{ratio}/{count}")
    base = [0.1 * (1 + chance.gauss(0, 0.05)) for _ in range(count)]
    return base, [one * ratio * (1 + chance.gauss(0, noise)) for one in base]


def measured(name: str, ratio: float, count: int = 20, noise: float = 0.002) -> list[Event]:
    return [probed(name), *rounds(name, *noisy(ratio, count, noise)), ended(name)]


VERDICTS = [(1.10, 0.002, Verdict.SLOWER), (0.90, 0.002, Verdict.FASTER),
            (1.0, 0.002, Verdict.SAME), (1.01, 0.002, Verdict.BELOW_MEI),
            (1.0, 0.2, Verdict.UNDECIDED)]  # fmt: skip


@pytest.mark.parametrize(("ratio", "noise", "verdict"), VERDICTS)
def test_verdict(ratio: float, noise: float, verdict: Verdict) -> None:
    result = evaluate(made_up(measured("work", ratio, noise=noise), "work")).results[1]
    assert result.verdict is verdict
    assert result.rounds == 20
    assert result.interval is not None
    assert result.interval.low <= result.interval.ratio <= result.interval.high


def test_large_effect_before_the_first_look() -> None:
    events = [
        probed("work"), *rounds("work", *noisy(2.5, 6)), ended("work", "large effect", large=True),
    ]  # fmt: skip
    result = evaluate(made_up(events, "work")).results[1]
    assert result.verdict is Verdict.SLOWER
    assert result.large_effect
    assert result.interval is not None
    assert 2.4 < result.interval.low < result.interval.ratio < result.interval.high < 2.6
    assert result.p_value is not None
    assert result.p_value < 1e-5


def test_size_of_a_large_effect_comes_from_rounds_alone() -> None:
    """In a duet the longer side runs its tail alone, which pulls a large ratio towards 1."""
    alone = rounds("work", *noisy(2.5, 10), Design.PAIRS)
    events = [probed("work"), *rounds("work", *noisy(2.2, 10)), *alone, ended("work")]
    result = evaluate(made_up(events, "work")).results[1]
    assert result.size is not None
    assert (result.size.design, result.size.rounds) == (Design.PAIRS, 10)
    assert 2.4 < result.size.interval.ratio < 2.6
    assert result.interval is not None
    assert result.interval.ratio < 2.3


def test_size_of_a_small_effect_comes_from_the_deciding_rounds() -> None:
    alone = rounds("work", *noisy(1.1, 10), Design.PAIRS)
    events = [probed("work"), *rounds("work", *noisy(1.05, 10)), *alone, ended("work")]
    result = evaluate(made_up(events, "work")).results[1]
    assert result.size is not None
    assert (result.size.design, result.size.metric) == (Design.DUET, Metric.CPU)
    assert result.wall is not None
    assert result.wall.rounds == 10


def test_unavailable_benchmark_is_no_part_of_the_family() -> None:
    gone = Unavailable("gone", ("head",), "exit status 1: no")
    evaluation = evaluate(made_up([gone, *measured("work", 1.1)], "work", "gone"))
    result = evaluation.results[2]
    assert (result.verdict, result.available) == (None, False)
    assert result.reason == "head: exit status 1: no"
    assert (evaluation.family, evaluation.level) == (1, 0.05)


def test_failing_after_some_rounds_withdraws_the_verdict() -> None:
    events = [*measured("work", 1.1)[:-1], Unavailable("work", ("base",), "failed in round 21")]
    result = evaluate(made_up(events, "work")).results[1]
    assert result.verdict is None
    assert "failed in round 21" in result.reason


def test_unfinished_benchmark_has_what_there_is() -> None:
    evaluation = evaluate(made_up(measured("work", 1.1, 7)[:-1], "work", "next"))
    assert evaluation.results[1].reason == "stopped before its end"
    assert evaluation.results[1].rounds == 7
    assert evaluation.results[2].reason == "not measured yet"
    assert evaluation.results[2].verdict is None
    assert evaluation.family == 2


def test_empty_run() -> None:
    evaluation = evaluate(made_up([], "work"))
    assert [result.verdict for result in evaluation.results] == [None, None]


def test_one_round_decides_nothing() -> None:
    result = evaluate(made_up(measured("work", 3.0, 1), "work")).results[1]
    assert result.verdict is Verdict.UNDECIDED


def test_more_rounds_than_planned_are_left_out() -> None:
    result = evaluate(made_up(measured("work", 1.1, 30), "work")).results[1]
    assert result.rounds == 20


def test_control_stands_aside_of_the_family() -> None:
    events = [*measured(CONTROL, 1.5), *measured("work", 1.0)]
    evaluation = evaluate(made_up(events, "work"))
    assert evaluation.family == 1
    assert evaluation.control is not None
    assert evaluation.control.verdict is Verdict.SLOWER


def differing_control(**extra: object) -> Run:
    """A run as they are now, whose control differs by 10%; `extra` are fields of its manifest."""
    control, work = (
        [msgspec.structs.replace(events[0], family_alpha=alpha), *events[1:]]
        for name, alpha in ((CONTROL, 0.001), ("work", 0.047))
        for events in [measured(name, 1.1 if name == CONTROL else 0.9)]
    )
    run = made_up([*control, *work], "work")
    return dataclasses.replace(run, manifest=msgspec.structs.replace(run.manifest, **extra))


def test_a_control_that_differs_makes_the_run_doubtful() -> None:
    run = differing_control(
        base_start=StartFiles({"same.pth": "a", "other.pth": "b"}, 20, 80),
        head_start=StartFiles({"same.pth": "a", "other.pth": "c", "sitecustomize.py": "d"}, 21, 80),
    )
    evaluation = evaluate(run)
    assert evaluation.doubtful
    assert [one.verdict for one in evaluation.results] == [Verdict.SLOWER, Verdict.FASTER]
    assert (evaluation.level, evaluation.family) == (0.047, 1)
    warning = control_warning(run, evaluation)
    assert "another other.pth; sitecustomize.py on head alone; 20 entries" in warning
    assert "doubtful" in warning
    assert "same.pth" not in warning
    assert notes(run, evaluation)[0] == warning
    assert result_document(Evaluated(run, evaluation), None)["doubtful"] is True


def test_the_screen_warns_of_a_control_that_differs_and_shows_no_row_of_it() -> None:
    run, stream = differing_control(), io.StringIO()
    one, console = Evaluated.of(run), Console(file=stream, width=80)
    print_results(console, one)
    print_end(console, [one])
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines if "doubtful: the control" not in line)
    assert DOUBTFUL in lines[1]
    assert lines[2].startswith("  ⚠ The bare interpreters of the two environments differ: +10")
    assert not any(CONTROL in line for line in lines)
    assert lines[-1].endswith("⚠ doubtful: the control differs.")
    assert verdict_words(one.evaluation.results[0]) == "differs"


def test_a_control_is_the_same_by_an_interval_of_its_own_and_differs_by_its_part() -> None:
    plan = msgspec.structs.replace(probed(CONTROL), family_alpha=0.001)
    same = made_up([plan, *measured(CONTROL, 1.0, noise=0.02)[1:]])
    known = made_up(measured(CONTROL, 1.0, noise=0.02))
    found, before = evaluate(same).results[0], evaluate(known).results[0]
    assert (found.verdict, found.interval) == (Verdict.SAME, before.interval)
    doubted = [
        (evaluate(made_up([one, *measured(CONTROL, 1.03, noise=0.045)[1:]])), one.family_alpha)
        for one in (plan, probed(CONTROL))
    ]
    p_value = doubted[0][0].results[0].p_value
    assert p_value is not None
    assert 0.001 < p_value < 0.05
    assert [one.doubtful for one, _alpha in doubted] == [False, False]
    assert doubted[0][0].results[0].verdict is Verdict.UNDECIDED
    assert doubted[1][0].results[0].verdict is Verdict.SLOWER  # as runs before format 3 have it


def test_where_nothing_differs_at_the_start_that_is_said() -> None:
    same = StartFiles({"same.pth": "a"}, 20, 80)
    run = differing_control(base_start=same, head_start=same)
    assert "No cause was found" in control_warning(run, evaluate(run)).replace("sample-project", "")


def test_a_minimum_effect_of_a_benchmarks_own() -> None:
    run = made_up([*measured("work", 1.04), *measured("other", 1.04)], "work", "other")
    control, work, other = run.manifest.benchmarks
    own = msgspec.structs.replace(work.declaration, mei=0.1)
    planned = control, msgspec.structs.replace(work, declaration=own), other
    run = dataclasses.replace(
        run, manifest=msgspec.structs.replace(run.manifest, benchmarks=planned)
    )
    results = evaluate(run).results[1:]
    assert [one.verdict for one in results] == [Verdict.BELOW_MEI, Verdict.SLOWER]
    assert [one.mei for one in results] == [0.1, 0.02]
    assert verdict_words(results[0]) == "slower, but below 10%"
    assert planned[1].judged_by_the_run("mei") == work


def grouped(ratios: dict[str, float], *gone: str) -> Run:
    """A run of benchmarks whose group is the first letter of their names; `gone` are broken."""
    events = [event for name, ratio in ratios.items() for event in measured(name, ratio)]
    broken = [Unavailable(name, ("head",), "no", ("base",)) for name in gone]
    run = made_up([*measured(CONTROL, 1.0), *events, *broken], *ratios, *gone)
    planned = [
        msgspec.structs.replace(
            one,
            declaration=msgspec.structs.replace(
                one.declaration, group=one.declaration.name[0] if index else "control"
            ),
        )
        for index, one in enumerate(run.manifest.benchmarks)
    ]
    manifest = msgspec.structs.replace(run.manifest, benchmarks=tuple(planned))
    return dataclasses.replace(run, manifest=manifest)


def test_one_number_for_all_and_for_each_group() -> None:
    run = grouped({"a1": 0.5, "a2": 0.8, "b1": 1.25, "b2": 1.0, "c1": 1.0}, "b3")
    evaluation = evaluate(run)
    everything, a, b = evaluation.means  # one benchmark is no group
    assert (everything.group, a.group, b.group) == ("", "a", "b")
    assert everything.interval.ratio == pytest.approx((0.5 * 0.8 * 1.25) ** 0.2, rel=0.005)
    assert a.interval.ratio == pytest.approx(math.sqrt(0.4), rel=0.005)
    assert a.interval.low < a.interval.ratio < a.interval.high < a.interval.low * 1.02
    assert b.left_out == ("b3",)
    assert b.verdicts == {"slower": 1, "same": 1, "broken": 1}
    assert {mean.level for mean in evaluation.means} == {0.05 / 3}
    stream = io.StringIO()
    print_results(Console(file=stream, width=80), Evaluated(run, evaluation))
    last = stream.getvalue().splitlines()[-2:]
    assert last[0].startswith("geometric mean of all 5 ")
    assert all(len(line) <= 80 for line in last)
    page = unglued(means_table([Shown(run, evaluation)]))
    assert "| all (5) " in page
    assert "Left out, without a size: `b3`." in page
    assert result_document(Evaluated(run, evaluation), None)["means"][1]["group"] == "a"


def test_one_benchmark_and_benchmarks_of_one_group() -> None:
    assert evaluate(grouped({"a1": 0.5})).means == ()
    assert means_table([Shown(grouped({"a1": 0.5}), evaluate(grouped({"a1": 0.5})))]) == ""
    assert [one.group for one in evaluate(grouped({"a1": 0.5, "a2": 0.7})).means] == [""]


def test_level_follows_the_number_of_benchmarks() -> None:
    names = [f"b{i}" for i in range(5)]
    events = [event for name in names for event in measured(name, 1.0)]
    evaluation = evaluate(made_up(events, *names, options=Options(alpha=0.1)))
    assert evaluation.level == pytest.approx(0.02)


def long_rounds(name: str, number: int, ratio: float) -> list[Event]:
    """Rounds of a benchmark of minutes: pairs that differ by about `ratio`, and no `ended` yet."""
    base = [1.0 + 0.01 * i for i in range(number)]
    return rounds(name, base, [one * ratio + 0.001 * i for i, one in enumerate(base)], Design.PAIRS)


def test_long_benchmarks_are_a_family_of_their_own() -> None:
    plan = planned("long", 7, 0.025)
    short = [event for name in ("a", "b") for event in measured(name, 1.0)]
    evaluation = evaluate(
        made_up([*short, plan, *long_rounds("long", 7, 0.8), ended("long")], "a", "b", "long")
    )
    long = evaluation.results[-1]
    assert (long.verdict, long.rounds) == (Verdict.FASTER, 7)
    assert long.p_value == pytest.approx(2 / 2**7)
    assert long.interval is not None
    assert long.interval.high < 0.9
    assert evaluation.exact_level == 0.025
    assert evaluation.family == 3


def test_long_benchmarks_wait_for_their_last_round() -> None:
    events = [planned("long", 7), *long_rounds("long", 6, 0.8)]
    result = evaluate(made_up(events, "long")).results[-1]
    assert (result.verdict, result.p_value) == (Verdict.UNDECIDED, 1.0)


@pytest.mark.parametrize(("head_cpu_s", "only_inside"), [(2.5, False), (4.5, True)])
def test_values_that_the_process_does_not_bear_out(head_cpu_s: float, only_inside: bool) -> None:  # noqa: FBT001
    """A script's values come from inside the process, where a changed clock would be believed."""
    plan = msgspec.structs.replace(probed("work", metric=Metric.VALUE), loops=10)
    base = [4.5 + 0.01 * i for i in range(20)]
    head = [head_cpu_s + 0.02 * i for i in range(20)]
    events: list[Event] = [plan]
    for event in rounds("work", base, head):
        assert isinstance(event, Measured)
        taken = event.round
        for side, value in ((Side.BASE, 0.1), (Side.HEAD, 0.05)):
            values = tuple(value + 1e-4 * taken.index + 1e-5 * k for k in range(3))
            sample = msgspec.structs.replace(taken.sample(side), values_s=values)
            taken = msgspec.structs.replace(taken, **{str(side): sample})
        events.append(Measured(taken))
    result = evaluate(made_up([*events, ended("work")], "work")).results[1]
    assert result.verdict is Verdict.FASTER
    assert result.only_inside is only_inside
    assert bool(asides(result)) is only_inside


def test_a_run_in_which_each_side_runs_its_own_tests_says_so() -> None:
    run = differing_control(base_start=StartFiles({}, 20, 80), head_start=StartFiles({}, 20, 80))
    assert not any("its own tests" in one for one in notes(run, evaluate(run)))
    replace = msgspec.structs.replace
    last = run.manifest.benchmarks[-1]
    suite = Benchmark(name=last.declaration.name, pytest="tests", tests_of="own")
    planned = (*run.manifest.benchmarks[:-1], replace(last, declaration=suite))
    changed = dataclasses.replace(run, manifest=replace(run.manifest, benchmarks=planned))
    words = notes(changed, evaluate(run))
    assert any(f"part of the change of {last.declaration.name}." in one for one in words)
