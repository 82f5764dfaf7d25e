"""Where the effect of a change is not the same on all Pythons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.synthetic_runs import RunPlan, command, control, workspace_in, write_run

from bench.report.write import write_report


def page_with(tmp_path: Path, ratio_on_older: float) -> str:
    workspace = replace(
        workspace_in(tmp_path), data=tmp_path / "data", results=tmp_path / "results"
    )
    for python, ratio in (("3.12", ratio_on_older), ("3.13", 0.7)):
        made = (control(), command("import-re", ratio=ratio, rounds=40), command("same"))
        write_run(workspace, RunPlan(made, python=python))
    write_report(workspace)
    return (workspace.results / "sample" / "1.0..2.0" / "README.md").read_text(encoding="utf-8")


def test_an_effect_on_one_python_only_is_named(tmp_path: Path) -> None:
    page = page_with(tmp_path, ratio_on_older=1.0)
    line = next(line for line in page.splitlines() if line.startswith("- `import-re`:"))
    assert "on Python 3.12 and 1.4" in line
    assert "on Python 3.13" in line
    assert "- `same`:" not in page


def test_the_same_effect_is_said_to_be_the_same(tmp_path: Path) -> None:
    assert "No effect differs between Pythons" in page_with(tmp_path, ratio_on_older=0.7)
