"""Reports of many pairs: only what changed is made, and it is the same bytes as a whole report."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from support.pages import cells, index_of, unglued
from support.synthetic_runs import (
    SMALL,
    RunPlan,
    add_counters,
    command,
    control,
    write_calibration,
    write_run,
)

from bench.core.workspace import Workspace
from bench.report import jobs
from bench.report.first_screen import MOST_LINES
from bench.report.index import Indexed, write_index
from bench.report.output import Output
from bench.report.pair.in_short import pair_summary
from bench.report.select_runs import Evaluated, evaluated, pair_of
from bench.report.write import write_changes, write_report

SLOW = (control(), command("quick", ratio=1.3))


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their places."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def plans(number: int) -> RunPlan:
    """One of many pairs, some of them slower."""
    day = f"2026-{1 + number // 28:02}-{1 + number % 28:02}"
    return RunPlan(
        SLOW if number % 3 == 0 else SMALL,
        head=f"2.{number}",
        run_id=f"{day.replace('-', '')}T000000Z-0001",
        started_at=f"{day}T00:00:00+00:00",
    )


def test_one_run_at_a_time_leaves_the_bytes_of_a_whole_report(workspace: Workspace) -> None:
    write_calibration(workspace, RunPlan(SMALL, run_id="20260101T000000Z-0001"))
    damaged = write_run(workspace, RunPlan(SMALL, target="lost"))
    (damaged / "rounds.jsonl").write_text("{\n")
    steps = [
        plans(1),
        plans(3),
        replace(plans(1), python="3.12"),
        replace(plans(1), run_id="20270101T000000Z-0002", started_at="2027-01-01T00:00:00+00:00"),
        replace(plans(2), target="other", layer="boundary"),
    ]
    for plan in steps:
        write_run(workspace, plan)
        write_changes(workspace)
    step_by_step = contents(workspace.results)
    shutil.rmtree(workspace.results)
    write_report(workspace)
    assert contents(workspace.results) == step_by_step
    assert "sample/1.0..2.1/summary.json" in step_by_step


def test_a_run_touches_its_pair_and_the_index(workspace: Workspace) -> None:
    for number in (1, 2):
        write_run(workspace, plans(number))
    write_report(workspace)
    page = workspace.results / "sample" / "1.0..2.1" / "README.md"
    page.write_text("<!-- made from data/ by python -m bench report: -->as it was")
    write_run(workspace, plans(3))
    written = write_changes(workspace)
    assert not written.problems
    assert page.read_text().endswith("as it was")
    assert "[sample 1.0 → 2.3](sample/1.0..2.3/README.md)" in index_of(workspace)
    assert "[sample 1.0 → 2.1](sample/1.0..2.1/README.md)" in index_of(workspace)


def test_a_pair_whose_data_or_summary_changed_is_made_anew(workspace: Workspace) -> None:
    folder = write_run(workspace, plans(1))
    write_run(workspace, plans(2))
    write_report(workspace)
    whole = contents(workspace.results)
    summary = workspace.results / "sample" / "1.0..2.2" / "summary.json"
    summary.write_text(summary.read_text().replace('"faster": "1 of 1', '"faster": "9 of 9'))
    write_changes(workspace)
    assert contents(workspace.results) == whole
    shutil.rmtree(folder)
    write_changes(workspace)
    assert not (workspace.results / "sample" / "1.0..2.1").exists()
    assert "2.1" not in index_of(workspace)


def test_a_later_calibration_leaves_pages_alone_that_have_an_earlier_one(
    workspace: Workspace,
) -> None:
    write_calibration(workspace, RunPlan(SMALL, run_id="20260101T000000Z-0001"))
    write_run(workspace, plans(5))
    write_report(workspace)
    pages = workspace.results / "sample"
    before = {file: file.stat().st_mtime_ns for file in pages.rglob("*")}
    write_calibration(workspace, RunPlan(SMALL, run_id="20280101T000000Z-0001"))
    write_changes(workspace)
    assert {file: file.stat().st_mtime_ns for file in pages.rglob("*")} == before


def test_processes_make_the_same_pages(workspace: Workspace) -> None:
    for number in range(jobs._FEWEST_FOR_PROCESSES):
        write_run(workspace, plans(number))
    assert not write_report(workspace).problems
    together = contents(workspace.results)
    shutil.rmtree(workspace.results)
    for number in range(3):  # so that the rest is too little for processes
        shutil.copytree(workspace.data / "sample" / f"1.0..2.{number}",
                        workspace.root / f"aside-{number}")  # fmt: skip
        shutil.rmtree(workspace.data / "sample" / f"1.0..2.{number}")
    write_changes(workspace)
    for number in range(3):
        shutil.copytree(workspace.root / f"aside-{number}",
                        workspace.data / "sample" / f"1.0..2.{number}")  # fmt: skip
    write_changes(workspace)
    assert contents(workspace.results) == together


def write_many(workspace: Workspace, made: Sequence[Evaluated], count: int) -> None:
    """The index of many pairs, made from two that are named otherwise again and again."""
    slow, fast = made
    summaries = []
    for number in range(count):
        plan = plans(number)
        one = pair_summary(pair_of([fast if number % 3 else slow]), ())
        head = msgspec.structs.replace(one.pair.head, identity=plan.head, name=plan.head)
        pair = msgspec.structs.replace(one.pair, head=head)
        summaries.append(msgspec.structs.replace(one, pair=pair, newest=plan.started_at))
    write_index(Indexed(pairs=summaries), Output(workspace.results, workspace.data))


def test_the_index_of_many_pairs_has_the_newest_and_leads_to_all(workspace: Workspace) -> None:
    made = [evaluated(write_run(workspace, plans(number))) for number in (0, 1)]
    write_many(workspace, made, 250)
    index = index_of(workspace)
    bad, newest = index.split("## sample (core engine)")
    assert "## What broke or got slower" in bad
    assert bad.count("](sample/1.0..") == 10
    assert newest.count("](sample/1.0..") == 20
    assert cells(newest, "[sample")[1] == "2026-09-26"
    assert "[All 250 pairs of sample](sample/README.md), measured 2026-01-01 to 2026-09-26; 84" in (
        newest
    )
    pages = {
        name: (workspace.results / "sample" / name).read_text(encoding="utf-8")
        for name in ("README.md", "pairs-1.md")
    }
    assert [page.count("](../sample/1.0..") for page in pages.values()] == [150, 100]
    assert "1.0..2.99/" in pages["pairs-1.md"]
    assert "1.0..2.100/" in pages["README.md"]
    write_many(workspace, made, 260)
    assert (workspace.results / "sample" / "pairs-1.md").read_text(encoding="utf-8") == (
        pages["pairs-1.md"]
    )


def test_the_first_page_is_one_screen_and_answers(workspace: Workspace) -> None:
    write_calibration(workspace, RunPlan(SMALL, run_id="20260101T000000Z-0001"))
    for number in range(1, 8):
        write_run(workspace, plans(number))
    add_counters(write_run(workspace, replace(plans(8), python="3.12")), ["quick"])
    write_run(workspace, replace(plans(9), target="other"))
    write_report(workspace)
    page = unglued((workspace.results / "README.md").read_text(encoding="utf-8"))
    assert len(page.splitlines()) <= MOST_LINES
    row = cells(page, "[sample")
    assert row[0] == "[sample 1.0 → 2.8](sample/1.0..2.8/README.md)"
    assert row[1:4] == ["3.12", "1 of 1 (2.00x)", "–"]  # on which Python, what, by how much
    assert "loaded" in row[4] or "quiet" in row[4]
    assert "Why sample changed: `quick`: modules imported 300 → 260" in page
    assert "1.0 → 2.6](sample/1.0..2.6/README.md): **1 of 1 (1.30x)**" in page
    assert "(all.md)" in page
    assert "(calibration/README.md)" in page
    assert "[sample 1.0 → 2.1](sample/1.0..2.1/README.md)" in index_of(workspace)
