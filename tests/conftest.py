"""Fixtures of all tests that need a project to measure: `sandbox` above all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Hundreds of processes import the harness here: without bytecode most of their time goes into that.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# After the path is set: `pytest` alone, unlike `python -m pytest`, does not know the project.
from support.index import PackageServer  # noqa: E402
from support.package import build_wheel, install  # noqa: E402
from support.sample_project import make_repository  # noqa: E402
from support.sandbox import PYTHON, Sandbox, target_text  # noqa: E402
from support.synthetic_runs import workspace_in  # noqa: E402

from bench.core.errors import UsageError  # noqa: E402
from bench.core.lock import exclusive  # noqa: E402
from bench.core.workspace import Workspace  # noqa: E402
from bench.engine.environments.interpreters import Interpreter, find_interpreter  # noqa: E402


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder all workers of this session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def repository(shared: Path) -> Path:
    """The sample project's repository, for reading only; made once for all workers."""
    path = shared / "sample-project"
    with exclusive(shared / "repository.lock", wait=True):
        if not path.is_dir():
            make_repository(shared / "half").path.rename(path)
    return path


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this checkout, built once for all workers."""
    return build_wheel(shared)


@pytest.fixture(scope="session")
def installed(shared: Path, wheel: Path) -> Path:
    """The command `duetbench` in an environment of its own; made once for all workers."""
    return install(shared, wheel)


@pytest.fixture
def sandbox(tmp_path: Path, shared: Path, repository: Path) -> Sandbox:
    """A workspace with the sample target; environments built in it are shared between tests."""
    made = Sandbox(tmp_path / "workspace", shared / "cache", repository)
    made.write_target(target_text())
    return made


@pytest.fixture
def own_cache(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """The same with a cache of its own, for tests that do something to it."""
    return Sandbox(sandbox.folder, tmp_path / "cache", sandbox.repository)


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The Python that runs the tests, as the harness finds it."""
    return find_interpreter(PYTHON, fetch=False)


@pytest.fixture(scope="session")
def other_interpreter() -> Interpreter:
    """A second Python; the test is skipped where there is none."""
    for version in ("3.12", "3.13", "3.11", "3.14"):
        if version != PYTHON:
            try:
                return find_interpreter(version, fetch=False)
            except UsageError:
                continue
    pytest.skip("no second Python on this machine")


@pytest.fixture
def package_server(tmp_path: Path) -> Iterator[PackageServer]:
    """A package index on the loopback interface."""
    with PackageServer.serving(tmp_path / "index") as server:
        yield server


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace for synthetic runs, whatever the caller's variables say."""
    for name in ("DATA", "RESULTS", "TARGETS", "SUITES", "REPOS", "CACHE"):
        monkeypatch.delenv(f"BENCH_{name}", raising=False)
    return workspace_in(tmp_path)
