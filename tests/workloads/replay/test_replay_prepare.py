"""Getting a project ready, with stand-ins for several versions of codeflash's instrumenter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.replaying import ANSWERS, Replay, replaying
from support.sandbox import ROOT

from bench.workloads.fixtures.catalogue import prepare_fixture

PREPARE = ROOT / "bench" / "workloads" / "replay" / "prepare.py"
MODELS = """
import enum
from dataclasses import dataclass
class TestingMode(enum.Enum):
    BEHAVIOR = "behavior"
    PERFORMANCE = "performance"
@dataclass
class CodePosition:
    line_no: int
    col_no: int
@dataclass
class FunctionParent:
    name: str
    type: str
"""
FUNCTION = """
from dataclasses import dataclass
from codeflash.models.models import FunctionParent
@dataclass
class FunctionToOptimize:
    function_name: str
    file_path: object
    parents: list
"""
NEW = """
from codeflash.code_utils.code_utils import get_run_tmp_file
def inject_profiling_into_existing_test(
    test_path, call_positions, function_to_optimize, tests_project_root, mode
):
    lines = test_path.read_text().splitlines()
    calls = sum("order_by_height(" in lines[one.line_no - 1] for one in call_positions)
    assert calls == len(call_positions) >= 3
    return True, f"{mode.value} {test_path.stem} {get_run_tmp_file('x').as_posix()} {calls}"
"""
OLD = """
def inject_profiling_into_existing_test(
    test_path, call_positions, function_to_optimize, tests_project_root, test_framework, mode
):
    return True, f"{test_framework} {mode.value}"
"""
REFUSES = """
def inject_profiling_into_existing_test(test_path):
    return False, None
"""
TEMPORARY = """
import os, tempfile
from pathlib import Path
_folder = tempfile.mkdtemp()
def get_run_tmp_file(name):
    return Path(_folder) / name
"""


def install(folder: Path, version: str, instrumenter: str, *, function_in: str) -> Path:
    """A package that looks like codeflash from where we look."""
    files = {
        "version.py": f'__version__ = "{version}"',
        "code_utils/code_utils.py": TEMPORARY,
        "code_utils/instrument_existing_tests.py": instrumenter,
        "models/models.py": MODELS,
        function_in: FUNCTION,
    }
    if function_in == "models/function_types.py":
        files[function_in] = FUNCTION
    for name, text in files.items():
        file = folder / "codeflash" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def prepare(service: Replay, package: Path, home: Path) -> subprocess.CompletedProcess[str]:
    fixture = prepare_fixture("codeflash", home.parent / "cache")
    home.mkdir()
    return subprocess.run(
        [
            *(sys.executable, PREPARE, fixture / "small" / "project", ANSWERS / "small"),
            *(f"http://127.0.0.1:{service.ai}", home / "project"),
        ],
        cwd=home, env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(package)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def generated(service: Replay, version: str) -> dict[str, str]:
    asked = {"codeflash_version": version, "test_index": 1, "test_module_path": "t.f__unit_test_1"}
    status, answer = service.ask("POST", "/ai/testgen", asked)
    assert status == 200, answer
    return dict(answer)


def test_a_project_with_a_remote_and_tests_of_this_version(tmp_path: Path) -> None:
    package = install(tmp_path / "new", "9", NEW, function_in="models/function_types.py")
    with replaying(tmp_path) as service:
        done = prepare(service, package, tmp_path / "home")
        assert done.returncode == 0, done.stderr
        told = generated(service, "9")
    project = tmp_path / "home" / "project"
    git = ["git", "-C", str(project)]
    status = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert not status.stdout
    remote = subprocess.run([*git, "remote"], capture_output=True, text=True, check=True)
    assert remote.stdout == "origin\n"
    assert sorted(one.name for one in (tmp_path / "home").iterdir()) == ["project"]
    mode, module, temporary, calls = told["instrumented_behavior_tests"].split()
    assert (mode, module) == ("behavior", "t.f__unit_test_1")
    assert temporary == "{codeflash_run_tmp_dir_client_side}/x"
    assert int(calls) >= 3
    assert told["instrumented_perf_tests"].split()[:2] == ["performance", "t.f__perf_test_1"]
    assert "def test_many_of_few_heights" in told["generated_tests"]


def test_an_older_version_calls_it_differently(tmp_path: Path) -> None:
    place = "discovery/functions_to_optimize.py"
    package = install(tmp_path / "old", "1", OLD, function_in=place)
    with replaying(tmp_path) as service:
        assert prepare(service, package, tmp_path / "home").returncode == 0
        assert generated(service, "1")["instrumented_perf_tests"] == "pytest performance"


@pytest.mark.parametrize("dead", [False, True])
def test_what_can_not_be_prepared_says_why(tmp_path: Path, *, dead: bool) -> None:
    text = OLD if dead else REFUSES
    package = install(tmp_path / "p", "1", text, function_in="models/function_types.py")
    with replaying(tmp_path) as service:
        if dead:
            service.process.terminate()
            service.process.wait()
        done = prepare(service, package, tmp_path / "home")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert ("does not answer" if dead else "does not instrument the tests") in last
    assert "Traceback" not in done.stderr
