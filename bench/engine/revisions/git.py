"""A clone of a target: look revisions up, and check one out without touching the clone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.process import Finished, run_tool
from bench.core.revision import Revision, Source

# What git sets in a hook for the hook's own repository: it must not redirect us there.
REDIRECTING = frozenset(
    f"GIT_{name}" for name in ("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "OBJECT_DIRECTORY",
                               "ALTERNATE_OBJECT_DIRECTORIES", "PREFIX", "NAMESPACE")
)  # fmt: skip


@dataclass(frozen=True)
class Clone:
    """A git repository on this machine."""

    path: Path

    def find(self, name: str) -> str | None:
        """The full hash of the commit a name means: commit, tag (with or without v), branch."""
        for candidate in (name, f"v{name}", f"origin/{name}"):
            if name.startswith("-"):
                break
            found = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}"
            )
            if found.ok:
                return found.stdout.strip()
        return None

    def revision(self, name: str, commit: str) -> Revision:
        """A commit as a revision, with its date (UTC) and subject."""
        shown = self._git(
            "show",
            "--no-patch",
            "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
            "--format=%cd%n%s",
            commit,
        )
        date, _, subject = shown.stdout.strip().partition("\n")
        return Revision(Source.GIT, name, commit, date, subject)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, or None when they share no history."""
        found = self._git("merge-base", one, other)
        return found.stdout.strip() if found.ok else None

    @property
    def remote(self) -> str:
        """Where it was cloned from, when that is a URL; "" otherwise."""
        url = self._git("config", "--get", "remote.origin.url").stdout.strip()
        return url if "://" in url and "@" not in url else ""

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether a commit is in the history of another, or is that other."""
        return self._git("merge-base", "--is-ancestor", one, other).ok

    def first_parent_line(self, base: str, head: str) -> list[str]:
        """Commits from (without) base to head along first parents, oldest first."""
        listed = self._git("rev-list", "--first-parent", "--reverse", f"{base}..{head}")
        return listed.stdout.split()

    def tags_between(self, base: str, head: str) -> dict[str, str]:
        """Commits by tag, for tags in the history of head that have base in theirs."""
        form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
        listed = self._git(
            "for-each-ref",
            f"--format={form}",
            f"--contains={base}",
            f"--merged={head}",
            "refs/tags",
        )
        rows = (line.split("\0") for line in listed.stdout.splitlines())
        found = {name: peeled or commit for name, commit, peeled in rows}
        return {name: commit for name, commit in found.items() if commit != base}

    def first_parent(self, commit: str) -> str | None:
        """The first parent, or None for a root commit."""
        return self.find(f"{commit}^1")

    def fetch(self) -> bool:
        """Ask origin for what is new; False when it could not be reached."""
        return self._git("fetch", "--quiet", "--tags", "origin", timeout_s=600).ok

    def similar(self, name: str) -> list[str]:
        """Names of tags and branches that contain what was typed, for messages."""
        listed = self._git("for-each-ref", "--format=%(refname:short)", "refs/tags", "refs/heads")
        stem = name.lower().removeprefix("v")[:5]
        return [ref for ref in listed.stdout.split() if stem in ref.lower()][-5:]

    def tree(self, commit: str) -> dict[str, str]:
        """Blob hashes by path of everything in a commit."""
        listed = self._git("ls-tree", "-r", "-z", commit)
        entries = (line.split("\t", 1) for line in listed.stdout.split("\0") if line)
        return {path: meta.split()[2] for meta, path in entries}

    def check_out(self, commit: str, folder: Path, excludes: Sequence[str] = ()) -> None:
        """Check a commit out into a new folder.

        A clone that borrows this one's objects, not a `git worktree`: nothing is written to a
        repository that may be the user's own, tags are there for versions computed from them, and
        `excludes` (patterns as in .gitignore) stay out of the work tree without making it dirty.
        Raises `UsageError` when git refuses.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _must(_git(None, "clone", "--quiet", "--shared", "--no-checkout", self.path, folder))
        copy = Clone(folder)
        if excludes:
            patterns = ["/*", *(f"!{pattern}" for pattern in excludes)]
            _must(copy._git("sparse-checkout", "set", "--no-cone", *patterns))
        _must(copy._git("checkout", "--quiet", "--detach", commit))

    def _git(self, *arguments: str | Path, timeout_s: float = 120) -> Finished:
        return _git(self.path, *arguments, timeout_s=timeout_s)


def open_clone(path: Path) -> Clone:
    """The clone at a path.

    Raises `UsageError` when there is no git repository.
    """
    clone = Clone(path)
    if not path.is_dir() or not clone._git("rev-parse", "--git-dir").ok:  # noqa: SLF001
        raise UsageError(f"{path} is not a git repository.", "--repo takes the path of a clone.")
    return clone


def clone_on_demand(url: str, path: Path, *, private: bool) -> Clone:
    """The clone at `path`, made from `url` when it is not there yet.

    Raises `UsageError` when it can't be cloned, naming what a private repository needs.
    """
    if path.is_dir():
        return open_clone(path)
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    cloned = _git(None, "clone", "--quiet", url, partial, timeout_s=1800)
    if not cloned.ok:
        shutil.rmtree(partial, ignore_errors=True)
        raise _not_cloned(url, path, cloned, private=private)
    partial.rename(path)
    return Clone(path)


def _not_cloned(url: str, path: Path, cloned: Finished, *, private: bool) -> UsageError:
    hint = f"Check the network, or clone it yourself to {path}, or name a clone with --repo PATH."
    if private:
        hint = (
            "This repository is private: ask its owners for access, make sure that "
            f"`git clone {url}` works without a prompt, or name a clone with --repo PATH."
        )
    return UsageError(f"{url} could not be cloned:\n{cloned.last_lines(4)}", hint)


def _must(finished: Finished) -> None:
    if not finished.ok:
        raise UsageError(f"{finished.describe()}\n{finished.last_lines(6)}")


def _git(folder: Path | None, *arguments: str | Path, timeout_s: float = 120) -> Finished:
    quiet = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ADVICE": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    inherited = {key: value for key, value in os.environ.items() if key not in REDIRECTING}
    place = ["-C", str(folder)] if folder else []
    if folder:
        quiet["GIT_CEILING_DIRECTORIES"] = str(
            folder.resolve().parent
        )  # not a repository around it
    command = ["git", *place, "-c", "core.hooksPath=/dev/null", *map(str, arguments)]
    return run_tool(command, env=inherited | quiet, timeout_s=timeout_s)
