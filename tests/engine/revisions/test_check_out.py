"""Checking a commit out beside the clone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sample_project import Repository, make_repository

from bench.core.errors import UsageError
from bench.engine.revisions.git import Clone


def test_commit_is_checked_out_with_tags(repository: Path, tmp_path: Path) -> None:
    """Versions are computed from tags (`git describe`)."""
    commit = Clone(repository).find("v1.0.1")
    assert commit
    folder = tmp_path / "checkout"
    Clone(repository).check_out(commit, folder)
    assert 'version = "1.0.1"' in (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert Repository(folder).git("describe", "--tags") == "v1.0.1"
    assert Repository(folder).git("status", "--porcelain") == ""


def test_excluded_files_stay_out_and_leave_the_tree_clean(repository: Path, tmp_path: Path) -> None:
    commit = Clone(repository).find("v1.0.0")
    assert commit
    folder = tmp_path / "checkout"
    Clone(repository).check_out(commit, folder, ("extra.py",))
    assert not (folder / "sample" / "extra.py").exists()
    assert (folder / "sample" / "cli.py").exists()
    assert Repository(folder).git("status", "--porcelain") == ""


def test_commit_no_branch_holds(tmp_path: Path) -> None:
    """A commit of a pull request, fetched by its hash, has no name here."""
    made = make_repository(tmp_path / "own")
    loose = made.git("commit-tree", "-m", "Loose", "v1.0.0^{tree}")
    Clone(made.path).check_out(loose, tmp_path / "checkout")
    assert (tmp_path / "checkout" / "pyproject.toml").exists()


def test_checkout_from_a_linked_worktree(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "own")
    made.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "feature")
    commit = Clone(tmp_path / "linked").find("HEAD")
    assert commit
    Clone(tmp_path / "linked").check_out(commit, tmp_path / "checkout")
    assert "+two" in (tmp_path / "checkout" / "pyproject.toml").read_text(encoding="utf-8")


def test_shallow_clone(tmp_path: Path, repository: Path) -> None:
    """What continuous integration checks out."""
    made = Repository(tmp_path)
    made.git("clone", "--quiet", "--depth=2", repository.as_uri(), "shallow")
    shallow = Clone(tmp_path / "shallow")
    for name in ("HEAD", "HEAD~1"):
        commit = shallow.find(name)
        assert commit
        shallow.check_out(commit, tmp_path / "checkout")


def test_git_refusing_is_a_clear_message(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exit status"):
        Clone(repository).check_out("0" * 40, tmp_path / "checkout")
