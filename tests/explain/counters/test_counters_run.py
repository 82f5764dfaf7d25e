"""All counters of a run: what is counted, skipped with which reason, and done only once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from counted_subjects import OPEN, Subjects, make_subjects
from support.sandbox import Sandbox
from support.synthetic_runs import RunPlan, command, control, script, workspace_in, write_run

from bench.core.counts import Counter, Instrument, Tally
from bench.core.options import Options
from bench.core.sample import Side
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.environments.interpreters import Interpreter
from bench.engine.evaluation import evaluate
from bench.engine.measure.rounds import Sides
from bench.engine.store.events import Counted
from bench.engine.store.run import Run, read_run
from bench.explain.counters.counting import SHARES, Counting, Method
from bench.explain.counters.observe import Observation
from bench.formats.text import allocated_words
from bench.report.pair.counters_page import counters_details, counters_section
from bench.report.screen.watchers import LineWatcher
from bench.report.select_runs import Evaluated


@pytest.fixture
def subjects(sandbox: Sandbox, interpreter: Interpreter, tmp_path: Path) -> Subjects:
    return make_subjects(sandbox, interpreter, tmp_path / "scratch")


RUN_S = 150.0


def synthetic(folder: Path, **how: object) -> Run:
    made = (control(), command("quick", **how), script("values"))
    return read_run(write_run(workspace_in(folder), RunPlan(made=made)))


def count(
    run: Run, subjects: Subjects, sides: list[Sides], budget_s: float | None = RUN_S
) -> list[Counted]:
    recorded: list[Counted] = []
    shares = SHARES if budget_s is None else dict.fromkeys(Instrument, 1.0)
    counting = Counting(
        run=run,
        measured=[sides],
        environments=subjects.environments,
        isolation=OPEN,
        record=recorded.append,
        watcher=LineWatcher(),
        seconds=RUN_S if budget_s is None else budget_s,
        shares=shares,
    )
    for job in counting.jobs():
        job.do(0)
    return recorded


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with the usual programs, but none of the tools that count."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "git", "uv"):
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tools))


def test_without_tools_the_observer_still_counts(
    subjects: Subjects, tmp_path: Path, no_tools: None
) -> None:
    sides = subjects.sides("quick", "import json", "import csv")
    counted = {one.instrument: one for one in count(synthetic(tmp_path), subjects, [sides])}
    assert set(counted) == set(Instrument)
    names = counted[Instrument.OBSERVER].names[Counter.MODULES_STANDARD]
    assert "csv" in names.appeared
    assert "json" in names.vanished
    assert counted[Instrument.MEMORY].base is not None
    assert counted[Instrument.SYSTEM_CALLS].skipped.startswith("strace is not installed")
    assert counted[Instrument.INSTRUCTIONS].skipped.startswith("valgrind is not installed")


def test_one_side_that_fails_does_not_take_the_other_with_it(
    subjects: Subjects, tmp_path: Path, no_tools: None
) -> None:
    sides = subjects.sides("quick", "pass", "import sys; sys.exit('torn')")
    counted = {one.instrument: one for one in count(synthetic(tmp_path), subjects, [sides])}
    observed, memory = counted[Instrument.OBSERVER], counted[Instrument.MEMORY]
    assert observed.base is not None
    assert observed.head is None
    assert observed.skipped == memory.skipped == "head: exit status 1: torn"


@pytest.mark.parametrize(
    ("base_s", "budget_s", "reason"),
    [
        (30.0, 60.0, "would take about 36 s a side (limit 20 s)"),
        (5.0, 1.0, "would take about 12 s (the budget of observer in a run has 1 s left)"),
    ],
)
def test_what_takes_too_long_is_not_started(
    subjects: Subjects,
    tmp_path: Path,
    no_tools: None,
    base_s: float,
    budget_s: float,
    reason: str,
) -> None:
    run = synthetic(tmp_path, base_s=base_s, noise=0.0)
    would_fail = subjects.sides("quick", "1 / 0", "1 / 0")
    counted = {one.instrument: one for one in count(run, subjects, [would_fail], budget_s)}
    assert counted[Instrument.OBSERVER].skipped == reason


def test_what_was_counted_before_is_not_counted_again(
    subjects: Subjects, tmp_path: Path, no_tools: None
) -> None:
    sides = subjects.sides("quick", "pass", "pass")
    run = synthetic(tmp_path)
    first = count(run, subjects, [sides])
    resumed = replace(run, events=(*run.events, *first[:2]))
    left = {one.instrument for one in count(resumed, subjects, [sides])}
    assert left == set(Instrument) - {one.instrument for one in first[:2]}
    assert count(replace(run, events=(*run.events, *first)), subjects, [sides]) == []


def test_scripts_and_what_could_not_be_measured_are_left_out(
    subjects: Subjects, tmp_path: Path, no_tools: None
) -> None:
    run = synthetic(tmp_path, why_not="exit status 1")
    values = Sides(
        Benchmark(name="values", script="sample"),
        subjects.python("pass"),
        subjects.python("pass", "head"),
    )
    assert count(run, subjects, [subjects.sides("quick", "pass", "pass"), values]) == []


def test_a_session_counts_after_the_timing(sandbox: Sandbox) -> None:
    sandbox.bench(
        "run", "sample", "v1.0.0..v1.2.0", "--repo", sandbox.repository, "--rounds", "2",
        "--no-report", "--no-tests", status=0,
    )  # fmt: skip
    (run,) = sandbox.runs
    assert set(run.counted("work")) == set(Instrument)
    kinds = [type(event).__name__ for event in run.events]
    assert max(i for i, kind in enumerate(kinds) if kind == "Measured") < kinds.index("Counted")
    assert kinds[-1] == "Closed"
    section = counters_section(Evaluated.of(run))
    assert "| `work`" in section
    assert "modules: own" in counters_details(Evaluated.of(run))


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_what_is_given_back_at_once_counts_as_allocated(subjects: Subjects, tmp_path: Path) -> None:
    given_back = "for _ in range(20): bytearray(1_000_000)"
    sides = subjects.sides("quick", "pass", given_back)
    counted = {one.instrument: one for one in count(synthetic(tmp_path), subjects, [sides])}
    found = counted[Instrument.ALLOCATIONS]
    assert found.base is not None
    assert found.head is not None
    more = found.head.figures[Counter.ALLOCATED] - found.base.figures[Counter.ALLOCATED]
    assert 18_000_000 < more < 24_000_000
    held = counted[Instrument.MEMORY]
    assert held.head is not None
    assert held.head.figures[Counter.PEAK_MEMORY] < 10_000_000


@pytest.mark.parametrize(
    ("options", "instruments", "asked"),
    [
        (Options(allocated=True, counters=False), {Instrument.ALLOCATIONS}, True),
        (Options(allocated=True), set(Instrument), True),
        (Options(), set(Instrument), False),
    ],
)
def test_exact_figures_are_counted_twice_where_they_are_asked_for(
    subjects: Subjects,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: Options,
    instruments: set[Instrument],
    *,
    asked: bool,
) -> None:
    """However long it takes; and nothing else where counters are not wanted."""
    made = (control(), command("quick", base_s=30.0, noise=0.0))
    run = read_run(write_run(workspace_in(tmp_path), RunPlan(made=made, options=options)))
    bytes_of = {Side.BASE: 1000, Side.HEAD: 800}

    def method(_counting: Counting, _instrument: Instrument) -> Method:
        def counted(_sides: Sides, side: Side) -> Observation:
            return Observation(Tally({Counter.ALLOCATED: bytes_of[side]}), {})

        return Method(counted, 1.0, 0.1)

    monkeypatch.setattr(Counting, "_method", method)
    recorded = count(run, subjects, [subjects.sides("quick", "", "")])
    assert {one.instrument for one in recorded} == instruments
    assert {one.instrument for one in recorded if not one.skipped} == (
        {Instrument.ALLOCATIONS} if asked else set()
    )
    measured = replace(run, events=(*run.events, *recorded))
    found = next(one for one in evaluate(measured).results if one.name == "quick").allocated
    assert (found is not None) == asked
    if found is not None:
        assert (found.base, found.head) == ((1000, 1000), (800, 800))
        assert found.verdict is Verdict.LESS_MEMORY
        assert "less memory, exact" in allocated_words(found)


def test_each_instrument_has_a_budget_of_its_own(
    subjects: Subjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 benchmarks of about a second: cheap instruments leave the instructions their share."""
    names = [f"b{number}" for number in range(20)]
    made = (control(), *(command(name, base_s=0.8, noise=0.0) for name in names))
    run = read_run(write_run(workspace_in(tmp_path), RunPlan(made=made)))
    slow_downs = {Instrument.INSTRUCTIONS: 15.0, Instrument.ALLOCATIONS: 14.0}

    def method(_counting: Counting, instrument: Instrument) -> Method:
        def counted(_sides: Sides, _side: Side) -> Observation:
            return Observation(Tally({Counter.INSTRUCTIONS: 1}), {})

        return Method(counted, slow_downs.get(instrument, 2.0), 0.1)

    monkeypatch.setattr(Counting, "_method", method)
    recorded = count(run, subjects, [subjects.sides(name, "", "") for name in names], None)
    done = {
        instrument: sum(one.instrument is instrument and not one.skipped for one in recorded)
        for instrument in Instrument
    }
    assert done[Instrument.INSTRUCTIONS] >= 3
    assert done[Instrument.OBSERVER] >= 4
    estimate_s = sum(
        2 * (slow_downs.get(one.instrument, 2.0) * 0.8 + 0.1) for one in recorded if not one.skipped
    )
    assert 60 < estimate_s <= RUN_S
    assert {one.benchmark for one in recorded if one.skipped} < set(names) | {"python-startup"}
