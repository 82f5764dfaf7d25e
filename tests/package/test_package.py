"""The installed command: its wheel, in an empty environment, in a project of somebody else's."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.package import slower_project
from support.sandbox import ROOT

from bench.core.program import VERSION
from bench.core.workspace import find_workspace


def environ() -> dict[str, str]:
    """Without what leads the command of these tests elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BENCH_", "PYTHON"))}
    return {key: value for key, value in kept.items() if key != "VIRTUAL_ENV"}


def tracked() -> Iterator[str]:
    """The files of `bench/` that git knows, or is about to."""
    words = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "bench", "duetbench"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True)
    yield from (one for one in listed.stdout.splitlines() if (ROOT / one).exists())


def test_the_wheel_holds_every_file_below_one_name(wheel: Path) -> None:
    held = {one for one in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in one}
    assert {one.partition("/")[0] for one in held} == {"duetbench"}  # `bench` clashes with no one
    own = {f"duetbench/harness/{one}" if one.startswith("bench/") else one for one in tracked()}
    assert held == own
    assert f"-{VERSION}-" in wheel.name


def test_the_extra_is_what_the_sessions_of_these_names_install() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = declared["dependency-groups"]
    extra = declared["project"]["optional-dependencies"]["all"]
    named = ("profile", "rank", "calibrate", "site")
    assert sorted(extra) == sorted(one for name in named for one in groups[name])


@pytest.mark.network
def test_it_is_called_from_anywhere_in_a_project(installed: Path, tmp_path: Path) -> None:
    """What it measures there, `test_action.py` has."""
    project = slower_project(tmp_path / "project")
    inside = project.path / "sample"
    # A folder of this name is common; the command is not led astray by it.
    (inside / "bench").mkdir()
    (inside / "bench" / "__init__.py").write_text("raise SystemExit('not this one')\n")
    words = [str(installed), "run", "..", "v1.0.0..v1.1.0", "--dry-run", "--json"]
    done = subprocess.run(
        words, cwd=inside, env=environ(), capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "import-sample" in json.loads(done.stdout)["benchmarks"]
    kept = project.path / ".bench"
    assert {one.name for one in kept.iterdir()} == {".gitignore", "cache"}
    assert project.git("status", "--porcelain") == "?? sample/bench/"


def test_help_names_the_command(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(installed), "run", "--help"], cwd=tmp_path, env=environ(), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("usage: duetbench run")
    assert "python -m bench" not in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_checkout_keeps_what_it_measures_at_its_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DATA", "RESULTS", "TARGETS", "SUITES", "REPOS", "CACHE"):
        monkeypatch.delenv(f"BENCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    workspace = find_workspace()
    assert workspace.data == ROOT / "data"
    assert workspace.cache == ROOT / ".bench"
