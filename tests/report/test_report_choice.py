"""Which of several runs of a pair is shown: nothing is mixed, and nothing hides what is fuller."""

from __future__ import annotations

from dataclasses import replace

from support.pages import cells, index_of, page_of, section
from support.synthetic_runs import SMALL, Made, RunPlan, add_counters, command, control, write_run

from bench.core.options import Options
from bench.core.target import Benchmark
from bench.core.workspace import Workspace
from bench.report.write import write_report

OLDER = RunPlan(run_id="20260101T000000Z-0001", started_at="2026-01-01T00:00:00+00:00")
NEWER = RunPlan(run_id="20260102T000000Z-0001", started_at="2026-01-02T00:00:00+00:00")


def reported(workspace: Workspace) -> str:
    assert not write_report(workspace).problems
    return page_of(workspace)


def test_other_dependencies_have_a_section_of_their_own(workspace: Workspace) -> None:
    for python in ("3.12", "3.13"):
        write_run(workspace, replace(OLDER, python=python))
    made = (control(), command("quick", ratio=1.0), command("same"), command("worse"))
    write_run(workspace, replace(NEWER, made=made, options=Options(dependencies="base")))
    page = reported(workspace)
    own, base = page.split("\n## On box-a with `--deps base`\n")
    assert "## On box-a with `--deps own`" in own
    assert "with other dependencies (`--deps own` and `--deps base`): times are never pooled" in own
    assert cells(own, "`quick`")[-1] == "faster"
    assert cells(base, "`quick`")[-1] == "same, within ±2%"
    assert "differs between Pythons" not in page
    assert base.count("--deps base") > 1
    assert "--deps" not in section(own, "Repeat it").split("```")[1]
    rows = [line for line in index_of(workspace).splitlines() if line.startswith("| [sample")]
    assert ["`--deps base`" in row for row in rows] == [False, True]
    method = page_of(workspace, name="method")
    assert "## Python 3.13, --deps base, box-a" in method
    assert len(list(workspace.results.rglob("ratios.svg"))) == 2


def test_a_decided_rerun_of_the_same_plan_is_shown(workspace: Workspace) -> None:
    undecided = (control(), command("quick", ratio=0.98, rounds=4, noise=0.05))
    write_run(workspace, replace(OLDER, made=undecided))
    write_run(workspace, replace(NEWER, made=SMALL))
    assert cells(reported(workspace), "`quick`")[-1] == "faster"


def test_a_newer_run_of_a_part_is_told_of_and_hides_nothing(workspace: Workspace) -> None:
    write_run(workspace, OLDER)
    again = replace(
        NEWER,
        made=(control(), command("quick", ratio=0.9)),
        options=Options(benchmarks=("quick",)),
    )
    write_run(workspace, again)
    other = replace(
        again, run_id="20260103T000000Z-0001", started_at="2026-01-03T00:00:00+00:00",
        options=Options(benchmarks=("quick",), budget_s=5.0),
    )  # fmt: skip
    write_run(workspace, other)
    page = reported(workspace)
    care = section(page, "Read with care")
    assert cells(page, "`quick`")[2].startswith("2.0")
    assert (
        "Measured again on 2026-01-02, and not shown because that run took a part of the "
        "benchmarks (`--benchmark quick`) under the same plan: `quick` −"
    ) in care
    assert "under another plan (--budget 5, here the defaults)" in care
    assert "The figures here are of 2026-01-01." in care


def test_what_only_an_older_run_has_is_shown_after_the_newer(workspace: Workspace) -> None:
    """The newer one took one benchmark of a group; the other stays, and neither stands twice."""
    slow, long_one = (
        Made(Benchmark(name=name, group="e2e", command=("x",)), ratio=ratio)
        for name, ratio in (("slow", 0.5), ("long", 0.7))
    )
    write_run(workspace, replace(OLDER, made=(control(), slow, long_one),
                                 options=Options(groups=("e2e",))))  # fmt: skip
    write_run(workspace, replace(NEWER, made=(control(), replace(slow, ratio=0.8)),
                                 options=Options(benchmarks=("slow",))))  # fmt: skip
    page = reported(workspace)
    table = page.partition("\n## ")[0]
    assert table.count("| `slow`") == 1
    assert cells(table, "`slow`")[2].startswith("1.2")
    assert cells(table, "`long`")[2].startswith("1.4")
    assert "1 benchmark in another run (e2e, Python 3.13): 1 faster." in page


def test_counters_of_a_run_that_differs_in_nothing_else_are_kept(workspace: Workspace) -> None:
    add_counters(write_run(workspace, OLDER), ("quick",))
    write_run(workspace, replace(NEWER, options=Options(counters=False)))
    page = reported(workspace)
    assert (
        "Counters are of run 20260101T000000Z-0001 of 2026-01-01: the one that is shown did not "
        "count, and differs in nothing else."
    ) in page
    assert "modules imported 300 → 260" in section(page, "Why?")
    assert "Counted in run `20260101T000000Z-0001`" in page_of(workspace, name="counters")


def test_counters_of_a_run_with_another_plan_are_not(workspace: Workspace) -> None:
    add_counters(write_run(workspace, replace(OLDER, options=Options(budget_s=5.0))), ("quick",))
    write_run(workspace, replace(NEWER, options=Options(counters=False)))
    page = reported(workspace)
    assert "its counters are not shown" in page
    assert "modules imported" not in page


def test_variants_of_a_python_stand_behind_it(workspace: Workspace) -> None:
    for python in ("3.14t", "3.9", "3.14"):
        write_run(workspace, replace(OLDER, made=SMALL, python=python))
    columns = cells(reported(workspace), "benchmark")
    assert [words.partition(":")[0] for words in columns[1:-1:2]] == ["3.9", "3.14", "3.14t"]
