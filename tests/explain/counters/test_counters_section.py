"""Where time and counters disagree, and how the section says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_fields
from support.pages import unglued
from support.synthetic_runs import RunPlan, command, control, script, workspace_in, write_run

from bench.core.counts import Counter, Instrument, Names, Tally
from bench.core.options import Options
from bench.core.result import Result
from bench.core.target import Benchmark
from bench.core.verdict import Interval, Verdict
from bench.engine.store.events import Counted, Measured
from bench.engine.store.run import Run, read_run
from bench.explain.counters.witness import disagreements, undecided
from bench.report.pair.counters_page import counters_details, counters_section
from bench.report.select_runs import Evaluated

RATIOS = {
    Verdict.FASTER: 0.5,
    Verdict.SLOWER: 1.5,
    Verdict.SAME: 1.0,
    Verdict.BELOW_MEI: 1.01,
    Verdict.UNDECIDED: 1.0,
}


def result(verdict: Verdict | None) -> Result:
    ratio = RATIOS.get(verdict, 1.0) if verdict else 1.0
    interval = Interval(ratio, ratio * 0.99, ratio * 1.01)
    return Result(
        benchmark=Benchmark(name="b", command=("b",)),
        layer="",
        verdict=verdict,
        reason="",
        mei=0.02,
        interval=interval,
    )


def figures(
    instructions: int = 1000_000, modules: int = 100, calls: int = 500
) -> dict[Counter, int]:
    return {
        Counter.INSTRUCTIONS: instructions,
        Counter.MODULES_OWN: 0,
        Counter.MODULES_STANDARD: modules,
        Counter.SYSTEM_CALLS: calls,
    }


USUAL = figures()


@pytest.mark.parametrize(
    ("verdict", "head", "said"),
    [
        (Verdict.SLOWER, figures(950_000), ["instructions −5.0%"]),
        (Verdict.FASTER, figures(1_050_000), ["instructions +5.0%"]),
        (Verdict.SAME, figures(modules=140), ["modules imported +40"]),
        (Verdict.SAME, figures(calls=400), ["system calls −20.0%"]),
        (Verdict.BELOW_MEI, figures(950_000), ["instructions −5.0%"]),
        # what fits the verdict is no disagreement
        (Verdict.SLOWER, figures(1_050_000, modules=140), []),
        (Verdict.FASTER, figures(500_000, modules=40, calls=100), []),
        (Verdict.SAME, figures(1_010_000, modules=103, calls=510), []),
        # part against, part in agreement: only what is against is said
        (Verdict.FASTER, figures(500_000, modules=140), ["modules imported +40"]),
        # without a verdict there is nothing to disagree with
        (Verdict.UNDECIDED, figures(500_000), []),
        (None, figures(500_000), []),
    ],
)
def test_disagreements(verdict: Verdict | None, head: dict[Counter, int], said: list[str]) -> None:
    assert disagreements(result(verdict), USUAL, head) == said


def test_another_time_with_the_same_work() -> None:
    (said,) = disagreements(result(Verdict.SLOWER), USUAL, figures(1_000_100))
    assert said.startswith("instructions the same")
    assert disagreements(result(Verdict.SAME), USUAL, USUAL) == []


def test_what_was_not_counted_says_nothing() -> None:
    assert disagreements(result(Verdict.SLOWER), {}, {}) == []
    assert disagreements(result(Verdict.SAME), USUAL, {}) == []


def test_counters_where_time_is_undecided() -> None:
    assert undecided(result(Verdict.UNDECIDED), USUAL, figures(500_000)) == ["instructions −50.0%"]
    assert undecided(result(Verdict.FASTER), USUAL, figures(500_000)) == []


def made_run(folder: Path, *events: Counted, options: Options | None = None) -> Run:
    made = (control(), command("quick", ratio=0.5, noise=0.01), command("same"), script("values"))
    plan = RunPlan(made=made, options=options or Options())
    run = read_run(write_run(workspace_in(folder), plan))
    return replace(run, events=(*run.events, *events))


def observed(name: str, base: int, head: int, names: Names) -> Counted:
    kinds = (Counter.MODULES_OWN, Counter.MODULES_STANDARD, Counter.MODULES_THIRD_PARTY)
    return Counted(
        benchmark=name,
        instrument=Instrument.OBSERVER,
        base=Tally(dict(zip(kinds, (1, base, 0), strict=True))),
        head=Tally(dict(zip(kinds, (1, head, 0), strict=True))),
        names={Counter.MODULES_STANDARD: names},
    )


def instructions(name: str, base: int, head: int) -> Counted:
    return Counted(
        benchmark=name,
        instrument=Instrument.INSTRUCTIONS,
        base=Tally({Counter.INSTRUCTIONS: base}),
        head=Tally({Counter.INSTRUCTIONS: head}),
    )


def whole(one: Evaluated) -> str:
    return counters_section(one) + counters_details(one)


def test_the_section(tmp_path: Path) -> None:
    many = Names(vanished=tuple(f"module{number:02d}" for number in range(30)))
    run = made_run(
        tmp_path,
        observed("quick", 80, 50, many),
        instructions("quick", 177_745_844, 99_000_000),
        observed("same", 50, 51, Names(appeared=("csv",))),
        instructions("same", 1000_000, 1_050_000),
        Counted(
            benchmark="same",
            instrument=Instrument.SYSTEM_CALLS,
            skipped="strace is not installed (a <b> | c)",
        ),
        Counted(
            benchmark="quick",
            instrument=Instrument.SYSTEM_CALLS,
            skipped="strace is not installed (a <b> | c)",
        ),
    )
    section = whole(Evaluated.of(run))
    assert "| instructions" in section.replace("  ", " ")
    assert "177,745,844" in section
    assert "1.80 times fewer" in section
    assert "81 → 51" in unglued(section)
    assert "- `same`: time says same; instructions +5.0%" in section
    assert "- `quick`: time says" not in section
    assert "only base (30): `module00`" in section
    assert "22 of other packages" in section
    assert "only head (1): `csv`" in section
    assert "- strace of `quick`, `same`: strace is not installed (a &lt;b&gt; \\| c)" in section
    assert "`values`" not in section
    assert whole(Evaluated.of(run)) == section


def test_system_calls_that_moved_by_kind(tmp_path: Path) -> None:
    base, head = (
        Tally({Counter.SYSTEM_CALLS: sum(calls.values())}, calls)
        for calls in ({"read": 1200, "lseek": 5}, {"read": 100, "lseek": 5, "mmap": 2})
    )
    moved = Counted(benchmark="quick", instrument=Instrument.SYSTEM_CALLS, base=base, head=head)
    section = whole(Evaluated.of(made_run(tmp_path, moved)))
    table = section[section.index("| system call ") :]
    assert "−1,100" in table
    assert table.index("`read`") < table.index("`mmap`")
    assert "`lseek`" not in table


def test_memory_and_faults_come_from_the_rounds(tmp_path: Path) -> None:
    section = whole(Evaluated.of(made_run(tmp_path, instructions("quick", 10, 10))))
    (line,) = [one for one in unglued(section).splitlines() if "peak resident memory" in one]
    assert [cell.strip() for cell in line.split("|")][2:5] == [
        "40.0 MiB",
        "20.0 MiB",
        "2.00 times less",
    ]


def test_agreement_is_said_only_of_what_time_decided(tmp_path: Path) -> None:
    run = made_run(tmp_path, instructions("quick", 100, 50))
    assert "Counters agree with 1 verdict." in counters_section(Evaluated.of(run))
    undecided_run = replace(run, events=tuple(e for e in run.events if not isinstance(e, Measured)))
    assert "Time is undecided everywhere" in counters_section(Evaluated.of(undecided_run))


def test_nothing_counted_is_said(tmp_path: Path) -> None:
    assert counters_section(Evaluated.of(made_run(tmp_path))) == "Not counted yet."
    told = made_run(tmp_path / "b", options=replace_fields(Options(), counters=False))
    assert counters_section(Evaluated.of(told)) == "Not counted (`--no-counters`)."


def test_only_scripts_no_section(tmp_path: Path) -> None:
    run = read_run(write_run(workspace_in(tmp_path), RunPlan(made=(script("values"),))))
    assert counters_section(Evaluated.of(run)) == ""


def test_an_instrument_without_figures_has_no_column(tmp_path: Path) -> None:
    section = counters_section(Evaluated.of(made_run(tmp_path, instructions("quick", 10, 10))))
    heading = next(line for line in section.splitlines() if "benchmark" in line)
    assert "instructions" in heading
    assert "allocated" not in heading
