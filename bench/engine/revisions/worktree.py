"""The working tree of a clone as a revision: what `git add --all` would store, and where it is.

Everything is done with an index of our own, and new objects go to a folder of the cache: the
clone's index, stash, references and objects stay as they are. Files that would be stored by a
program (a `clean` filter) are refused, since such programs write to the clone.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from bench.core.errors import UsageError
from bench.core.revision import Revision, Source
from bench.core.scratch import scratch_folder
from bench.engine.revisions.calls import as_variables, git, must
from bench.engine.revisions.git import Clone
from bench.formats.text import counted, joined

_METADATA = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "uv.lock"})
_NAMED = 3
_MOST_BYTES = 1 << 30
_A_TIME = 1000  # paths on a command line
# What has to do with the way the clone's index is kept; ours is a plain one.
_PLAIN = (
    "core.splitIndex=false", "core.untrackedCache=false", "core.safecrlf=false",
    "advice.addEmbeddedRepo=false", "advice.addIgnoredFile=false",
)  # fmt: skip


@dataclass(frozen=True)
class WorkingTree:
    """A working tree as it was; `head` is the commit that is checked out.

    `files` differ from that commit; `foreign` are repositories of their own, which are left out.
    """

    head: Revision
    tree: str
    files: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    @property
    def revision(self) -> Revision:
        """The tree as a revision; the commit itself where no file differs."""
        if not self.files:
            return self.head
        named = ", ".join(self.files[:_NAMED]) + ", …" * (len(self.files) > _NAMED)
        return replace(
            self.head,
            source=Source.TREE,
            name=f"HEAD + {counted(len(self.files), 'file')}",
            identity=self.tree,
            date=self._date,
            subject=named,
            parent=self.head.identity,
        )

    @property
    def _date(self) -> str:
        """That of the commit; today where files say which packages there must be."""
        today = f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z"
        return max(self.head.date, today) if any(map(_is_metadata, self.files)) else self.head.date


def read_working_tree(clone: Clone) -> WorkingTree:
    """Look at the working tree of a clone, and store what is new in it under `clone.trees`.

    Raises `UsageError` where there is none, or where it can't be measured as it is.
    """
    assert clone.trees is not None
    if git(clone.path, "rev-parse", "--is-inside-work-tree").stdout.strip() != "true":
        raise UsageError(
            f"{clone.path} is a bare clone, which has no working tree.",
            "Name the clone that you work in with --repo PATH.",
        )
    commit = git(clone.path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").stdout.strip()
    if not commit:
        raise UsageError(
            f"{clone.path} has no commit yet.", "Commit something to compare the files with."
        )
    clone.trees.mkdir(parents=True, exist_ok=True)
    with scratch_folder(clone.trees.with_name("scratch"), "index-") as folder:
        return _Look(clone, commit, folder / "index").run()


@dataclass
class _Look:
    clone: Clone
    commit: str
    index: Path
    foreign: list[str] = field(default_factory=list)

    def run(self) -> WorkingTree:
        self._copy_index()
        self._refuse_conflicts()
        self._refuse_changed_submodules()
        changed = self._changed()
        self._refuse_filtered(changed)
        self._refuse_large(changed)
        tree = self._store()
        listed = self._git(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", self.commit, tree
        )
        return WorkingTree(
            head=self.clone.revision("HEAD", self.commit),
            tree=tree,
            files=tuple(_split(listed)),
            foreign=tuple(self.foreign),
        )

    def _copy_index(self) -> None:
        """The clone's index with its time: by it git tells what may have changed since."""
        place = self._place("index")
        if place.is_file():
            shutil.copy2(place, self.index)
        else:
            self._git("read-tree", self.commit)

    def _refuse_conflicts(self) -> None:
        listed = _split(self._git("ls-files", "--unmerged", "-z"))
        unmerged = list(dict.fromkeys(row.partition("\t")[2] for row in listed))
        if unmerged:
            raise UsageError(
                f"The working tree of {self.clone.path} has conflicts: {_some(unmerged)}.",
                "Resolve them (`git add` marks a file as resolved).",
            )

    def _refuse_changed_submodules(self) -> None:
        if not (self.clone.path / ".gitmodules").is_file():
            return
        told = self._git(
            "status", "--porcelain=v2", "-z", "--ignore-submodules=none", "--untracked-files=no",
            "--no-renames",
        )  # fmt: skip
        rows = [row.split(" ", 8) for row in _split(told) if row.startswith("1 ")]
        dirty = [row[8] for row in rows if row[2].startswith("S") and row[2][2:] != ".."]
        if dirty:
            raise UsageError(
                f"The submodule {_some(dirty)} has changes that are not committed, and a revision "
                "names a submodule's commit.",
                "Commit them in the submodule (its new commit then counts as a change here).",
            )

    @cached_property
    def _filters(self) -> list[str]:
        """The filters that git would run a program for."""
        found = git(self.clone.path, "config", "--name-only", "--get-regexp", r"^filter\.")
        names = (line.removeprefix("filter.").rpartition(".")[0] for line in found.stdout.split())
        return sorted(set(filter(None, names)))

    def _changed(self) -> list[str]:
        """Files that differ from the index and files that it has not, the ignored ones aside."""
        listed = _split(
            self._git("ls-files", "-z", "--modified", "--others", "--exclude-standard")
        )  # fmt: skip
        self.foreign = sorted({path.rstrip("/") for path in listed if path.endswith("/")})
        return sorted({path for path in listed if not path.endswith("/")})

    def _refuse_filtered(self, changed: Sequence[str]) -> None:
        if not self._filters:
            return
        words: list[str] = []
        for at in range(0, len(changed), _A_TIME):
            some = changed[at : at + _A_TIME]
            words += _split(self._git("check-attr", "-z", "filter", "--", *some))
        for path, name in zip(words[::3], words[2::3], strict=True):
            if name in self._filters:
                raise UsageError(
                    f"{path} differs from what is committed, and git stores it through a program "
                    f"(the filter {name!r}), which writes to the clone.",
                    "Commit the file. If its content is as committed, `git status` makes git see "
                    "so.",
                )

    def _refuse_large(self, changed: Sequence[str]) -> None:
        sizes = {path: _size(self.clone.path / path) for path in changed}
        if sum(sizes.values()) > _MOST_BYTES:
            largest = max(sizes, key=lambda path: sizes[path])
            raise UsageError(
                f"{counted(len(changed), 'file')} of {self.clone.path} are new or changed, "
                f"{sum(sizes.values()) >> 20} MB in all; the largest is {largest}.",
                "Have git ignore what is no part of the project (.gitignore, .git/info/exclude).",
            )

    def _store(self) -> str:
        """Take all of it into the index; returns the tree."""
        assert self.clone.trees is not None
        variables = {
            "GIT_OBJECT_DIRECTORY": str(self.clone.trees),
            **as_variables(self._place("objects")),
        }
        left_out = [f":(exclude,top,literal){path}" for path in self.foreign]
        self._git("add", "--all", "--", ":/", *left_out, variables=variables)
        return self._git("write-tree", variables=variables).strip()

    def _place(self, name: str) -> Path:
        told = git(self.clone.path, "rev-parse", "--path-format=absolute", "--git-path", name)
        return Path(must(told).stdout.strip())

    def _git(
        self,
        *words: str,
        variables: dict[str, str] | None = None,
    ) -> str:
        chosen = [word for one in (*_PLAIN, *_without(self._filters)) for word in ("-c", one)]
        own = {
            "GIT_INDEX_FILE": str(self.index),
            "GIT_OPTIONAL_LOCKS": "0",
            **as_variables(self.clone.trees),
            **(variables or {}),
        }
        done = git(
            self.clone.path, *chosen, *words, timeout_s=600, variables=own, as_user=True
        )  # fmt: skip
        return must(done).stdout


def _without(filters: Sequence[str]) -> list[str]:
    """Settings under which no filter runs: any command that writes the index may look at files."""
    return [
        f"filter.{name}.{what}"
        for name in filters
        for what in ("clean=", "smudge=", "process=", "required=false")
    ]


def _split(text: str) -> list[str]:
    return [one for one in text.split("\0") if one]


def _some(paths: Sequence[str]) -> str:
    return joined([*paths[:_NAMED], *(["…"] if len(paths) > _NAMED else [])])


def _is_metadata(path: str) -> bool:
    name = PurePosixPath(path).name
    return name in _METADATA or (name.startswith("requirements") and name.endswith(".txt"))


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:  # it is gone
        return 0
