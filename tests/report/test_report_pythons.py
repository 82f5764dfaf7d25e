"""Where the effect of a change is not the same on all Pythons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.synthetic_runs import RunPlan, command, control, workspace_in, write_run

from bench.report.write import write_report


def page_with(tmp_path: Path, ratio_on_older: float, rounds: int = 40) -> str:
    workspace = replace(
        workspace_in(tmp_path), data=tmp_path / "data", results=tmp_path / "results"
    )
    for python, ratio, count in (("3.12", ratio_on_older, rounds), ("3.13", 0.7, 40)):
        made = (control(), command("import-re", ratio=ratio, rounds=count), command("same"))
        write_run(workspace, RunPlan(made, python=python))
    write_report(workspace)
    return (workspace.results / "sample" / "1.0..2.0" / "README.md").read_text(encoding="utf-8")


def test_an_effect_on_one_python_only_is_named(tmp_path: Path) -> None:
    page = page_with(tmp_path, ratio_on_older=1.0)
    line = next(line for line in page.splitlines() if "differs between Pythons" in line)
    assert "`import-re`" in line
    assert "`same`" not in line


def test_the_same_effect_is_not_told_of(tmp_path: Path) -> None:
    assert "differs between Pythons" not in page_with(tmp_path, ratio_on_older=0.7)


def test_an_undecided_effect_differs_from_none(tmp_path: Path) -> None:
    page = page_with(tmp_path, ratio_on_older=0.4, rounds=3)
    assert "3.12: undecided" in page
    assert "differs between Pythons" not in page
