"""Git as it is out there: partial, shallow and moved clones, submodules, odd settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, make_repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.revision import Pair
from bench.core.target import parse_target
from bench.engine.revisions import checkout
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import resolve_range


def resolve(sandbox: Sandbox, text: str, repo: Path | None = None, **settings: str) -> Pair:
    target = parse_target(target_text(**settings))  # type: ignore[arg-type]
    return resolve_range(target, text, sandbox.workspace, repo)


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "upstream")


def head_of(repository: Repository, name: str = "HEAD") -> str:
    return repository.git("rev-parse", f"{name}^{{commit}}")


@pytest.fixture
def partial(made: Repository, tmp_path: Path) -> Path:
    """A clone without file contents, but for those of its checkout."""
    made.git("config", "uploadpack.allowFilter", "true")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    made.git("clone", "--quiet", "--filter=blob:none", made.path.as_uri(), str(tmp_path / "part"))
    return tmp_path / "part"


def test_partial_clone_fetches_what_is_missing(
    made: Repository, partial: Path, tmp_path: Path
) -> None:
    Clone(partial).check_out(head_of(made, "v1.1.0"), tmp_path / "checkout")
    assert "UNITS = 4" in (tmp_path / "checkout" / "sample" / "behaviour.py").read_text()


def test_partial_clone_without_its_origin(made: Repository, partial: Path, tmp_path: Path) -> None:
    commit = head_of(made, "v1.1.0")
    made.path.rename(tmp_path / "gone")
    with pytest.raises(UsageError, match="is a partial clone"):
        Clone(partial).check_out(commit, tmp_path / "checkout")


def with_submodule(made: Repository, tmp_path: Path) -> Repository:
    inner = Repository.create(tmp_path / "inner")
    inner.commit({"part.py": "PART = 1\n"}, "Part")
    made.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        inner.path.as_uri(), "sample/inner",
    )  # fmt: skip
    made.git("commit", "--quiet", "--message", "With a submodule")
    return inner


def test_submodule_comes_from_the_clone(made: Repository, tmp_path: Path) -> None:
    inner = with_submodule(made, tmp_path)
    inner.path.rename(tmp_path / "gone")
    Clone(made.path).check_out(head_of(made), tmp_path / "checkout")
    assert (tmp_path / "checkout" / "sample" / "inner" / "part.py").read_text() == "PART = 1\n"
    assert Repository(tmp_path / "checkout").git("status", "--porcelain") == ""


def test_submodule_is_cloned_where_the_clone_has_none(
    made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_submodule(made, tmp_path)
    made.git("clone", "--quiet", made.path.as_uri(), str(tmp_path / "own"))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    Clone(tmp_path / "own").check_out(head_of(made), tmp_path / "checkout")
    assert (tmp_path / "checkout" / "sample" / "inner" / "part.py").is_file()


def test_submodule_is_not_copied_from_this_machine(made: Repository, tmp_path: Path) -> None:
    with_submodule(made, tmp_path)
    made.git("clone", "--quiet", made.path.as_uri(), str(tmp_path / "own"))
    with pytest.raises(UsageError, match=r"The submodule .* is a place on this machine"):
        Clone(tmp_path / "own").check_out(head_of(made), tmp_path / "checkout")
    made.git("-C", str(tmp_path / "own"), "config", "protocol.file.allow", "always")
    Clone(tmp_path / "own").check_out(head_of(made), tmp_path / "checkout")


@pytest.mark.parametrize(
    ("url", "is_local"),
    [("https://a.b/c", False), ("git@a.b:c/d.git", False), ("ssh://a/b", False), ("/a/b", True),
     ("file:///a", True), ("a/b:c", True), ("ext::sh -c x", True), ("", True), ("--a=b", True)],
)  # fmt: skip
def test_addresses_on_this_machine(url: str, *, is_local: bool) -> None:
    assert checkout._is_local(url) == is_local


@pytest.mark.parametrize("name", ["{folder}", "../../secret"])
def test_name_of_a_submodule_leads_elsewhere(tmp_path: Path, name: str) -> None:
    """The clone's own copy of a submodule is looked for by its name."""
    secret = Repository.create(tmp_path / "secret")
    commit = secret.commit({"token": "hunter2"}, "Secret")
    outer = Repository.create(tmp_path / "outer")
    own = name.format(folder=secret.path / ".git")
    outer.commit({".gitmodules": f'[submodule "{own}"]\n\tpath = a\n\turl = https://b/c\n'}, "A")
    outer.git("update-index", "--add", "--cacheinfo", f"160000,{commit},a")
    outer.git("commit", "--quiet", "--message", "With a submodule")
    with pytest.raises(UsageError, match="submodule's name leads out of the repository"):
        Clone(outer.path).check_out(head_of(outer), tmp_path / "checkout")


def test_submodule_that_cannot_be_had_is_named(
    made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    inner = with_submodule(made, tmp_path)
    made.git("clone", "--quiet", made.path.as_uri(), str(tmp_path / "own"))
    inner.path.rename(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"The submodule sample/inner \(file:.*can't be had"):
        Clone(tmp_path / "own").check_out(head_of(made), tmp_path / "checkout")


def test_pointers_of_large_files_are_no_files(made: Repository, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    attributes = {".gitattributes": "*.bin filter=lfs\n", "table.bin": pointer}
    commit = made.commit(sample_files("2.0") | attributes, "Large")
    with pytest.raises(UsageError, match=r"kept in Git LFS.*first: table\.bin"):
        Clone(made.path).check_out(commit, tmp_path / "checkout")
    Clone(made.path).check_out(commit, tmp_path / "checkout", ("table.bin",))


def test_remote_branch_of_a_shallow_clone(made: Repository, tmp_path: Path) -> None:
    """What a workflow of a pull request checks out: two tips, no history."""
    made.git("clone", "--quiet", "--depth=1", made.path.as_uri(), str(tmp_path / "ci"))
    Repository(tmp_path / "ci").git(
        "fetch", "--quiet", "--depth=1", "origin", "feature:refs/remotes/origin/feature"
    )
    commit = Clone(tmp_path / "ci").find("origin/feature")
    assert commit == head_of(made, "feature")
    Clone(tmp_path / "ci").check_out(commit, tmp_path / "checkout")
    assert "+two" in (tmp_path / "checkout" / "pyproject.toml").read_text()


@pytest.mark.parametrize("text", ["HEAD", "HEAD~1..HEAD", "origin/feature...HEAD"])
def test_history_that_a_shallow_clone_lacks(
    sandbox: Sandbox, made: Repository, tmp_path: Path, text: str
) -> None:
    made.git("clone", "--quiet", "--depth=1", made.path.as_uri(), str(tmp_path / "ci"))
    Repository(tmp_path / "ci").git(
        "fetch", "--quiet", "--depth=1", "origin", "feature:refs/remotes/origin/feature"
    )
    with pytest.raises(UsageError) as raised:
        resolve(sandbox, text, tmp_path / "ci")
    assert "is a shallow clone" in raised.value.hint
    assert "fetch --unshallow" in raised.value.hint


def test_bare_clone(sandbox: Sandbox, made: Repository, tmp_path: Path) -> None:
    made.git("clone", "--quiet", "--bare", made.path.as_uri(), str(tmp_path / "bare.git"))
    pair = resolve(sandbox, "v1.0.0..v1.1.0", tmp_path / "bare.git")
    Clone(tmp_path / "bare.git").check_out(pair.head.identity, tmp_path / "checkout")
    assert (tmp_path / "checkout" / "sample" / "cli.py").is_file()


def test_branch_that_moved_upstream(sandbox: Sandbox, made: Repository) -> None:
    url = made.path.as_uri()
    resolve(sandbox, "v1.0.0..main", clone=url)
    new = made.commit(sample_files("9.0"), "Newer")
    for name in ("main", "HEAD", "origin/main"):
        pair = resolve(sandbox, f"v1.0.0..{name}", clone=url)
        assert pair.head.identity == new
        assert "fetched from origin now" in pair.origin


def test_tag_that_moved_upstream(sandbox: Sandbox, made: Repository) -> None:
    url = made.path.as_uri()
    old = resolve(sandbox, "v1.0.0..v1.1.0", clone=url).head.identity
    made.git("tag", "--force", "v1.1.0", "main")
    pair = resolve(sandbox, "v1.0.0..v1.1.0", clone=url)
    assert pair.head.identity == head_of(made, "main") != old
    assert "tag v1.1.0 was moved upstream" in pair.origin


def test_age_of_the_references_without_a_network(
    sandbox: Sandbox, made: Repository, tmp_path: Path
) -> None:
    url = made.path.as_uri()
    resolve(sandbox, "v1.0.0..main", clone=url)
    made.path.rename(tmp_path / "gone")
    assert "origin could not be reached: references as of 20" in (
        resolve(sandbox, "v1.0.0..main", clone=url).origin
    )


def test_two_branches_are_no_history(sandbox: Sandbox, made: Repository) -> None:
    origin = resolve(sandbox, "feature..v1.1.0", made.path).origin
    assert "feature is no ancestor of v1.1.0: the pair adds 2 commits and takes back 2" in origin
    assert "no ancestor" not in resolve(sandbox, "v1.0.0..feature", made.path).origin


@pytest.mark.parametrize(
    "setting",
    [
        "log.showSignature=true", "core.autocrlf=true", "color.ui=always", "core.pager=false",
        "status.branch=true", "checkout.guess=false", "core.quotePath=true", "log.follow=true",
        "submodule.recurse=true", "core.fsmonitor=true", "format.pretty=raw",
    ],
)  # fmt: skip
def test_no_setting_changes_what_is_read(
    sandbox: Sandbox, made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:  # fmt: skip
    key, _, value = setting.partition("=")
    section, _, name = key.partition(".")
    (tmp_path / "gitconfig").write_text(f"[{section}]\n\t{name} = {value}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_TRACE", "1")
    pair = resolve(sandbox, "v1.0.0..v1.1.0", made.path)
    assert (pair.base.date, pair.base.subject) == ("2026-01-01T10:00:00Z", "First")
    Clone(made.path).check_out(pair.head.identity, tmp_path / "checkout")
    assert b"\r" not in (tmp_path / "checkout" / "sample" / "cli.py").read_bytes()


@pytest.mark.parametrize("how", ["core.sshCommand", "GIT_SSH_COMMAND"])
def test_deploy_key_is_used(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The user's own ssh command runs, not ours."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho used >{tmp_path}/used\nexit 1\n")
    ssh.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\tsshCommand = {ssh}\n" if "." in how else "")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.delenv("GIT_SSH_COMMAND", raising=False)
    if "." not in how:
        monkeypatch.setenv(how, str(ssh))
    with pytest.raises(UsageError, match="could not be cloned"):
        resolve(sandbox, "a..b", clone="ssh://git@localhost/nowhere.git")
    assert (tmp_path / "used").exists()


def test_mirror_under_repos_is_accepted_and_another_repository_is_not(
    sandbox: Sandbox, made: Repository
) -> None:
    place = sandbox.workspace.repos / "sample"
    made.git("clone", "--quiet", made.path.as_uri(), str(place))
    resolve(sandbox, "v1.0.0..v1.1.0", clone="https://github.com/owner/sample")
    Repository(place).git("remote", "set-url", "origin", "https://github.com/else/sample")
    with pytest.raises(UsageError, match=r"is a clone of https://github\.com/else/sample"):
        resolve(sandbox, "v1.0.0..v1.1.0", clone="https://github.com/owner/sample")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_repository_of_another_user(
    sandbox: Sandbox, made: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for path in (made.path, made.path / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(UsageError, match="belongs to another user") as raised:
        resolve(sandbox, "v1.0.0..v1.1.0", made.path)
    assert "safe.directory" in raised.value.hint


def test_control_characters_in_a_subject(sandbox: Sandbox, made: Repository) -> None:
    made.commit(sample_files("3.0"), "Harm\x1b[31mless\u202e txt")
    assert resolve(sandbox, "HEAD", made.path).head.subject == "Harm [31mless  txt"


def test_where_a_branch_was_a_day_ago(sandbox: Sandbox, made: Repository) -> None:
    before = head_of(made)
    settings = ("-c", "user.name=a", "-c", "user.email=b")
    command = ["git", *settings, "commit", "--quiet", "--allow-empty", "-m", "now"]
    subprocess.run(command, cwd=made.path, check=True)
    for text in ("HEAD@{1 day ago}..HEAD", "@{yesterday}..HEAD", "HEAD@{1}.."):
        pair = resolve(sandbox, text, made.path)
        assert (pair.base.identity, pair.head.identity) == (before, head_of(made))
