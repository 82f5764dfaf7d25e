"""Badges of targets: of the newest pair of the default range, gone when its data is."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from support.synthetic_runs import SMALL, RunPlan, command, control, write_run

from bench.cli.main import main
from bench.core.errors import ExitStatus
from bench.core.workspace import Workspace
from bench.report.write import write_changes, write_report

TARGET = """
name = "sample"
layer = "core engine"
distribution = "sample"
module = "sample"
default_range = "1.0..2.0"

[[benchmark]]
name = "help"
command = ["sample", "--help"]
"""
SLOW = (control(), command("quick", ratio=1.3))


def test_a_target_has_a_badge_of_its_default_range(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_DATA", str(workspace.data))
    workspace.targets.mkdir(parents=True, exist_ok=True)
    (workspace.targets / "sample.toml").write_text(TARGET)
    first = write_run(workspace, RunPlan(SMALL))
    later = RunPlan(SLOW, run_id="20270101T000000Z-0002", started_at="2027-01-01T00:00:00+00:00")
    write_run(workspace, replace(later, head="3.0"))  # of another range
    write_run(workspace, RunPlan(SMALL, target="undeclared"))
    write_report(workspace)
    (badge,) = (workspace.results / "badges").iterdir()
    assert badge.name == "sample.svg"
    label = ET.fromstring(badge.read_text()).attrib["aria-label"]
    assert label == "sample 1.0 → 2.0: 1 of 1 faster (2.00x)"
    # It is what `export` gives, and the same when only what changed is made.
    exported = tmp_path / "exported.svg"
    words = ["export", "sample", "1.0..2.0", "--format", "badge", "--output", str(exported)]
    assert main(words) == ExitStatus.DONE
    assert exported.read_bytes() == badge.read_bytes()
    write_run(workspace, later)
    write_changes(workspace)
    assert "1 of 1 slower" in badge.read_text()
    again = badge.read_bytes()
    write_report(workspace)
    assert badge.read_bytes() == again
    shutil.rmtree(first.parents[2])
    write_changes(workspace)
    assert not badge.exists()
