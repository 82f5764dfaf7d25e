"""`bench optimize` from a repository to a branch and its page, and what it answers to bad input."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox, target_text

from bench.core.errors import ExitStatus

_CLI = """\
import sys

from sample import slow_one


def main():
    if sys.argv[1:] == ["work"]:
        print("done")
        return
    if sys.argv[1:] == ["fail"]:
        sys.exit("no such luck")
    print(slow_one.VALUE)
"""
_SLOW = """\
import time

_TILL = time.thread_time() + 0.1
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


def optimize(
    sandbox: Sandbox, *words: str, revision: str = "v1", status: int = 0
) -> subprocess.CompletedProcess[str]:
    return sandbox.bench(
        "optimize", "sample", revision, "--repo", sandbox.repository, "--python", PYTHON,
        "--budget", "10", *words, status=status,
    )  # fmt: skip


def test_from_a_revision_to_a_branch_and_a_page(importing: Sandbox) -> None:
    clone = importing.repository
    before = git(clone, "status", "--porcelain", "--branch")
    done = optimize(importing, "--branch", "perf/all")
    assert git(clone, "status", "--porcelain", "--branch") == before
    message = git(clone, "log", "-1", "--format=%an|%P%n%B", "perf/all").splitlines()
    assert message[0] == f"Somebody|{git(clone, 'rev-parse', 'v1')}"
    assert message[1].startswith("perf: defer sample.slow_one")
    assert any("faster" in line and "work" in line for line in message)
    assert not any("declares no tests" in line for line in message)  # among the proofs
    changed = git(clone, "show", "perf/all:sample/cli.py").splitlines()
    assert "from sample import slow_one" not in changed
    assert "    from sample import slow_one" in changed
    assert "kept: work" in done.stderr
    assert "1 commit on perf/all" in done.stdout
    page = importing.workspace.results / "optimize" / "sample"
    assert "defer sample.slow_one" in next(page.glob("*.md")).read_text(encoding="utf-8")
    again = optimize(importing, "--branch", "perf/all", "--no-report")
    assert "nothing is done again" in again.stderr
    other = optimize(importing, "--branch", "perf/all", "--least", "2%", status=ExitStatus.USAGE)
    assert "it is not overwritten" in other.stderr


def test_a_project_where_nothing_is_worth_it(importing: Sandbox) -> None:
    (importing.repository / "sample" / "slow_one.py").write_text("VALUE = 1\n")
    git(importing.repository, "commit", "-q", "-a", "-m", "Fast")
    done = optimize(importing, "--least", "40%", revision="HEAD", status=ExitStatus.NOTHING_FOUND)
    assert "Nothing worth 40% of a scenario" in done.stdout
    assert git(importing.repository, "branch", "--list", "perf/*") == ""


def test_what_is_not_committed_is_not_left_out_in_silence(importing: Sandbox) -> None:
    (importing.repository / "sample" / "cli.py").write_text("oops")
    said = optimize(importing, status=ExitStatus.USAGE).stderr
    assert "not committed" in said
    assert "stash" in said


@pytest.mark.parametrize(
    ("words", "revision", "said"),
    [
        (("--scenario", "nothing"), "v1", "--scenario nothing matches nothing"),
        (("--recipe", "nothing"), "v1", "no recipe 'nothing'"),
        ((), "nothing", "Unknown revision 'nothing'"),
        ((), "v1..v1", "is a range"),
        (("--branch", "a..b"), "v1", "no name for a branch"),
        (("--branch", "main"), "v1", "checked out"),
    ],
)
def test_what_means_nothing_is_named(
    importing: Sandbox, words: tuple[str, ...], revision: str, said: str
) -> None:
    assert said in optimize(importing, *words, revision=revision, status=ExitStatus.USAGE).stderr


def test_scenarios_that_say_nothing_are_named(importing: Sandbox) -> None:
    importing.write_target(
        target_text(
            'name = "bad"\ncommand = ["sample", "fail"]',
            'name = "foreign"\ncommand = ["python", "-c", "import json"]',
        )
    )
    done = optimize(importing, status=ExitStatus.NOTHING_MEASURED)
    assert "bad: left out, as it does not work here" in done.stderr
    assert "No scenario imports a module of sample" in done.stderr
