"""Peak memory is judged by the rounds that time took: verdicts, screen, page, JSON, exit status."""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Sequence

import msgspec
import pytest
from rich.console import Console
from support.pages import unglued
from support.runs import ended, made_up, probed, rounds

from bench.cli.arguments import failing_verdicts, status_of
from bench.core.errors import ExitStatus
from bench.core.options import Options
from bench.core.result import CONTROL, Evaluation
from bench.core.sample import Design, Metric, Side
from bench.core.target import Benchmark, parse_target
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.statistics.memory import memory_looks
from bench.engine.store.events import Event, Measured
from bench.engine.store.run import Run
from bench.formats.text import change_of, figures, memory_change, memory_verdict, verdict_words
from bench.report.machine_readable import result_document
from bench.report.pair.memory_words import memory_sentences
from bench.report.pair.pair_tables import more_tables, places_of
from bench.report.screen.lines import counts, in_words, result_lines
from bench.report.screen.summary import print_results
from bench.report.select_runs import Evaluated, Shown

MIB = 2**20
ALPHA = 0.002


def taken(name: str, ratio: float, count: int, design: Design = Design.DUET) -> list[Event]:
    """Rounds of the same times whose peaks have a ratio, with a scatter of 0.3%."""
    chance = random.Random(f"{name}/{ratio}/{design}")
    made: list[Event] = []
    times = [0.1 + i / 1e4 for i in range(count)]
    for event in rounds(name, times, times, design):
        assert isinstance(event, Measured)
        one = event.round
        for side, factor in ((Side.BASE, 1.0), (Side.HEAD, ratio)):
            peak = round(40 * MIB * factor * (1 + chance.gauss(0, 0.003)) / 4096) * 4096
            sample = msgspec.structs.replace(one.sample(side), peak_rss_bytes=peak)
            one = msgspec.structs.replace(one, **{str(side): sample})
        made.append(Measured(one))
    return made


def measured(name: str, ratio: float, duets: int = 10, alone: int = 6) -> list[Event]:
    plan = msgspec.structs.replace(
        probed(name), memory_looks=memory_looks(ALPHA / 3, 160), memory_alpha=ALPHA
    )
    pairs = taken(name, ratio, alone, Design.PAIRS)
    return [plan, *pairs, *taken(name, ratio, duets), ended(name)]


def run_of(ratios: Sequence[float]) -> Run:
    names = [f"b{i}" for i in range(len(ratios))]
    events = [e for name, ratio in zip(names, ratios, strict=True) for e in measured(name, ratio)]
    return made_up(events, *names)


RUN = run_of([0.8, 1.05, 1.0])


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(RUN)


def test_verdicts_on_memory(evaluation: Evaluation) -> None:
    memories = [one.memory for one in evaluation.results[1:]]
    assert [one.verdict for one in memories if one] == [
        Verdict.LESS_MEMORY, Verdict.MORE_MEMORY, Verdict.SAME,
    ]  # fmt: skip
    assert evaluation.memory_level == ALPHA  # two of three are rejected
    less = memories[0]
    assert less is not None
    assert (less.rounds, less.mei) == (16, 0.02)  # of both designs
    assert less.interval.low < 0.8 < less.interval.high
    assert abs(less.head_bytes / less.base_bytes - 0.8) < 0.005
    assert evaluation.results[0].memory is None  # the control
    assert {one.verdict for one in evaluation.results[1:]} == {Verdict.SAME}


def test_a_minimum_effect_of_memorys_own() -> None:
    (work,) = (one for one in evaluate(run_of([1.05])).results if one.name == "b0")
    options = made_up(measured("b0", 1.05), "b0", options=Options(mei_memory=0.1))
    (wide,) = (one for one in evaluate(options).results if one.name == "b0")
    assert work.memory is not None
    assert wide.memory is not None
    assert work.memory.verdict is Verdict.MORE_MEMORY
    assert wide.memory.verdict is Verdict.BELOW_MEI
    assert memory_verdict(wide.memory) == "more memory, but below 10%"


def test_runs_without_the_plan_have_no_verdict_on_memory() -> None:
    """Those of formats 1 and 2."""
    evaluation = evaluate(made_up([probed("b0"), *taken("b0", 0.5, 20), ended("b0")], "b0"))
    assert evaluation.results[1].memory is None
    assert evaluation.memory_level is None


def test_what_is_as_small_as_the_bare_interpreter_is_not_called_the_same() -> None:
    """A process is told to have the peak of the one that starts it, if its own is smaller."""
    control = [probed(CONTROL), *taken(CONTROL, 1.0, 10), ended(CONTROL)]
    events = [*control, *measured("b0", 1.0), *measured("b1", 1.3)]
    plan = msgspec.structs.replace(probed("b2", metric=Metric.PEAK_RSS), design=Design.PAIRS)
    events += [plan, *taken("b2", 1.0, 20, Design.PAIRS), ended("b2")]
    same, more, decided = evaluate(made_up(events, "b0", "b1", "b2")).results[1:]
    assert decided.verdict is Verdict.UNDECIDED
    assert verdict_words(decided).startswith("not seen below 41")
    assert same.memory is not None
    assert more.memory is not None
    assert same.memory.verdict is Verdict.UNDECIDED
    assert memory_verdict(same.memory).startswith("not seen below 41")
    assert more.memory.verdict is Verdict.MORE_MEMORY


def test_a_system_that_tells_no_peaks() -> None:
    events = [
        Measured(
            msgspec.structs.replace(
                event.round, base=msgspec.structs.replace(event.round.base, peak_rss_bytes=0)
            )
        )
        if isinstance(event, Measured) else event
        for event in measured("b0", 1.0)
    ]  # fmt: skip
    assert evaluate(made_up(events, "b0")).results[1].memory is None


def test_the_screen_tells_of_memory_where_it_says_something(evaluation: Evaluation) -> None:
    stream = io.StringIO()
    print_results(Console(file=stream, width=80), Evaluated(RUN, evaluation))
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    (last,) = [line for line in lines if " · memory: " in line]
    told = [line for line in lines if "memory" in line and line != last]
    assert len(told) == 2
    assert "memory 1.25 times less" in told[0]
    assert "same, within ±2%, memory +" in told[1]
    assert last.endswith("memory: 1 less, 1 more")
    assert in_words("3.13", evaluation.results).endswith("Memory: 1 less, 1 more.")
    assert counts(evaluation.results[:1] + evaluation.results[3:]).count("memory") == 0


def test_memory_stands_below_a_line_that_has_no_room_for_it(evaluation: Evaluation) -> None:
    result = evaluation.results[1]
    named = msgspec.structs.replace(
        result, benchmark=msgspec.structs.replace(result.benchmark, name="a-name-of-24-characters-")
    )
    lines = [str(line) for line in result_lines([named])]
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].strip().startswith("memory 1.25 times less (40.0 → 32.0 MiB)")


def test_the_page_has_a_table_of_memory_and_a_sentence(evaluation: Evaluation) -> None:
    one = Shown(RUN, evaluation)
    places = places_of([one], [result.name for result in evaluation.results])
    (page,) = [
        unglued(words) for words in more_tables([one], places, ["3.13"]) if "Memory" in words
    ]
    assert "40.0 → 32.0 MiB" in page
    assert "**more memory**" in page
    assert "same, within ±2%" in page
    (said,) = memory_sentences({result.name: {"3.13": result} for result in evaluation.results})
    assert said.startswith("Memory: less in `b0` (1.25 times less), **more** in `b1` (+")


def test_json_has_the_verdict_on_memory(evaluation: Evaluation) -> None:
    document = result_document(Evaluated(RUN, evaluation), None)
    assert document["benchmarks"][1]["memory"]["verdict"] == "less memory"
    assert document["level_of_memory"] == ALPHA


def test_more_memory_can_fail_a_run(evaluation: Evaluation) -> None:
    said: list[str] = []
    status = status_of(evaluation.results, failing_verdicts("more-memory,slower"), said.append)
    assert status is ExitStatus.MORE_MEMORY
    assert said == ["Exit status 8: more memory: b1."]
    assert status_of(evaluation.results, failing_verdicts("slower"), print) is ExitStatus.DONE
    with pytest.raises(argparse.ArgumentTypeError, match="more memory"):
        failing_verdicts("more memory")


def test_a_benchmark_that_memory_decides() -> None:
    """Its verdict, sizes and figures are those of memory, and it is judged once."""
    plan = msgspec.structs.replace(probed("b0", metric=Metric.PEAK_RSS), design=Design.PAIRS)
    events = [plan, *taken("b0", 0.5, 20, Design.PAIRS), ended("b0")]
    evaluation = evaluate(made_up(events, "b0"))
    result = evaluation.results[1]
    assert result.verdict is Verdict.LESS_MEMORY
    assert verdict_words(result) == "less memory"
    assert figures(result) == "40.0 → 20.0 MiB"
    assert change_of(result).startswith("2.0")
    assert "times less (" in change_of(result)
    assert result.wall is not None  # what a user waits for is told as well
    assert result.base_s is None
    assert in_words("3.13", evaluation.results) == (
        "Python 3.13: b0 takes less memory (2.00 times less)."
    )
    assert memory_change(None) == "–"


def test_only_what_has_a_process_of_its_own_can_be_decided_by_memory() -> None:
    assert Benchmark(name="x", command=("x",), metric="peak_rss").has_memory
    text = (
        'name = "x"\nlayer = "l"\ndistribution = "x"\nmodule = "x"\n[service]\ncommand = ["x"]\n'
        '[[benchmark]]\nname = "s"\nmetric = "peak_rss"\nservice = { measure = "cpu" }\n'
    )
    with pytest.raises(msgspec.ValidationError, match="peak_rss"):
        parse_target(text)
