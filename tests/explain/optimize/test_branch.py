"""Commits and branches by git's plumbing: the clone's files and index stay as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository

from bench.core.errors import UsageError
from bench.engine.revisions.git import Clone
from bench.explain.optimize.branch import Workshop, branch_of_step

_LINES = "".join(f"line = {number}\n" for number in range(20))


def git(folder: Path, *words: str) -> str:
    told = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True)
    return told.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    repository = Repository.create(tmp_path / "clone")
    repository.commit({"a.py": _LINES, "b.py": "b = 1\n", "tool": "#!/bin/sh\n"}, "First")
    git(repository.path, "config", "user.name", "Somebody")
    git(repository.path, "config", "user.email", "somebody@example.org")
    return repository.path


def test_a_commit_changes_texts_and_nothing_else(clone: Path) -> None:
    (clone / "tool").chmod(0o755)
    git(clone, "commit", "-q", "-a", "-m", "Executable")
    (clone / "b.py").write_text("b = 'not committed'\n")
    before = git(clone, "status", "--porcelain", "--branch")
    workshop, head = Workshop(Clone(clone)), git(clone, "rev-parse", "HEAD")
    texts = {"b.py": "b = 'ü'\r\n", "tool": "#!/bin/bash\n", "new/c.py": ""}
    commit = workshop.commit(head, texts, "perf: three files\n\nWhy.\n")
    workshop.point("perf/some", commit, before=None)
    assert git(clone, "status", "--porcelain", "--branch") == before
    assert git(clone, "show", "-s", "--format=%an|%P|%s", "perf/some") == (
        f"Somebody|{head}|perf: three files"
    )
    changed = git(clone, "diff", "--name-status", head, "perf/some").split()
    assert changed == ["M", "b.py", "A", "new/c.py", "M", "tool"]
    assert git(clone, "ls-tree", "perf/some", "tool").startswith("100755")
    raw = subprocess.run(
        ["git", "-C", clone, "show", "perf/some:b.py"], capture_output=True, check=True
    )
    assert raw.stdout == "b = 'ü'\r\n".encode()


def test_a_branch_of_somebody_elses_is_not_moved(clone: Path) -> None:
    workshop, head = Workshop(Clone(clone)), git(clone, "rev-parse", "HEAD")
    mine = workshop.commit(head, {"b.py": "b = 2\n"}, "mine")
    workshop.point("perf/some", mine, before=None)
    with pytest.raises(UsageError, match="perf/some"):
        workshop.point("perf/some", head, before=None)
    with pytest.raises(UsageError, match="perf/some"):
        workshop.point("perf/some", head, before=head)
    git(clone, "checkout", "-q", "perf/some")
    with pytest.raises(UsageError, match="checked out"):
        workshop.point("perf/some", head, before=mine)
    assert workshop.find("perf/some") == mine


def test_no_name_for_a_branch(clone: Path) -> None:
    with pytest.raises(UsageError, match="no name for a branch"):
        Workshop(Clone(clone)).check_name("perf/..")


def test_a_change_is_put_on_top_of_another_commit(clone: Path) -> None:
    workshop, base = Workshop(Clone(clone)), git(clone, "rev-parse", "HEAD")
    one = _LINES.replace("line = 2\n", "line = 'two'\n")
    both = one.replace("line = 15\n", "line = 'fifteen'\n")
    first = workshop.commit(base, {"a.py": one}, "first")
    second = workshop.commit(first, {"a.py": both}, "second")
    alone = workshop.moved(second, base, "second alone")
    assert alone is not None
    text = git(clone, "show", f"{alone}:a.py")
    assert "fifteen" in text
    assert "two" not in text
    third = workshop.commit(first, {"a.py": one.replace("'two'", "'too'")}, "needs the first")
    assert workshop.moved(third, base, "third alone") is None


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("defer git and requests until a command needs them", "perf/defer-git-and-requests"),
        ("defer sample.slow until it is needed", "perf/defer-sample-slow"),
        ("defer a, b and 3 more until they are needed", "perf/defer-a-b-and-3-more"),
        ("Answer `--version` early!", "perf/answer-version-early"),
        ("…", "perf/change"),
        (f"defer {'a' * 80}", "perf/defer"),
    ],
)
def test_a_branch_is_named_after_its_change(title: str, name: str) -> None:
    assert branch_of_step(title) == name
