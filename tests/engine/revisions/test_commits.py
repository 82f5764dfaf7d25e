"""Ranges looked up in a git repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, make_repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.revision import Pair, Source
from bench.core.target import parse_target
from bench.engine.revisions.resolve import resolve_range


def resolve(sandbox: Sandbox, text: str, repo: Path | None = None, **settings: str) -> Pair:
    target = parse_target(target_text(**settings))  # type: ignore[arg-type]
    return resolve_range(target, text, sandbox.workspace, repo)


def commit(repository: Path, name: str) -> str:
    return Repository(repository).git("rev-parse", f"{name}^{{commit}}")


# what is typed → the commits it means
MEANS = {
    "v1.0.0..v1.1.0": ("v1.0.0", "v1.1.0"),
    "1.0.0..1.1.0": ("v1.0.0", "v1.1.0"),
    "git:1.0.0..git:v1.1.0": ("v1.0.0", "v1.1.0"),
    "v1.0.0..main": ("v1.0.0", "main"),
    "main..feature": ("main", "feature"),
    "main...feature": ("v1.0.0", "feature"),
    "feature...main": ("v1.0.0", "main"),
    "v1.1.0": ("v1.0.1", "v1.1.0"),
    "feature": ("feature~1", "feature"),
    "main~2..main~1": ("main~2", "main~1"),
    "v1.2.0..": ("v1.2.0", "main"),
    "main..main": ("main", "main"),
}


@pytest.mark.parametrize("text", MEANS)
def test_range_means_commits(sandbox: Sandbox, repository: Path, text: str) -> None:
    pair = resolve(sandbox, text, repository)
    found = (pair.base.identity, pair.head.identity)
    assert found == tuple(commit(repository, name) for name in MEANS[text])
    assert {pair.base.source, pair.head.source} == {Source.GIT}
    assert str(repository) in pair.origin


def test_short_and_full_hashes(sandbox: Sandbox, repository: Path) -> None:
    base, head = commit(repository, "v1.0.0"), commit(repository, "main")
    pair = resolve(sandbox, f"{base[:8]}..{head}", repository)
    assert (pair.base.identity, pair.head.identity) == (base, head)
    assert pair.label == f"{base[:10]}..{head[:10]}"


def test_dates_are_in_utc_and_subjects_kept(sandbox: Sandbox, repository: Path) -> None:
    base = resolve(sandbox, "v1.0.0..main", repository).base
    assert (base.date, base.subject) == ("2026-01-01T10:00:00Z", "First")


def test_unknown_revision_names_similar_ones(sandbox: Sandbox, repository: Path) -> None:
    with pytest.raises(UsageError) as raised:
        resolve(sandbox, "v1.0.0..features", repository)
    assert "Unknown revision 'features'" in raised.value.message
    assert raised.value.hint == "Similar names there: feature."


def test_root_commit_has_nothing_before_it(sandbox: Sandbox, repository: Path) -> None:
    with pytest.raises(UsageError, match="no parent"):
        resolve(sandbox, "v1.0.0", repository)


def test_branches_without_a_common_ancestor(sandbox: Sandbox, tmp_path: Path) -> None:
    made = make_repository(tmp_path / "own")
    made.git("checkout", "--quiet", "--orphan", "island")
    made.commit(sample_files("9.0"), "Nothing before")
    with pytest.raises(UsageError, match="no common ancestor"):
        resolve(sandbox, "main...island", made.path)


def test_repo_that_is_no_repository(sandbox: Sandbox, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="is not a git repository"):
            resolve(sandbox, "a..b", path)


def test_folder_inside_another_repository_is_no_clone(sandbox: Sandbox, tmp_path: Path) -> None:
    """An empty repos/<name> lies inside this project's own checkout: whose HEAD would be meant?"""
    outer = make_repository(tmp_path / "outer").path
    (outer / "inner").mkdir()
    with pytest.raises(UsageError, match="is not a git repository"):
        resolve(sandbox, "HEAD~1..HEAD", outer / "inner")


def test_clone_on_demand(sandbox: Sandbox, repository: Path) -> None:
    pair = resolve(sandbox, "v1.0.0...feature", clone=repository.as_uri())
    assert pair.base.identity == commit(repository, "v1.0.0")
    assert pair.head.identity == commit(repository, "feature")
    assert "cloned now from" in pair.origin
    again = resolve(sandbox, "v1.0.0..feature", clone=repository.as_uri())
    assert "cloned now" not in again.origin
    with pytest.raises(UsageError, match="and the target's file says file:///gone"):
        resolve(sandbox, "v1.0.0..feature", clone="file:///gone")


def test_clone_is_fetched_for_a_new_revision(sandbox: Sandbox, tmp_path: Path) -> None:
    made = make_repository(tmp_path / "own")
    resolve(sandbox, "v1.0.0..v1.1.0", clone=made.path.as_uri())
    new = made.commit(sample_files("2.0.0"), "New", tag="v2.0.0")
    pair = resolve(sandbox, "v1.0.0..v2.0.0", clone=made.path.as_uri())
    assert pair.head.identity == new
    assert "fetched from origin" in pair.origin


def test_clone_that_cannot_be_made(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="could not be cloned") as raised:
        resolve(sandbox, "a..b", clone="file:///nowhere/at/all")
    assert "--repo" in raised.value.hint
    assert not [one for one in sandbox.workspace.repos.iterdir() if one.suffix != ".lock"]


def test_private_repository_without_access(sandbox: Sandbox) -> None:
    """Neither a prompt nor a hang: what is needed is said."""
    with pytest.raises(UsageError) as raised:
        resolve(sandbox, "a..b", clone="file:///nowhere/private", rest="private = true")
    assert "This repository is private: ask its owners for access" in raised.value.hint


def test_half_a_clone_is_made_again(sandbox: Sandbox, repository: Path) -> None:
    half = sandbox.workspace.repos / ".sample.partial"
    half.mkdir(parents=True)
    (half / "objects").touch()
    resolve(sandbox, "v1.0.0..main", clone=repository.as_uri())
    assert not half.exists()


def test_looking_up_writes_nothing_into_the_users_clone(
    sandbox: Sandbox, tmp_path: Path, repository: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(repository, copy, symlinks=True)
    before = snapshot(copy)
    resolve(sandbox, "v1.0.0...feature", copy)
    assert snapshot(copy) == before


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_variables_of_a_git_hook_do_not_redirect(
    sandbox: Sandbox, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:  # fmt: skip
    """In a hook git sets these for the hook's repository; ours must not read or write that one."""
    from bench.engine.revisions.git import Clone  # noqa: PLC0415

    other = make_repository(tmp_path / "other").path
    index = (other / ".git" / "index").read_bytes()
    places = {"GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index"}
    monkeypatch.setenv(variable, str(other / places[variable]))
    pair = resolve(sandbox, "v1.0.0..v1.1.0", repository)
    Clone(repository).check_out(pair.head.identity, tmp_path / "checkout")
    assert (tmp_path / "checkout" / "sample" / "cli.py").is_file()
    assert (other / ".git" / "index").read_bytes() == index
    status = subprocess.run(
        ["git", "-C", other, "status", "--porcelain"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, capture_output=True, check=True,
    )  # fmt: skip
    assert status.stdout == b""
