"""Commits and branches made in a clone with git's plumbing: nobody's files or index are touched."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import UsageError
from bench.engine.revisions.calls import git, must
from bench.engine.revisions.git import Clone

_HEADS = "refs/heads/"
_SLUG = re.compile(r"[^a-z0-9]+")
_UNTIL = re.compile(r" until .*\bneed(s|ed)\b.*")
_LONGEST = 50
_FILE = "100644"


@dataclass(frozen=True)
class Workshop:
    """Where commits are made: objects and branches of a clone, an index of our own."""

    clone: Clone

    def check_identity(self) -> None:
        """Raise `UsageError` where git does not know whose commits these are."""
        for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            if not git(self.clone.path, "var", who).ok:
                raise UsageError(
                    "git does not know whose name the commits shall bear.",
                    'Tell it: git config --global user.name "…"; git config --global user.email …',
                )

    def commit(self, parent: str, texts: Mapping[str, str], message: str) -> str:
        """A commit on top of `parent` with these files' texts; returns its hash.

        Nothing refers to it until a branch is pointed at it. Raises `UsageError` where git fails.
        """
        with tempfile.TemporaryDirectory(prefix="bench-index-") as folder:
            place = Path(folder)
            index = {"GIT_INDEX_FILE": str(place / "index")}
            self._git("read-tree", parent, variables=index)
            modes = self._modes(parent)
            for number, (path, text) in enumerate(sorted(texts.items())):
                file = place / f"{number}"
                file.write_bytes(text.encode("utf-8"))
                blob = self._git("hash-object", "-w", "--no-filters", "--", file)
                entry = f"{modes.get(path, _FILE)},{blob},{path}"
                self._git("update-index", "--add", "--cacheinfo", entry, variables=index)
            tree = self._git("write-tree", variables=index)
        return self.commit_tree(tree, parent, message)

    def commit_tree(self, tree: str, parent: str, message: str) -> str:
        """A commit of a tree, or of what another commit has as its tree."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="bench-message-") as file:
            file.write(message)
            file.flush()
            return self._git("commit-tree", f"{tree}^{{tree}}", "-p", parent, "-F", file.name)

    def moved(self, commit: str, onto: str, message: str) -> str | None:
        """The change of one commit on top of another; None where it does not apply there."""
        parent = self._git("rev-parse", "--verify", f"{commit}^1")
        # Two children of one parent: git's merge of them is the change on top of the other.
        other = self.commit_tree(onto, parent, "the other side")
        merged = git(self.clone.path, "merge-tree", "--write-tree", other, commit)
        if not merged.ok:
            return None
        tree = merged.stdout.split()[0]
        return None if tree == self.tree(onto) else self.commit_tree(tree, onto, message)

    def tree(self, commit: str) -> str:
        """The hash of a commit's content."""
        return self._git("rev-parse", "--verify", f"{commit}^{{tree}}")

    def find(self, branch: str) -> str | None:
        """The commit that a branch of the clone points at."""
        found = git(self.clone.path, "rev-parse", "--verify", "--quiet", f"{_HEADS}{branch}")
        return found.stdout.strip() if found.ok else None

    def check_name(self, branch: str) -> None:
        """Raise `UsageError` where no branch can have that name, or somebody works on it."""
        if not git(self.clone.path, "check-ref-format", "--branch", branch).ok:
            raise UsageError(f"{branch!r} is no name for a branch.")
        if f"branch {_HEADS}{branch}" in self._worktrees():
            raise UsageError(
                f"Branch {branch} is checked out, and what is checked out is not changed.",
                "Name another one with --branch, or switch to another.",
            )

    def point(self, branch: str, commit: str, *, before: str | None) -> None:
        """Point a branch at a commit, if it still is where it was (None: there is none).

        Raises `UsageError` where somebody else has moved it, or works on it.
        """
        self.check_name(branch)
        old = before or "0" * 40
        moved = git(
            self.clone.path, "update-ref", "--create-reflog", "-m", "bench optimize",
            f"{_HEADS}{branch}", commit, old,
        )  # fmt: skip
        if not moved.ok:
            raise UsageError(
                f"Branch {branch} is not where this optimisation left it: {moved.last_lines(1)}",
                "Name another one with --branch.",
            )

    def _worktrees(self) -> list[str]:
        return git(self.clone.path, "worktree", "list", "--porcelain").stdout.splitlines()

    def _modes(self, commit: str) -> dict[str, str]:
        listed = git(self.clone.path, "ls-tree", "-r", "-z", "--full-tree", commit).stdout
        entries = (line.split("\t", 1) for line in listed.split("\0") if line)
        return {path: told.split()[0] for told, path in entries}

    def _git(self, *words: str | Path, variables: Mapping[str, str] | None = None) -> str:
        return must(git(self.clone.path, *words, variables=variables)).stdout.strip()


def branch_of_step(title: str) -> str:
    """`perf/defer-git-and-requests` for "defer git and requests until a command needs them"."""
    words = _SLUG.sub("-", _UNTIL.sub("", title.lower())).strip("-")
    while len(words) > _LONGEST and "-" in words:
        words = words.rpartition("-")[0]
    return f"perf/{words[:_LONGEST] or 'change'}"
