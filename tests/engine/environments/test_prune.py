"""Giving space back: by age, by size, or all of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.building import build_pair
from support.sandbox import Sandbox

from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.prune import list_cached, prune

DAY = 86400


@pytest.fixture
def three(own_cache: Sandbox) -> Sandbox:
    """Three environments of 1 MB each, last used 40, 20 and 0 days ago; checkouts and homes."""
    for days, key in ((40, "a" * 16), (20, "b" * 16), (0, "c" * 16)):
        folder = own_cache.workspace.environments / key
        folder.mkdir(parents=True)
        (folder / "content").write_bytes(bytes(1_000_000))
        (folder / "environment.json").touch()
        used = time.time() - days * DAY
        os.utime(folder / "environment.json", (used, used))
        folder.with_suffix(".lock").touch()
    for left in (own_cache.workspace.worktrees / "x", own_cache.workspace.scratch / "y"):
        left.mkdir(parents=True)
    return own_cache


def kept(sandbox: Sandbox) -> str:
    return "".join(sorted(one.folder.name[0] for one in list_cached(sandbox.workspace)))


# older than, megabytes → what is kept
LIMITS = [(30, None, "bc"), (10, None, "c"), (0, None, ""), (90, None, "abc"), (90, 2.5, "bc"),
          (90, 0.1, ""), (30, 1.5, "c"), (90, 3.5, "abc")]  # fmt: skip


@pytest.mark.parametrize(("days", "megabytes", "names"), LIMITS)
def test_oldest_go_first(three: Sandbox, days: int, megabytes: float | None, names: str) -> None:
    size = None if megabytes is None else megabytes * 1e6
    removed = prune(three.workspace, older_than_days=days, max_size_bytes=size)
    assert kept(three) == names
    assert sum(one.size_bytes for one in removed) == (3 - len(names)) * 1_000_000
    locks = {file.stem[0] for file in three.workspace.environments.glob("*.lock")}
    assert locks == set(names)
    assert not three.workspace.worktrees.exists()
    assert not three.workspace.scratch.exists()


def test_everything(three: Sandbox) -> None:
    assert len(prune(three.workspace, older_than_days=90, everything=True)) == 3
    assert not three.cache.exists()


def test_empty_cache(own_cache: Sandbox) -> None:
    assert prune(own_cache.workspace, older_than_days=1, everything=True) == []
    assert prune(own_cache.workspace, older_than_days=1, max_size_bytes=1) == []


def test_using_an_environment_keeps_it(own_cache: Sandbox, interpreter: Interpreter) -> None:
    record = build_pair(own_cache, interpreter, "v1.0.0..v1.0.0").base.folder / "environment.json"
    os.utime(record, (0, 0))
    build_pair(own_cache, interpreter, "v1.0.0..v1.0.0")
    assert prune(own_cache.workspace, older_than_days=1) == []


def test_shared_files_count_once(own_cache: Sandbox, tmp_path: Path) -> None:
    """uv links files from its cache: removing an environment frees only what is its own."""
    folder = own_cache.workspace.environments / ("d" * 16)
    folder.mkdir(parents=True)
    (folder / "own").write_bytes(bytes(1000))
    (tmp_path / "shared").write_bytes(bytes(1_000_000))
    os.link(tmp_path / "shared", folder / "shared")
    (folder / "pointer").symlink_to(tmp_path / "shared")
    (one,) = list_cached(own_cache.workspace)
    assert one.size_bytes == 501_000


@pytest.mark.parametrize("options", [("--all",), ("--older-than", "0"), ("--max-size", "0.0009")])
def test_clean_command(three: Sandbox, options: tuple[str, ...]) -> None:
    done = three.bench("clean", *options, status=0)
    assert done.stdout == "removed 3 cached environments, 3 MB\n"
    assert kept(three) == ""


def test_clean_refuses_while_something_is_measured(three: Sandbox) -> None:
    with exclusive(three.workspace.lock, shared=True):
        done = three.bench("clean", "--all", status=2)
    assert f"in use by process {os.getpid()}" in done.stderr
    assert kept(three) == "abc"


@pytest.mark.parametrize(
    "options", [("--older-than", "-1"), ("--max-size", "0"), ("--max-size", "x"), ("extra",)]
)
def test_bad_limits(three: Sandbox, options: tuple[str, ...]) -> None:
    three.bench("clean", *options, status=2)
    assert kept(three) == "abc"
