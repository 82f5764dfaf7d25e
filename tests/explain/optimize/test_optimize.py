"""`bench optimize` from a repository to a branch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox

_CLI = """\
import sys

from sample import slow_one


def main():
    if sys.argv[1:] == ["work"]:
        print("done")
        return
    print(slow_one.VALUE)
"""
_SLOW = """\
import time

_TILL = time.thread_time() + 0.06
while time.thread_time() < _TILL:
    pass
VALUE = 1
"""


@pytest.fixture
def importing(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    """A sandbox with a project whose command imports what it does not need."""
    repository = Repository.create(tmp_path / "importing")
    files = sample_files("1.0.0", extra=False)
    files |= {"sample/cli.py": _CLI, "sample/slow_one.py": _SLOW}
    repository.commit(files, "Imports too much", tag="v1")
    git(repository.path, "config", "user.name", "Somebody")
    git(repository.path, "config", "user.email", "somebody@example.org")
    return Sandbox(sandbox.folder, sandbox.cache, repository.path)


def git(folder: Path, *words: str) -> str:
    told = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def test_a_branch_with_a_proved_commit(importing: Sandbox) -> None:
    before = git(importing.repository, "status", "--porcelain", "--branch")
    done = importing.bench(
        "optimize",
        "sample",
        "v1",
        "--repo",
        importing.repository,
        "--python",
        PYTHON,
        "--budget",
        "3",
        status=0,
    )
    print(done.stdout, done.stderr)
    assert git(importing.repository, "status", "--porcelain", "--branch") == before
    short = git(importing.repository, "rev-parse", "v1")[:10]
    message = git(importing.repository, "log", "-1", "--format=%an%n%B", f"perf/optimize-{short}")
    print(message)
    print(git(importing.repository, "log", "-p", "--format=", f"v1..perf/optimize-{short}"))
    assert message.startswith("Somebody\nperf: defer")
