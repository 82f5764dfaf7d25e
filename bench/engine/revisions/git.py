"""A clone of a target: look up what names mean. Nothing here writes to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.process import Finished
from bench.core.revision import Revision, Source
from bench.engine.revisions.calls import as_variables, git
from bench.engine.revisions.checkout import StoredTree, check_out, check_out_tree

# Tags of versions that are no final ones, as patterns of git.
_UNFINISHED = (
    "*[0-9]rc[0-9]*", "*[0-9][ab][0-9]*", "*dev*", "*-alpha*", "*-beta*", "*-rc*", "*.rc[0-9]*",
)  # fmt: skip


@dataclass(frozen=True)
class LoggedCommit:
    """A commit as the log tells it: its hash, those of its parents, who wrote it, its message."""

    commit: str
    parents: tuple[str, ...]
    author: str
    message: str


@dataclass(frozen=True)
class Clone:
    """A git repository on this machine; `ours` was made by this project under `repos/`.

    In a clone of ours nobody works: its remote branches are what a name means. In a user's clone
    it is their own branches. `trees` is a folder of the cache with the objects of working trees.
    """

    path: Path
    ours: bool = False
    trees: Path | None = None

    def find(self, name: str) -> str | None:
        """The full hash of the commit a name means: commit, tag (with or without v), branch."""
        if name.startswith("-"):
            return None
        candidates = [name, f"v{name}", f"origin/{name}"]
        if self.ours:
            remote = [f"refs/{kind}/{name}" for kind in ("tags", "remotes/origin")]
            candidates = [remote[0], f"refs/tags/v{name}", remote[1], name]
        for candidate in candidates:
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
        return Revision(
            source=Source.GIT, name=name, identity=commit, date=date, subject=_printable(subject)
        )

    def usual_base(self, project: str, *, is_whole: bool) -> tuple[str, str]:
        """What HEAD is compared with unless somebody says: a name, and why; ("", "") for nothing.

        On a branch beside the default one where it left that; else the last tag of a final version
        in its history, one of this project if there are such; else its parent. `is_whole`: the
        repository is that project's, so that a later tag of a bare version is its own too.
        """
        head, main = self.find("HEAD"), self._default_branch()
        if head and main and not self.is_ancestor("HEAD", main):
            fork = self.merge_base(main, "HEAD")
            if fork is not None:
                return fork[:10], f"where HEAD left {main}"
        own = tuple(f"{project}{sign}*[0-9]*" for sign in ("-", "/", "@", "=="))
        named = self._last_tag(own)
        bare = self._last_tag(("[0-9]*", "v[0-9]*")) if named and is_whole else ""
        tag = bare if bare and self.is_ancestor(named, bare) else named
        tag = tag or self._last_tag(("*[0-9]*",))
        if tag:
            return tag, "the last tag of a version before HEAD"
        return ("HEAD~1", "the commit before HEAD") if self.find("HEAD~1") else ("", "")

    def _last_tag(self, patterns: Sequence[str]) -> str:
        """The nearest in the history before HEAD that is not of a version to be tried."""
        described = self._git(
            "describe", "--tags", "--abbrev=0", *(f"--match={one}" for one in patterns),
            *(f"--exclude={one}" for one in _UNFINISHED), "HEAD^",
        )  # fmt: skip
        return described.stdout.strip()

    def _default_branch(self) -> str:
        """The branch that others start from, upstream's if it is known; "" where nothing says."""
        named = self._git("rev-parse", "--abbrev-ref", "--verify", "--quiet", "origin/HEAD")
        names = (named.stdout.strip(), "origin/main", "origin/master", "main", "master")
        return next(
            (one for one in names if one and self._git("rev-parse", "--verify", "--quiet", one).ok),
            "",
        )

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, or None when they share no history."""
        found = self._git("merge-base", one, other)
        return found.stdout.strip() if found.ok else None

    @property
    def origin_url(self) -> str:
        """The URL of its remote `origin`; "" when it has none."""
        return self._git("config", "--get", "remote.origin.url").stdout.strip()

    @property
    def remote(self) -> str:
        """Where it was cloned from, when that is a URL without a user's name; "" otherwise."""
        url = self.origin_url
        return url if "://" in url and "@" not in url else ""

    @property
    def is_shallow(self) -> bool:
        """Whether it lacks the history before some commits, as clones made with --depth do."""
        return self._git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"

    @property
    def is_dirty(self) -> bool:
        """Whether files that git knows differ from what is committed."""
        return bool(
            self._git(
                "--no-optional-locks", "status", "--porcelain", "--untracked-files=no"
            ).stdout.strip()
        )

    @property
    def git_folder(self) -> Path:
        """Where its objects and references are, also when it is bare or a linked worktree."""
        found = self._git("rev-parse", "--path-format=absolute", "--git-common-dir")
        return Path(found.stdout.strip())

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether a commit is in the history of another, or is that other."""
        return self._git("merge-base", "--is-ancestor", one, other).ok

    def apart(self, one: str, other: str) -> tuple[int, int]:
        """How many commits only the first of two has in its history, and how many the second."""
        counted = self._git("rev-list", "--left-right", "--count", f"{one}...{other}")
        left, right = counted.stdout.split() or ("0", "0")
        return int(left), int(right)

    def first_parent_line(self, base: str, head: str) -> list[str]:
        """Commits from (without) base to head along first parents, oldest first."""
        listed = self._git("rev-list", "--first-parent", "--reverse", f"{base}..{head}")
        return listed.stdout.split()

    def tags(self) -> dict[str, str]:
        """The commits that tags mean, by tag."""
        return self._tags("refs/tags")

    def tags_between(self, base: str, head: str) -> dict[str, str]:
        """Commits by tag, for tags in the history of head that have base in theirs."""
        found = self._tags(f"--contains={base}", f"--merged={head}", "refs/tags")
        return {name: commit for name, commit in found.items() if commit != base}

    def _tags(self, *which: str) -> dict[str, str]:
        form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
        listed = self._git("for-each-ref", f"--format={form}", *which)
        rows = (line.split("\0") for line in listed.stdout.splitlines())
        return {name: peeled or commit for name, commit, peeled in rows}

    def first_parent(self, commit: str) -> str | None:
        """The first parent, or None for a root commit and where a shallow clone ends."""
        return self.find(f"{commit}^1")

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

    def changes(self, one: str, other: str) -> str:
        """What differs between two trees, as `git diff-tree -r -z` says it."""
        return self._git("diff-tree", "-r", "-z", "--no-renames", one, other).stdout

    def author(self, commit: str) -> str:
        """The name of who wrote a commit."""
        said = self._git("show", "--no-patch", "--format=%an", commit)
        return _printable(said.stdout.strip())

    def log(self, base: str, head: str) -> list[LoggedCommit]:
        """All commits in the history of head that are not in base's, the oldest first."""
        form = "--format=%H%x00%P%x00%an%x00%B%x00%x00"
        said = self._git("log", "--topo-order", "--reverse", "-z", form, f"{base}..{head}")
        return [_logged(one) for one in said.stdout.split("\0\0\0") if one.strip("\0\n")]

    def logged(self, commit: str) -> LoggedCommit:
        """One commit with its message."""
        return _logged(
            self._git("show", "--no-patch", "--format=%H%x00%P%x00%an%x00%B", commit).stdout
        )

    def text(self, commit: str, path: str) -> str:
        """The content of a file of a commit; "" where there is none."""
        return self._git("show", f"{commit}:{path}").stdout

    def grep(self, commit: str, pattern: str, *paths: str) -> list[tuple[str, int, str]]:
        """Lines of a commit's text files that match an extended regular expression.

        As (path, line, text); all files, or those below `paths`.
        """
        found = self._git("grep", "-I", "-n", "-z", "-E", "-e", pattern, commit, "--", *paths)
        rows = (row.split("\0", 2) for row in found.stdout.splitlines() if row.count("\0") >= 2)
        return [(path.partition(":")[2], int(line), text) for path, line, text in rows]

    def check_out(self, commit: str, folder: Path, excludes: Sequence[str] = ()) -> None:
        """Check a commit out into a new folder, whole or not at all.

        `excludes` are patterns as in .gitignore. Raises `UsageError` with what is missing.
        """
        check_out(self.path, commit, folder, excludes)

    def check_out_revision(
        self, revision: Revision, folder: Path, excludes: Sequence[str] = ()
    ) -> None:
        """The same for a commit or a working tree."""
        if revision.source is not Source.TREE:
            self.check_out(revision.identity, folder, excludes)
            return
        assert self.trees is not None
        stored = StoredTree(revision.identity, revision.parent, self.trees)
        check_out_tree(self.path, stored, folder, excludes)

    def _git(self, *arguments: str | Path, timeout_s: float = 120) -> Finished:
        return git(self.path, *arguments, timeout_s=timeout_s, variables=as_variables(self.trees))


def _logged(told: str) -> LoggedCommit:
    commit, parents, author, message = told.strip("\0\n").split("\0", 3)
    return LoggedCommit(commit, tuple(parents.split()), _printable(author), message.strip("\0\n"))


def _printable(text: str) -> str:
    """Foreign text without control characters and those that turn the direction of writing."""
    return "".join(" " if unicodedata.category(one) in {"Cc", "Cf"} else one for one in text)
