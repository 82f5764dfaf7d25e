"""What a user can cause ends in a clear sentence with the remedy, and never in "a bug in bench"."""

from __future__ import annotations

import ast
import dataclasses
import errno
import importlib
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.cli.main import main

RANGE = "v1.0.0..v1.1.0"


def with_variables(sandbox: Sandbox, **variables: str) -> Sandbox:
    return dataclasses.replace(sandbox, extra=variables)


def test_target_files_that_are_none(sandbox: Sandbox) -> None:
    targets = sandbox.workspace.targets
    (targets / "folder.toml").mkdir()
    (targets / "loop.toml").symlink_to("loop.toml")
    for name, words in (("folder", "Is a directory"), ("loop", "Too many levels")):
        done = sandbox.bench("run", name, status=2)
        assert f"{targets}/{name}.toml cannot be read: {words}" in done.stderr


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EISDIR, errno.ELOOP])
def test_files_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr("bench.cli.targets.run", fails)
    assert main(["targets"]) == 2
    told = capsys.readouterr().err
    assert f"/some/file cannot be used: {os.strerror(number)}.\n" in told
    assert "owner and rights" in told


def test_a_package_that_came_with_an_update(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        importlib.import_module("package_of_tomorrow.part")

    monkeypatch.setattr("bench.cli.targets.run", fails)
    assert main(["targets"]) == 2
    assert capsys.readouterr().err == (
        "bench: package_of_tomorrow is not installed, which this version of bench needs.\n"
        "`.venv/bin/uv sync --frozen` brings it.\n"
    )


def test_faults_of_a_projects_own_text_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def reads(*_: object) -> int:
        ast.parse("pattern = '\\['")
        return 0

    monkeypatch.setattr("bench.cli.targets.run", reads)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert main(["targets"]) == 0
    assert not told


@pytest.mark.parametrize("place", ["DATA", "RESULTS"])
def test_data_that_is_no_folder(sandbox: Sandbox, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    odd = with_variables(sandbox, **{f"BENCH_{place}": str(tmp_path / "file")})
    done = odd.bench("report", status=2)
    assert "is no folder that you may read" in done.stderr
    assert f"BENCH_{place}" in done.stderr


def test_results_that_cannot_be_written(sandbox: Sandbox) -> None:
    odd = with_variables(sandbox, BENCH_RESULTS="/proc/nowhere")
    done = odd.bench("run", "sample", RANGE, "--repo", sandbox.repository, "--rounds", "2",
                     "--no-counters", "--budget", "0.5", status=2)  # fmt: skip
    assert "/proc/nowhere" in done.stderr
    assert "choose another place" in done.stderr


def test_no_git(sandbox: Sandbox) -> None:
    done = with_variables(sandbox, PATH="/nowhere").bench("run", "sample", RANGE, status=2)
    assert "git is not installed" in done.stderr


def test_missing_tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "frobnicate")

    monkeypatch.setattr("bench.cli.targets.run", fails)
    assert main(["targets"]) == 2
    assert "frobnicate is not installed, or not on PATH" in capsys.readouterr().err


def test_home_that_cannot_be_written(own_cache: Sandbox) -> None:
    odd = with_variables(own_cache, HOME="/proc/nowhere", UV_CACHE_DIR="", XDG_CACHE_HOME="")
    done = odd.bench("run", "sample", RANGE, "--repo", own_cache.repository, status=2)
    assert "uv cannot write where it keeps packages" in done.stderr
    assert "Set HOME" in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"MPLBACKEND": "bogus"}, {"COLUMNS": "many"}, {"TZ": "No/Where"}, {"TERM": "bogus"},
        {"PYTHONIOENCODING": "ascii"}, {"LANG": "xx_YY.nothing"}, {"HOME": "/proc/nowhere"},
    ],
    ids=str,
)  # fmt: skip
def test_odd_variables(sandbox: Sandbox, variables: dict[str, str]) -> None:
    done = with_variables(sandbox, **variables).bench("report", status=4)
    assert "There are no runs" in done.stderr


def test_empty_variable_is_none(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    done = with_variables(sandbox, BENCH_CACHE="").bench("targets", cwd=tmp_path / "cwd", status=0)
    assert "sample" in done.stdout
    assert not list((tmp_path / "cwd").iterdir())


def test_output_that_cannot_encode_everything(sandbox: Sandbox) -> None:
    ascii_only = with_variables(sandbox, PYTHONIOENCODING="ascii")
    done = ascii_only.bench("run", "sample", RANGE, "--repo", sandbox.repository, "--dry-run",
                            status=0)  # fmt: skip
    assert "at alpha = 0.05" in done.stderr


def test_range_behind_options(sandbox: Sandbox) -> None:
    done = sandbox.bench("run", "sample", "--repo", sandbox.repository, "--dry-run", RANGE,
                         status=0)  # fmt: skip
    assert "  First\n" in done.stderr
    wrong = sandbox.bench("run", "sample", RANGE, "--dry-run", "more", status=2)
    assert "unrecognized arguments: more" in wrong.stderr


def test_uncommitted_changes_of_a_clone_are_said_once(sandbox: Sandbox, tmp_path: Path) -> None:
    shutil.copytree(sandbox.repository, tmp_path / "mine")
    command = ("run", "sample", RANGE, "--repo", tmp_path / "mine", "--dry-run")
    said = "its uncommitted changes are not measured"
    (tmp_path / "mine" / "notes.txt").touch()
    assert said not in sandbox.bench(*command, status=0).stderr
    file = Path(subprocess.check_output(["git", "-C", tmp_path / "mine", "ls-files"], text=True)
                .splitlines()[0])  # fmt: skip
    (tmp_path / "mine" / file).write_text("changed")
    told = " ".join(sandbox.bench(*command, status=0).stderr.split())
    assert told.count(said) == 1


def test_tags_with_a_prefix(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of several packages in one repository, those of the range's ends or of the project count."""
    made = Repository.create(tmp_path / "several")
    for version in ("1.0", "1.1", "1.2"):
        made.commit(sample_files(version), version, tag=f"sample-project-{version}")
        made.git("tag", f"other-{version}5")
    sandbox.write_target(target_text())
    for revisions in ("sample-project-1.0..sample-project-1.2", "main~2..main"):
        done = sandbox.bench("run", "sample", revisions, "--repo", made.path, "--tags",
                             "--dry-run", status=0)  # fmt: skip
        assert "sample-project-1.1" in done.stderr
        assert "other-" not in done.stderr
