"""Where a revision's tests come from: its commit, its source distribution, or its tag."""

from __future__ import annotations

import hashlib
import json
import posixpath
import tarfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from bench.core.errors import UsageError
from bench.core.revision import Revision, Source
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.installer import is_locked
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_of, clone_path
from bench.engine.sources.release_files import fetch_sdist


class Sources(Protocol):
    """A source tree with tests. `identity` changes when its content does.

    `project` is the folder of the project in it, "" for the whole tree.
    """

    @property
    def project(self) -> str:
        """A path in the tree."""

    @property
    def identity(self) -> str:
        """A name for the content."""

    @property
    def description(self) -> str:
        """For the reader: where the tests come from."""

    @property
    def files(self) -> Collection[str]:
        """Paths of all files."""

    @property
    def is_locked(self) -> bool:
        """Whether a uv.lock decides about the project's packages."""

    def text(self, path: str) -> str:
        """The text of one of its files."""

    def put(self, folder: Path) -> None:
        """Write the tree into a new folder."""


@dataclass(frozen=True)
class CommitSources:
    """A commit of a clone, or its working tree."""

    clone: Clone
    revision: Revision
    excludes: tuple[str, ...]
    description: str
    project: str = ""

    @property
    def identity(self) -> str:
        """The commit, or the tree and what it was changed from."""
        return f"git:{self.revision.content}"

    @cached_property
    def files(self) -> Collection[str]:
        """Paths in the commit."""
        return self.clone.tree(self.revision.identity).keys()

    @property
    def is_locked(self) -> bool:
        """By a uv.lock of the project or its workspace."""
        commit = self.revision.identity
        return is_locked(self.project, self.files, lambda path: self.clone.text(commit, path))

    def text(self, path: str) -> str:
        """The file as committed."""
        return self.clone.text(self.revision.identity, path)

    def put(self, folder: Path) -> None:
        """Check it out."""
        self.clone.check_out_revision(self.revision, folder, self.excludes)


@dataclass(frozen=True)
class ArchiveSources:
    """A release's source distribution, fetched and verified."""

    archive: Path
    sha256: str
    description: str
    project: str = ""

    @property
    def identity(self) -> str:
        """The archive's hash."""
        return f"sdist:{self.sha256}"

    @cached_property
    def files(self) -> Collection[str]:
        """Paths in the archive, without its one top folder."""
        with tarfile.open(self.archive) as archive:
            return {name.partition("/")[2] for name in archive.getnames()}

    @property
    def is_locked(self) -> bool:
        """By its own uv.lock."""
        return "uv.lock" in self.files

    def text(self, path: str) -> str:
        """The file's text, "" for what is no file."""
        with tarfile.open(self.archive) as archive:
            for member in archive:
                if member.isfile() and member.name.partition("/")[2] == path:
                    content = archive.extractfile(member)
                    return content.read().decode(errors="replace") if content else ""
        return ""

    def put(self, folder: Path) -> None:
        """Unpack the archive."""
        with tarfile.open(self.archive) as archive:
            archive.extractall(folder.with_suffix(".unpacked"), filter="data")
        (top,) = folder.with_suffix(".unpacked").iterdir()
        top.rename(folder)


@dataclass(frozen=True)
class RewrittenSources:
    """Another tree with some files rewritten; see `put_texts`."""

    inner: Sources
    texts: Mapping[str, str]

    @property
    def identity(self) -> str:
        """The tree's, and the hash of what is rewritten."""
        content = json.dumps(sorted(self.texts.items())).encode()
        return f"{self.inner.identity}+{hashlib.sha256(content).hexdigest()}"

    @property
    def description(self) -> str:
        """The tree's, and that it is rewritten."""
        return f"{self.inner.description}, rewritten"

    @property
    def files(self) -> Collection[str]:
        """Paths in the tree."""
        return self.inner.files

    @property
    def project(self) -> str:
        """The tree's."""
        return self.inner.project

    @property
    def is_locked(self) -> bool:
        """As the tree is."""
        return self.inner.is_locked

    def text(self, path: str) -> str:
        """The new text of a file, or the tree's."""
        return self.texts.get(path) or self.inner.text(path)

    def put(self, folder: Path) -> None:
        """Write the tree, then the new texts over it; raises `UsageError` where one is missing."""
        self.inner.put(folder)
        put_texts(folder, self.inner, self.texts)


def put_texts(folder: Path, sources: Sources, texts: Mapping[str, str]) -> None:
    """Give files of a tree in a folder other texts, by path from its root.

    A path may also be that of an installed module, from the folder of packages; a file may be new
    in a folder that is there. Raises `UsageError` for one that has no place in the tree.
    """
    project = folder / sources.project
    for path, text in texts.items():
        places = (folder / path, project / path, project / "src" / path)
        new = (one for one in places if one.parent.is_dir())
        found = next((one for one in places if one.is_file()), None) or next(new, None)
        if found is None:
            raise UsageError(f"{path} is not in {sources.description} as it is installed")
        found.write_bytes(text.encode())


def present(paths: Iterable[str], files: Collection[str], project: str = "") -> tuple[str, ...]:
    """Those of the declared paths, seen from the project's folder, that a source tree has.

    They are files or folders; `../` leads out of the project's folder.
    """
    found = []
    for path in paths:
        place = posixpath.normpath(posixpath.join(project, path))
        if place in files or place == "." or any(file.startswith(f"{place}/") for file in files):
            found.append(path)
    return tuple(found)


def find_sources(
    target: Target,
    revision: Revision,
    workspace: Workspace,
    repo: Path | None,
    paths: Sequence[str],
) -> Sources:
    """The source tree of a revision that has at least one of some declared paths.

    That of a release is its source distribution if it holds one of them, otherwise that of the tag
    of its version in the clone, if there is a clone; none is made for it. Raises `UsageError` when
    there is none.
    """
    found: Sources | None
    if revision.source is not Source.PYPI:
        named = revision.name if revision.source is Source.TREE else f"commit {revision.label}"
        found = CommitSources(
            clone_of(target, workspace, repo),
            revision,
            target.checkout_excludes,
            named,
            target.install.folder,
        )
    else:
        found = _of_release(target, revision, workspace, repo, paths)
    if found is None:
        raise UsageError(
            f"no tests are available for release {revision.label}: its source distribution holds "
            f"none, and no clone under repos/ has its tag"
        )
    if not present(paths, found.files, found.project):
        first, *more = paths
        others = f" (nor any of {len(more)} other paths)" if more else ""
        raise UsageError(f"{revision.label} has no {first}{others}, which the target's file names")
    return found


def _of_release(
    target: Target,
    revision: Revision,
    workspace: Workspace,
    repo: Path | None,
    paths: Sequence[str],
) -> Sources | None:
    tagged = _tagged(target, revision, workspace, repo)
    name = revision.distribution or target.distributions[0]
    sdist = fetch_sdist(name, revision.identity, workspace)
    if sdist is not None:
        unpacked = ArchiveSources(
            sdist.file, sdist.sha256, f"source distribution of release {revision.label}"
        )
        if tagged is None or present(paths, unpacked.files):
            return unpacked
    return tagged


def _tagged(
    target: Target, revision: Revision, workspace: Workspace, repo: Path | None
) -> CommitSources | None:
    path = clone_path(target, workspace, repo)
    if not path.is_dir():
        return None
    clone = Clone(path)
    for tag in (revision.identity, f"v{revision.identity}"):
        commit = clone.find(f"refs/tags/{tag}")
        if commit is not None:
            words = f"tag {tag} of the clone (commit {commit[:10]})"
            return CommitSources(
                clone, clone.revision(tag, commit), target.checkout_excludes, words,
                target.install.folder,
            )  # fmt: skip
    return None
