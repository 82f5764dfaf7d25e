"""What a terminal and a log show: 80 columns, the verdict with a mark, counts at the end."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from support.runs import made_up

from bench.core.options import Options
from bench.core.result import CONTROL, Evaluation, Result, Size
from bench.core.revision import Revision, Source
from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.core.verdict import Interval, Verdict
from bench.engine.session.watcher import Course
from bench.formats.text import verdict_words
from bench.report.screen.lines import (
    counts,
    in_words,
    result_line,
    result_lines,
    short_change,
    worth_a_row,
)
from bench.report.screen.saves import save_heading, save_line, since_last
from bench.report.screen.summary import print_remarks, print_results
from bench.report.screen.watchers import LiveWatcher, progress_line
from bench.report.select_runs import Evaluated

INTERVALS = {
    Verdict.FASTER: Interval(0.74, 0.704, 0.775),
    Verdict.SLOWER: Interval(1.097, 1.08, 1.112),
    Verdict.LESS_MEMORY: Interval(0.74, 0.704, 0.775),
    Verdict.MORE_MEMORY: Interval(1.097, 1.08, 1.112),
    Verdict.SAME: Interval(1.001, 0.995, 1.008),
    Verdict.BELOW_MEI: Interval(0.992, 0.987, 0.997),
    Verdict.UNDECIDED: Interval(1.02, 0.87, 1.2345),
}
UNBOUNDED = Interval(0.81, 0.0, float("inf"))


def result(
    name: str, verdict: Verdict | None, interval: Interval | None = None, base_s: float = 0.0809
) -> Result:
    benchmark = Benchmark(name=name, command=("sample",))
    if verdict in {None, Verdict.BROKEN}:
        return Result(
            benchmark=benchmark,
            layer="",
            verdict=verdict,
            reason="head: exit status 1",
            mei=0.02,
            available=False,
        )
    assert verdict is not None
    interval = interval or INTERVALS[verdict]
    return Result(
        benchmark=benchmark,
        layer="",
        verdict=verdict,
        reason="settled",
        mei=0.02,
        rounds=20,
        interval=interval,
        size=Size(interval=interval, design=Design.DUET, metric=Metric.CPU, rounds=20),
        base_s=base_s,
        head_s=base_s * interval.ratio,
    )


def test_a_line_says_name_times_change_and_verdict() -> None:
    line = str(result_line(result("import-console", Verdict.FASTER)))
    assert line == "  ▼ import-console    80.9 → 59.9 ms    1.35x (1.29–1.42)     faster"
    slower = str(result_line(result("import-table", Verdict.SLOWER)))
    assert slower.startswith("  ▲ import-table")
    assert slower.endswith("slower")
    assert "= same" not in slower
    assert str(result_line(result("x", Verdict.SAME))).startswith("  = x")


def test_a_long_verdict_takes_no_room_from_the_names() -> None:
    few = result("httpie-version-of", Verdict.UNDECIDED, UNBOUNDED)
    assert all("\n" not in str(line) for line in result_lines([*MIXED, few]))


def test_what_a_suite_tracks_is_no_time() -> None:
    nodes = result("nodes", Verdict.SLOWER, Interval(1.125, 1.1, 1.2), 12345.0)
    tracked = Benchmark(name="nodes", asv="benchmarks::suite.track_nodes")
    line = str(result_line(msgspec.structs.replace(nodes, benchmark=tracked)))
    assert "  12,345 → 13,888   +12.5% (" in line
    small = msgspec.structs.replace(nodes, benchmark=tracked, base_s=0.25, head_s=2.0)
    assert "0.250 → 2 " in str(result_line(small))


@pytest.mark.parametrize("verdict", [*Verdict, None])
@pytest.mark.parametrize(
    "name", ["x", "import-aiservice", "a-very-long-name-of-a-benchmark-indeed"]
)
@pytest.mark.parametrize("interval", [None, UNBOUNDED])
def test_every_line_fits_80_columns(
    verdict: Verdict | None, name: str, interval: Interval | None
) -> None:
    text = str(result_line(result(name, verdict, interval, base_s=1.234)))
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert text.startswith(name, 4)


def test_columns_stay_where_a_name_is_long_and_no_name_is_cut() -> None:
    long = result("asv-image-load-of-a-benchmark-with-parameters", Verdict.UNDECIDED)
    shown = [*MIXED, long]
    lines = [str(line) for line in result_lines([*shown, result("gone", None)])]
    assert lines[-2].startswith(f"  ? {long.name}\n")
    told = [line.splitlines()[-1] for line in lines[:-1]]
    assert len({line.index("→") for line in told}) == 1
    assert len({line.index(verdict_words(one)) for line, one in zip(told, shown, strict=True)}) == 1
    assert lines[-1].endswith("not measured")


def test_a_change_is_said_once_with_its_limits() -> None:
    assert short_change(INTERVALS[Verdict.SLOWER]) == "+9.7% (+8.0…+11.2)"
    assert short_change(Interval(1.31, 0.9, 1.8)) == "+31.0% (−10.0…+80.0)"
    assert short_change(UNBOUNDED) == "1.23x"
    assert short_change(None) == ""


MIXED = [
    result(CONTROL, Verdict.SAME),
    result("import-console", Verdict.FASTER),
    result("import-all", Verdict.FASTER, Interval(0.9, 0.88, 0.92)),
    result("render", Verdict.SAME),
    result("export", Verdict.UNDECIDED),
]


def test_the_table_ends_with_the_counts() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    run = made_up([], "work", options=Options())
    print_results(console, Evaluated(run, Evaluation(results=tuple(MIXED), level=0.05, family=4)))
    lines = stream.getvalue().splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    assert lines[-1] == "2 faster · 0 slower · 1 same · 1 undecided"
    assert len(lines) == 2 + len(MIXED) + 1
    assert counts([result("gone", None)]) == "0 faster · 0 slower · 0 same · 1 not measured"


def test_of_very_many_rows_those_that_say_most_are_shown() -> None:
    same = [result(f"same-{n}", Verdict.SAME) for n in range(50)]
    large = [
        result(f"fast-{n}", Verdict.FASTER, Interval(0.9 - n / 100, 0.1, 0.95)) for n in range(40)
    ]
    broken, control = result("gone", Verdict.BROKEN), result(CONTROL, Verdict.SAME)
    shown = [one.name for one in worth_a_row([control, *same, broken, *large])]
    assert shown == [CONTROL, "gone", *(f"fast-{n}" for n in range(12, 40))]
    assert worth_a_row(same[:30]) == same[:30]


def test_a_remark_on_several_runs_is_made_once() -> None:
    stream = io.StringIO()
    run = made_up([], "work", options=Options())
    gone = Evaluation(results=(result("gone", None),), level=0.05, family=1)
    sound = Evaluation(results=tuple(MIXED), level=0.05, family=4)
    runs = [Evaluated(run, one) for one in (gone, gone, sound)]
    console = Console(file=stream, width=200)
    print_remarks(console, runs[:2], [None, None])
    both = stream.getvalue()
    assert both.count("gone was not measured: head: exit status 1") == 1
    assert ": gone was" not in both
    print_remarks(console, runs[1:], [None, None])
    assert f"Python {run.manifest.python}: gone was not measured" in stream.getvalue()


def test_the_last_line_of_one_benchmark() -> None:
    (only,) = (one for one in MIXED if one.name == "import-console")
    assert in_words("3.13", [only]) == "Python 3.13: import-console is faster (1.35x)."


def test_the_last_line_is_in_words() -> None:
    assert in_words("3.13", MIXED) == (
        "Python 3.13: of 4 benchmarks 2 are faster (import-console most: 1.35x), none is slower, "
        "1 undecided."
    )


def test_progress_says_what_is_left() -> None:
    course = Course(name="import-table", position=5, total=10, budget_s=30.0, later_s=150.0)
    line = progress_line(course, 15, Interval(0.903, 0.8, 1.0), 12.0)
    assert line == "5/10 import-table  15 rounds, −9.7% so far, at most 3 min left"
    long = Course(name="optimize", position=1, total=1, budget_s=30.0, planned=8)
    assert progress_line(long, 2, None, 60.0) == "1/1 optimize  2 of 8 rounds, about 3 min left"


def test_a_terminal_gets_colour_and_a_log_does_not() -> None:
    stream = io.StringIO()
    watcher = LiveWatcher(Console(file=stream, force_terminal=True, width=80, color_system="256"))
    with watcher:
        watcher.begin(Course(name="work", position=1, total=2, budget_s=1.0))
        watcher.progress(3, None, 0.5)
        watcher.decided(result("work", Verdict.FASTER))
        watcher.decided(result("other", Verdict.SLOWER))
    shown = stream.getvalue()
    assert "1/2 work  3 rounds, at most 0 s left" in shown
    assert "\x1b[1;38;5;33m▼" in shown
    assert "\x1b[1;38;5;208m▲" in shown
    plain = io.StringIO()
    Console(file=plain, width=80).print(result_line(result("work", Verdict.FASTER)))
    assert "\x1b" not in plain.getvalue()


def test_a_save_is_compared_with_the_last_one() -> None:
    first = result("hello", Verdict.SLOWER, Interval(1.05, 1.04, 1.06), 0.05)
    second = result("hello", Verdict.SLOWER, Interval(1.03, 1.02, 1.04), 0.05)
    assert str(save_line(first, None)) == str(result_line(first))
    assert since_last(second, first) == "against the last save −1.9% (−3.2…−0.6)"
    assert str(save_line(second, first)).splitlines()[1].strip() == since_last(second, first)
    unbounded = result("hello", Verdict.FASTER, UNBOUNDED)
    assert since_last(unbounded, first) == "against the last save 1.30x"
    assert since_last(result("hello", Verdict.BROKEN), first) == ""


def test_heading_of_a_save_names_files_and_fits() -> None:
    revision = Revision(
        source=Source.TREE, name="HEAD + 40 files", identity="0" * 40, date="",
        subject=", ".join(f"src/package/module_{number}.py" for number in range(3)),
    )  # fmt: skip
    heading = save_heading(revision, "14:31:02")
    assert heading.startswith("14:31:02  HEAD + 40 files: src/package/module_0.py, ")
    assert len(heading) == 80
