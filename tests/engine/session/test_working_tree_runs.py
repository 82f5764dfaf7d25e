"""A working tree from the command line to the page, as a user meets it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.pages import index_of
from support.sample_project import Repository
from support.sandbox import Sandbox, target_text

BEHAVIOUR = 'UNITS = 4\nHOW = ""\n'


@pytest.fixture
def mine(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """A clone at v1.0.0 whose owner has made it four times slower, and has not committed that."""
    shutil.copytree(sandbox.repository, tmp_path / "mine")
    repository = Repository(tmp_path / "mine")
    repository.git("checkout", "--quiet", "v1.0.0")
    (repository.path / "sample" / "behaviour.py").write_text(BEHAVIOUR)
    sandbox.write_target(target_text())
    return Sandbox(sandbox.folder, sandbox.cache, repository.path)


def test_uncommitted_change_is_measured_kept_and_shown(mine: Sandbox) -> None:
    done = mine.run("HEAD..", "--quick")
    assert "HEAD + 1 file" in done.stderr
    (run,) = mine.runs
    pair = run.manifest.pair
    repository = Repository(mine.repository)
    repository.git("commit", "--quiet", "--all", "--message", "Slower")
    assert repository.git("rev-parse", "HEAD^{tree}") == pair.head.identity
    match = run.manifest.head.source_match
    assert match is not None
    assert (match.identical, match.different) == (4, ())
    mine.bench("report", status=0)
    page = mine.workspace.results / "sample" / pair.label / "README.md"
    text = page.read_text(encoding="utf-8")
    assert "HEAD → HEAD + 1 file: sample/behaviour.py" in text
    (command,) = (line for line in text.splitlines() if f" {pair.base.label}.. " in line)
    assert f"--repo {mine.repository}" in command
    assert pair.label in index_of(mine.workspace)
    environments = page.with_name("environments.md").read_text(encoding="utf-8")
    assert f"a working tree: a git tree, changed from commit `{pair.base.identity}`" in environments


def test_same_content_is_the_same_plan(mine: Sandbox) -> None:
    first = mine.bench("run", "sample", "--worktree", "--repo", mine.repository, "--dry-run")
    (mine.repository / "sample" / "behaviour.py").write_text("")
    other = mine.bench("run", "sample", "HEAD..", "--repo", mine.repository, "--dry-run")
    (mine.repository / "sample" / "behaviour.py").write_text(BEHAVIOUR)
    again = mine.bench("run", "sample", "HEAD..", "--repo", mine.repository, "--dry-run")
    assert first.stderr.splitlines()[:4] == again.stderr.splitlines()[:4]
    assert first.stderr != other.stderr


def test_what_cannot_be_meant(mine: Sandbox) -> None:
    wrong = mine.bench(
        "run", "sample", "main~1..main", "--worktree", "--repo", mine.repository, status=2
    )
    assert "--worktree measures the working tree, and main~1..main names" in wrong.stderr
    Repository(mine.repository).git("checkout", "--quiet", "--", ".")
    nothing = mine.bench("run", "sample", "HEAD..", "--repo", mine.repository, status=2)
    assert "Nothing is changed in the working tree of" in nothing.stderr
