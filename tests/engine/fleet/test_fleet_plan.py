"""Who measures which block, what is missing, and what hosts say together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.synthetic_runs import RunPlan, command, control, workspace_in, write_run

from bench.core.errors import DataError, UsageError
from bench.core.options import Options
from bench.core.revision import Pair, Revision, Source
from bench.core.workspace import Workspace
from bench.engine.fleet.plan import plan_fleet
from bench.engine.fleet.record import (
    Fleet,
    finished_blocks,
    fleet_file,
    missing_blocks,
    read_fleets,
    write_fleet,
)
from bench.report.write import write_report

PAIR = Pair(
    Revision(source=Source.PYPI, name="1.0", identity="1.0", date="2026-01-02T03:04:05Z"),
    Revision(source=Source.PYPI, name="2.0", identity="2.0", date="2026-01-02T03:04:05Z"),
    "releases",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return replace(workspace_in(tmp_path), data=tmp_path / "data", results=tmp_path / "results")


def plan(
    workspace: Workspace, *hosts: str, blocks: int | None = None, words: tuple[str, ...] = ()
) -> Fleet:
    fleet = plan_fleet(workspace.data, "sample", PAIR, ["3.12", "3.13"], hosts, blocks, words)
    write_fleet(workspace.data, fleet)
    return fleet


def measured(workspace: Workspace, fleet: Fleet, index: int, *, complete: bool = True) -> None:
    block = fleet.blocks[index]
    write_run(
        workspace,
        RunPlan(
            python=block.python,
            machine=block.host,
            options=Options(block=fleet.tag(block)),
            complete=complete,
            run_id=f"20261123T064157Z-{index:04d}",
        ),
    )


def test_blocks_go_round_the_hosts_and_every_host_measures_the_same(workspace: Workspace) -> None:
    fleet = plan(workspace, "a", "b", "c")
    assert [block.host for block in fleet.blocks] == ["a", "b", "c"] * 2
    assert [block.python for block in fleet.blocks] == ["3.12"] * 3 + ["3.13"] * 3
    words = fleet.command(fleet.blocks[4])
    assert words[:3] == ("run", "sample", "pypi:1.0..pypi:2.0")
    assert words[words.index("--block") + 1] == f"{fleet.fleet_id}/4"


def test_only_gaps_are_planned_again_and_an_incomplete_run_is_one(workspace: Workspace) -> None:
    fleet = plan(workspace, "a", "b")
    for index in (0, 1, 2):
        measured(workspace, fleet, index)
    measured(workspace, fleet, 3, complete=False)
    assert set(finished_blocks(workspace.data, fleet)) == {0, 1, 2}
    again = plan(workspace, "a", "b")
    assert again == fleet
    assert [block.index for block in missing_blocks(workspace.data, again)] == [3]


def test_blocks_of_a_host_that_is_gone_go_to_the_one_with_least_to_do(workspace: Workspace) -> None:
    fleet = plan(workspace, "a", "b", "c")
    measured(workspace, fleet, 0)
    measured(workspace, fleet, 3)
    again = plan(workspace, "a", "b")
    assert again.fleet_id == fleet.fleet_id
    assert [block.host for block in again.blocks] == ["a", "b", "a", "a", "b", "a"]


def test_a_whole_fleet_other_options_or_more_blocks_begin_a_new_one(workspace: Workspace) -> None:
    fleet = plan(workspace, "a")
    assert plan(workspace, "a", words=("--budget", "9")).fleet_id != fleet.fleet_id
    assert plan(workspace, "a", blocks=2).fleet_id != fleet.fleet_id
    for index in (0, 1):
        measured(workspace, fleet, index)
    assert not missing_blocks(workspace.data, fleet)


def test_no_hosts_and_damaged_manifests_are_told(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="needs hosts"):
        plan(workspace)
    fleet = plan(workspace, "a")
    file = fleet_file(workspace.data, fleet)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        list(read_fleets(workspace.data, "sample", PAIR))
    file.write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(DataError, match=r"newer version|damaged"):
        list(read_fleets(workspace.data, "sample", PAIR))


def hosts_page(workspace: Workspace, *ratios: float, models: tuple[str, ...] = ("cpu",) * 9) -> str:
    for number, ratio in enumerate(ratios):
        made = (control(), command("quick", ratio=ratio, rounds=40))
        write_run(workspace, RunPlan(made, machine=f"box-{number}", cpu_model=models[number]))
    write_report(workspace)
    page = workspace.results / "sample" / "1.0..2.0" / "README.md"
    return page.read_text(encoding="utf-8").split("Across hosts", 1)[1].split("\n## ")[0]


def test_hosts_that_agree_are_combined(workspace: Workspace) -> None:
    section = hosts_page(workspace, 0.9, 0.9, 0.9)
    row = next(line for line in section.splitlines() if line.startswith("| quick"))
    assert row.count("−10.0%") == 4
    assert "none beyond their own errors" in row
    assert " ms" not in section  # never absolute times


def test_hosts_that_disagree_widen_what_is_said_together(workspace: Workspace) -> None:
    section = hosts_page(workspace, 0.95, 0.85, 0.9)
    row = next(line for line in section.splitlines() if line.startswith("| quick"))
    assert "I² " in row
    assert "none beyond" not in row


def test_different_cpu_models_are_not_combined(workspace: Workspace) -> None:
    section = hosts_page(workspace, 0.9, 0.9, models=("one", "other"))
    assert "not combined" in section
    assert next(line for line in section.splitlines() if line.startswith("| quick")).count("–") == 2
