"""The working tree as a revision: what belongs to it, what it is called, what stays untouched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, make_repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.revision import Pair, Source
from bench.core.target import parse_target
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_of, resolve_range

CLI = "sample/cli.py"


@pytest.fixture
def mine(tmp_path: Path) -> Repository:
    """A clone that somebody works in, at v1.0.1 on a branch of its own."""
    made = make_repository(tmp_path / "mine")
    made.git("checkout", "--quiet", "-b", "work", "v1.0.1")
    return made


@pytest.fixture
def sandbox(tmp_path: Path, mine: Repository) -> Sandbox:
    return Sandbox(tmp_path, tmp_path / "cache", mine.path)


def resolve(sandbox: Sandbox, text: str = "HEAD..") -> Pair:
    return resolve_range(parse_target(target_text()), text, sandbox.workspace, sandbox.repository)


def write(mine: Repository, path: str, text: str) -> None:
    (mine.path / path).parent.mkdir(parents=True, exist_ok=True)
    (mine.path / path).write_text(text, encoding="utf-8")


def checked_out(sandbox: Sandbox, pair: Pair) -> Path:
    folder = sandbox.folder / "checkout"
    clone = clone_of(parse_target(target_text()), sandbox.workspace, sandbox.repository)
    clone.check_out_revision(pair.head, folder)
    return folder


def all_files(folder: Path) -> dict[str, bytes]:
    """Everything below `.git`, but for what any reading git touches."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_changed_new_and_deleted_files_count_and_ignored_ones_do_not(
    sandbox: Sandbox, mine: Repository
) -> None:
    write(mine, ".gitignore", "*.log\n")
    write(mine, "noise.log", "nothing\n")
    write(mine, "sample/new.py", "NEW = 1\n")
    write(mine, CLI, "CHANGED = 1\n")
    (mine.path / "sample/extra.py").unlink()
    mine.git("add", CLI)  # whether something is staged does not matter
    head = resolve(sandbox).head
    assert (head.source, head.name) == (Source.TREE, "HEAD + 4 files")
    assert head.subject == ".gitignore, sample/cli.py, sample/extra.py, …"
    assert head.label == f"tree-{head.identity[:10]}"
    folder = checked_out(sandbox, resolve(sandbox))
    assert (folder / "sample/new.py").read_text() == "NEW = 1\n"
    assert (folder / CLI).read_text() == "CHANGED = 1\n"
    assert not (folder / "noise.log").exists()
    assert not (folder / "sample/extra.py").exists()


def test_tree_is_the_one_of_the_commit_that_is_made_of_it(
    sandbox: Sandbox, mine: Repository
) -> None:
    write(mine, "sample/new.py", "NEW = 1\n")
    pair = resolve(sandbox)
    assert resolve(sandbox) == pair
    assert pair.base.identity == pair.head.parent == mine.git("rev-parse", "HEAD")
    mine.git("add", "--all")
    mine.git("commit", "--quiet", "--message", "As it was")
    assert mine.git("rev-parse", "HEAD^{tree}") == pair.head.identity


def test_nothing_is_written_to_the_clone(sandbox: Sandbox, mine: Repository) -> None:
    write(mine, "sample/new.py", "NEW = 1\n")
    mine.git("stash", "--include-untracked", "--quiet")
    write(mine, "sample/new.py", "NEW = 2\n")
    write(mine, CLI, "STAGED = 1\n")
    mine.git("add", CLI)
    write(mine, CLI, "CHANGED = 1\n")
    before, status = all_files(mine.path), mine.git("status", "--porcelain=v2", "--branch")
    before = all_files(mine.path)
    checked_out(sandbox, resolve(sandbox))
    assert all_files(mine.path) == before
    assert mine.git("status", "--porcelain=v2", "--branch") == status


def test_version_from_tags_is_as_long_as_that_of_the_commit(
    sandbox: Sandbox, mine: Repository
) -> None:
    mine.git("tag", "--delete", "v1.0.1")
    describe = ("describe", "--dirty", "--tags", "--long")
    for annotated in ((), ("-a", "-m", "words")):
        mine.git("tag", "--force", *annotated, "v7.0")
        write(mine, CLI, f"CHANGED = {len(annotated)}\n")
        folder = Repository(checked_out(sandbox, resolve(sandbox)))
        assert folder.git("describe", *([] if annotated else ["--tags"])) == "v7.0"
        assert len(folder.git(*describe)) == len("v7.0-0-g0123456")
    mine.git("commit", "--quiet", "--allow-empty", "--message", "One more")
    folder = Repository(checked_out(sandbox, resolve(sandbox)))
    assert folder.git(*describe).startswith("v7.0-1-g")
    assert folder.git("log", "-1", "--format=%cI") == mine.git("log", "-1", "--format=%cI")


def test_executable_bits_links_and_odd_names(sandbox: Sandbox, mine: Repository) -> None:
    write(mine, "tool", "#!/bin/sh\n")
    (mine.path / "tool").chmod(0o755)
    (mine.path / "link").symlink_to("tool")
    write(mine, 'sample/two words "ü"\n.py', "ODD = 1\n")
    os.mkfifo(mine.path / "pipe")
    folder = checked_out(sandbox, resolve(sandbox))
    assert os.access(folder / "tool", os.X_OK)
    assert (folder / "link").readlink() == Path("tool")
    assert (folder / 'sample/two words "ü"\n.py').read_text() == "ODD = 1\n"
    assert not (folder / "pipe").exists()


def test_line_ends_are_those_that_would_be_committed(sandbox: Sandbox, mine: Repository) -> None:
    mine.git("config", "core.autocrlf", "true")
    (mine.path / CLI).write_bytes((mine.path / CLI).read_bytes().replace(b"\n", b"\r\n"))
    (mine.path / "sample/new.py").write_bytes(b"NEW = 1\r\n")
    pair = resolve(sandbox)
    assert pair.head.subject == "sample/new.py"
    assert (checked_out(sandbox, pair) / "sample/new.py").read_bytes() == b"NEW = 1\n"


def test_ignored_by_the_user_alone(
    sandbox: Sandbox, mine: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ignore").write_text(".idea/\n")
    (tmp_path / "config").write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignore'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    write(mine, ".idea/workspace.xml", "<x/>\n")
    write(mine, "sample/new.py", "NEW = 1\n")
    assert resolve(sandbox).head.subject == "sample/new.py"


@pytest.mark.parametrize(("text", "base"), [("main..", "main"), ("main...", "v1.0.1")])
def test_other_bases(sandbox: Sandbox, mine: Repository, text: str, base: str) -> None:
    write(mine, "sample/new.py", "NEW = 1\n")
    pair = resolve(sandbox, text)
    assert pair.base.identity == mine.git("rev-parse", f"{base}^{{commit}}")
    assert pair.head.name == "HEAD + 1 file"


def test_nothing_changed(sandbox: Sandbox, mine: Repository) -> None:
    with pytest.raises(
        UsageError, match=r"Nothing is changed in the working tree of .*: it is HEAD"
    ):
        resolve(sandbox)
    pair = resolve(sandbox, "main..")
    assert pair.head.identity == mine.git("rev-parse", "HEAD")
    assert "nothing is changed in the working tree: HEAD is measured" in pair.origin


def test_packages_that_are_wanted_now_may_be_of_today(sandbox: Sandbox, mine: Repository) -> None:
    write(mine, CLI, "CHANGED = 1\n")
    pair = resolve(sandbox)
    assert pair.head.date == pair.base.date
    write(mine, "pyproject.toml", sample_files("9.0")["pyproject.toml"])
    assert resolve(sandbox).head.date > pair.base.date


def test_repository_in_the_tree_is_left_out(sandbox: Sandbox, mine: Repository) -> None:
    Repository.create(mine.path / "other").commit({"a.py": ""}, "A")
    Repository.create(mine.path / "empty")
    write(mine, "sample/new.py", "NEW = 1\n")
    pair = resolve(sandbox)
    assert pair.head.subject == "sample/new.py"
    assert "repositories in the working tree are left out: empty and other" in pair.origin


def test_filtered_file_is_refused_unless_it_is_as_committed(
    sandbox: Sandbox, mine: Repository
) -> None:
    mine.git("config", "filter.twice.clean", "sh -c 'touch RAN; cat'")
    mine.git("config", "filter.twice.required", "true")
    write(mine, ".gitattributes", "*.bin filter=twice\n")
    write(mine, "table.bin", "1\n")
    mine.git("add", "--all")
    mine.git("commit", "--quiet", "--message", "With a filter")
    (mine.path / "RAN").unlink()
    write(mine, "sample/new.py", "NEW = 1\n")
    assert resolve(sandbox).head.subject == "sample/new.py"
    write(mine, "table.bin", "2, longer\n")
    with pytest.raises(UsageError, match=r"table.bin differs .* \(the filter 'twice'\)"):
        resolve(sandbox)
    assert not (mine.path / "RAN").exists()


def test_changed_submodule(sandbox: Sandbox, mine: Repository, tmp_path: Path) -> None:
    inner = Repository.create(tmp_path / "inner")
    inner.commit({"part.py": "PART = 1\n"}, "Part")
    allowed = ("-c", "protocol.file.allow=always")
    mine.git(*allowed, "submodule", "--quiet", "add", inner.path.as_uri(), "sample/inner")
    mine.git("commit", "--quiet", "--message", "With a submodule")
    own = Repository(mine.path / "sample/inner", commits=1)
    (own.path / "part.py").write_text("PART = 2\n")
    with pytest.raises(UsageError, match="The submodule sample/inner has changes"):
        resolve(sandbox)
    own.git("commit", "--quiet", "--all", "--message", "Two")
    folder = checked_out(sandbox, resolve(sandbox))
    assert (folder / "sample/inner/part.py").read_text() == "PART = 2\n"


def test_conflicts_are_refused(sandbox: Sandbox, mine: Repository) -> None:
    for branch, words in (("one", "1\n"), ("two", "2\n")):
        mine.branch(branch, "v1.0.1")
        write(mine, "both.txt", words)
        mine.git("add", "both.txt")
        mine.git("commit", "--quiet", "--message", branch)
    subprocess.run(["git", "-C", mine.path, "merge", "one"], capture_output=True, check=False)
    with pytest.raises(UsageError, match=r"has conflicts: both\.txt"):
        resolve(sandbox)


def test_linked_worktree_and_split_index(
    sandbox: Sandbox, mine: Repository, tmp_path: Path
) -> None:
    mine.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "v1.0.0")
    linked = Repository(tmp_path / "linked")
    linked.git("update-index", "--split-index")
    write(linked, "sample/new.py", "NEW = 1\n")
    before = sorted(mine.path.joinpath(".git").rglob("*"))
    pair = resolve(Sandbox(tmp_path, tmp_path / "cache", linked.path))
    assert pair.head.parent == mine.git("rev-parse", "v1.0.0^{commit}")
    assert pair.head.subject == "sample/new.py"
    assert sorted(mine.path.joinpath(".git").rglob("*")) == before


def test_bare_clone_and_one_without_commits(
    sandbox: Sandbox, mine: Repository, tmp_path: Path
) -> None:
    mine.git("clone", "--quiet", "--bare", str(mine.path), str(tmp_path / "bare.git"))
    with pytest.raises(UsageError, match="is a bare clone"):
        resolve(Sandbox(tmp_path, tmp_path / "cache", tmp_path / "bare.git"))
    empty = Repository.create(tmp_path / "empty")
    with pytest.raises(UsageError, match="has no commit yet"):
        resolve(Sandbox(tmp_path, tmp_path / "cache", empty.path))


def test_trees_are_read_like_commits(sandbox: Sandbox, mine: Repository) -> None:
    write(mine, "sample/new.py", "NEW = 1\n")
    tree = resolve(sandbox).head.identity
    clone = Clone(mine.path, trees=sandbox.workspace.trees)
    assert "sample/new.py" in clone.tree(tree)
    assert clone.text(tree, "sample/new.py") == "NEW = 1\n"
