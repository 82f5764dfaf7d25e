"""`calibrate` from the command line to the figures beside a verdict, with real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pyperf
import pytest
from support.bare import OPEN
from support.sandbox import PYTHON, Sandbox, target_text

from bench.engine.environments.interpreters import find_interpreter
from bench.engine.machine.fingerprint import describe_machine
from bench.report.screen.watchers import LineWatcher
from bench.validate.calibration.lookup import read_calibrations
from bench.validate.calibration.reference import (
    BENCHMARKS,
    ReferenceSpeed,
    measure_reference,
    read_references,
)

SHORT = ("--no-reference", "--seconds", "0.2")


def test_a_calibrated_machine_shows_what_is_detectable_beside_the_next_verdict(
    sandbox: Sandbox,
) -> None:
    done = sandbox.bench("calibrate", "sample", "--repo", sandbox.repository, *SHORT, status=0)
    assert "against itself" in done.stdout
    (calibration,) = read_calibrations(sandbox.workspace.data, "sample")
    manifest = calibration.run.manifest
    assert manifest.pair.is_same
    assert manifest.base.key != manifest.head.key  # two environments of one revision
    assert set(calibration.results) == {"python-startup", "work"}
    assert calibration.run.closed is not None
    document = sandbox.results("v1.0.0..v1.1.0")
    assert document["calibration"]["run"] == manifest.run_id
    page = sandbox.workspace.results / "calibration" / "README.md"
    assert "work" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_interrupted_calibration_goes_on(sandbox: Sandbox) -> None:
    arguments = ("calibrate", "sample", "--repo", sandbox.repository, *SHORT)
    sandbox.bench(*arguments, status=0)
    (first,) = read_calibrations(sandbox.workspace.data, "sample")
    file = first.run.folder / "rounds.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = next(n for n, line in enumerate(lines) if '"python-startup"' in line and "ended" in line)
    file.write_text("".join(lines[: cut + 1]) + lines[cut + 2][:20], encoding="utf-8")
    sandbox.bench(*arguments, status=0)
    (again,) = read_calibrations(sandbox.workspace.data, "sample")
    assert again.run.manifest.run_id == first.run.manifest.run_id
    assert again.run.closed is not None
    assert "work" in again.results


def test_what_fails_is_named_and_the_rest_is_calibrated(sandbox: Sandbox) -> None:
    broken = 'name = "broken"\ncommand = ["python", "-c", "raise SystemExit(3)"]'
    sandbox.write_target(target_text('name = "work"\ncommand = ["sample", "work"]', broken))
    done = sandbox.bench("calibrate", "sample", "--repo", sandbox.repository, *SHORT, status=0)
    assert "broken: not calibrated: exit status 3" in done.stdout


def test_an_unknown_target_and_a_target_without_a_range(sandbox: Sandbox) -> None:
    assert "nothing-such" in sandbox.bench("calibrate", "nothing-such", status=2).stderr


def test_the_reference_speed_is_kept_as_pyperf_files(sandbox: Sandbox) -> None:
    interpreter = find_interpreter(PYTHON)
    folder = measure_reference(
        [interpreter], describe_machine(), OPEN, sandbox.workspace, LineWatcher(),
        names=("json_loads",), passes=2,
    )  # fmt: skip
    suite = pyperf.BenchmarkSuite.load(str(folder / f"py{PYTHON}.json"))
    assert suite.get_benchmark_names() == ["json_loads"]
    assert suite.get_benchmark("json_loads").get_nrun() > 4
    (found,) = read_references(sandbox.workspace.data)
    assert isinstance(found, ReferenceSpeed)
    assert (found.python, found.machine) == (PYTHON, describe_machine().name)
    assert set(BENCHMARKS) >= {"json_loads"}
    assert json.loads((folder / f"py{PYTHON}.json").read_text(encoding="utf-8"))
    assert not list(Path(sandbox.workspace.scratch).glob("reference-*"))
