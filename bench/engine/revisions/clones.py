"""The clone that a target's revisions are looked up in: a user's own, or one of ours."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.lock import exclusive
from bench.core.process import Finished
from bench.engine.revisions.calls import git, git_remote
from bench.engine.revisions.git import Clone


def open_clone(path: Path, *, ours: bool = False) -> Clone:
    """The clone at a path. Raises `UsageError` when there is no git repository."""
    if not path.is_dir() or not git(path, "rev-parse", "--git-dir").ok:
        raise UsageError(f"{path} is not a git repository.", "--repo takes the path of a clone.")
    return Clone(path, ours)


def clone_on_demand(url: str, path: Path, *, private: bool) -> Clone:
    """The clone at `path`, made from `url` when it is not there yet.

    Raises `UsageError` when it can't be cloned, naming what a private repository needs, and when
    the clone that is there is of another repository.
    """
    with exclusive(path.with_name(f".{path.name}.lock"), wait=True):
        if not path.is_dir():
            return _cloned(url, path, private=private)
    clone = open_clone(path, ours=True)
    _check_origin(clone, url)
    return clone


def _cloned(url: str, path: Path, *, private: bool) -> Clone:
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    cloned = git_remote(None, "clone", "--quiet", url, partial, timeout_s=1800)
    if not cloned.ok:
        shutil.rmtree(partial, ignore_errors=True)
        raise _not_cloned(url, path, cloned, private=private)
    partial.rename(path)
    return Clone(path, ours=True)


def refresh(clone: Clone) -> str:
    """Ask origin for what is new and moved; returns how old the references are, in words."""
    before = clone.tags()
    fetched = git_remote(
        clone.path, "fetch", "--quiet", "--prune", "--tags", "--force", "origin",
        "+refs/heads/*:refs/remotes/origin/*", timeout_s=600,
    )  # fmt: skip
    if not fetched.ok:
        return f"origin could not be reached: references as of {_last_fetch(clone)}"
    git_remote(clone.path, "remote", "set-head", "origin", "--auto", timeout_s=120)
    moved = [
        f"tag {name} was moved upstream ({before[name][:10]} to {commit[:10]})"
        for name, commit in clone.tags().items()
        if before.get(name, commit) != commit
    ]
    return "; ".join(("fetched from origin now", *moved))


def _last_fetch(clone: Clone) -> str:
    folder = clone.git_folder
    files = [one for one in (folder / "FETCH_HEAD", folder / "HEAD") if one.exists()]
    if not files:
        return "an unknown day"
    moment = datetime.fromtimestamp(files[0].stat().st_mtime, UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _check_origin(clone: Clone, url: str) -> None:
    found = clone.origin_url
    mirrored = _is_local(found) and not _is_local(url)  # a local mirror of what the file names
    if url and found and not mirrored and _repository(found) != _repository(url):
        raise UsageError(
            f"{clone.path} is a clone of {found}, and the target's file says {url}.",
            "Move that folder away to have the other one cloned, or correct `clone`.",
        )


def _repository(url: str) -> str:
    """What tells repositories apart, however they are reached: `owner/name`, or a whole path."""
    if _is_local(url):
        return url.removeprefix("file://").rstrip("/").removesuffix(".git")
    words = re.split(r"[/:]", url.rstrip("/").removesuffix(".git").lower())
    return "/".join(words[-2:])


def _is_local(url: str) -> bool:
    return url.removeprefix("file://").startswith(("/", "."))


def _not_cloned(url: str, path: Path, cloned: Finished, *, private: bool) -> UsageError:
    hint = f"Check the network, or clone it yourself to {path}, or name a clone with --repo PATH."
    if private:
        hint = (
            "This repository is private: ask its owners for access, make sure that "
            f"`git clone {url}` works without a prompt, or name a clone with --repo PATH."
        )
    return UsageError(f"{url} could not be cloned:\n{cloned.last_lines(4)}", hint)
