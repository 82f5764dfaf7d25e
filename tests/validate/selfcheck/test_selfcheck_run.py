"""A tiny self-check from start to end: no assertion on times, the machine may be busy."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from bench.cli.selfcheck import settings_for
from bench.core.options import Options
from bench.core.workspace import Workspace, find_workspace
from bench.report.screen.watchers import LineWatcher
from bench.validate.engine_runs import AA
from bench.validate.selfcheck.lanes import numbers_of_lanes
from bench.validate.selfcheck.load import busy
from bench.validate.selfcheck.record import (
    BIAS,
    GROWING,
    LOADED,
    POWER,
    QUIET,
    SelfCheck,
    newest_checks,
)
from bench.validate.selfcheck.selfcheck import SelfCheckSession
from bench.validate.selfcheck.settings import QUICK, SelfCheckSettings

TINY = dataclasses.replace(
    QUICK,
    runs=1,
    process_s=0.02,
    block_samples=8,
    block_s=0.1,
    calibration_rounds=6,
    growing_samples=2,
    design_rounds=2,
    lane_rounds=2,
    load_per_cpu=1,
    bias_rounds=2,
    part_s=0.5,
    budget_s=0.5,
)
needs_pinning = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="duets need pinning"
)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in ("data", "results", "cache"):
        monkeypatch.setenv(f"BENCH_{name.upper()}", str(tmp_path / name))
    return find_workspace()


def kept(workspace: Workspace) -> SelfCheck:
    (check,) = newest_checks(workspace.data)
    assert isinstance(check, SelfCheck)
    return check


@needs_pinning
def test_a_tiny_selfcheck_leaves_its_data(workspace: Workspace) -> None:
    check = SelfCheckSession(TINY, workspace, LineWatcher()).run()
    assert msgspec.structs.replace(kept(workspace), interpreter=check.interpreter) == check
    assert check.complete
    assert {run.phase for run in check.engine} == {AA, POWER}
    assert all(0 < run.inside_s < run.elapsed_s for run in check.engine)
    assert {one.phase for one in check.blocks} == {AA, POWER, GROWING}
    assert {QUIET, LOADED, BIAS} <= {one.phase for one in check.series}
    assert len(check.probes) == 12
    assert {one.lanes for one in check.lanes} == set(numbers_of_lanes(len(os.sched_getaffinity(0))))
    assert {len(one.base_cpu_s) for one in check.lanes} == {2}
    assert check.failures == []
    assert list(workspace.scratch.iterdir()) == []


def test_an_interruption_keeps_what_was_measured(workspace: Workspace) -> None:
    class Impatient(LineWatcher):
        def say(self, text: str) -> None:
            if "probing" in text:
                raise KeyboardInterrupt

    check = SelfCheckSession(TINY, workspace, Impatient()).run()
    assert not check.complete
    assert check.calibration is not None
    assert kept(workspace).stopped == "interrupted"


def test_a_failure_keeps_what_was_measured_and_is_raised(workspace: Workspace) -> None:
    class Broken(LineWatcher):
        def say(self, text: str) -> None:
            if "probing" in text:
                raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        SelfCheckSession(TINY, workspace, Broken()).run()
    assert kept(workspace).stopped == "failed: no more"


def children() -> int:
    return len(psutil.Process().children())


def test_load_stops_with_its_block() -> None:
    def interrupted() -> None:
        with busy(Path(sys.executable), 2, at_most_s=30):
            seen.append(children())
            raise KeyError

    seen = [children()]
    with pytest.raises(KeyError):
        interrupted()
    assert [*seen, children()] == [seen[0], seen[0] + 2, seen[0]]


def test_load_ends_by_itself() -> None:
    before = set(psutil.Process().children())
    with busy(Path(sys.executable), 1, at_most_s=0.2):
        (process,) = set(psutil.Process().children()) - before
        deadline = time.monotonic() + 20
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.status() == psutil.STATUS_ZOMBIE


def test_the_command_line_decides_on_runs_and_quick_ones_have_few() -> None:
    assert settings_for(7, quick=False) == SelfCheckSettings(runs=7)
    assert settings_for(40, quick=True) == QUICK
    assert settings_for(1, quick=True).runs == 1


def test_late_parts_take_time_from_the_aa_runs_but_not_all() -> None:
    settings = SelfCheckSettings(runs=40, run_s=10.0, before_aa_s=280.0)
    assert settings.aa_s(200.0) == 400.0
    assert settings.aa_s(330.0) == 350.0
    assert settings.aa_s(1000.0) == 200.0


def test_only_the_budget_differs_from_the_engines_own_options() -> None:
    assert SelfCheckSettings().options == Options()
    assert msgspec.structs.replace(QUICK.options, budget_s=Options().budget_s) == Options()
