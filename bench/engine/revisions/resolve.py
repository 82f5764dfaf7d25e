"""Look a range up: in releases, in a clone, or in both."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from packaging.version import Version

from bench.core.errors import NothingChangedError, UsageError
from bench.core.revision import Pair, Revision, Source
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.revisions.clones import clone_on_demand, open_clone, refresh
from bench.engine.revisions.git import Clone
from bench.engine.revisions.index import Listing, PackageIndex, Release
from bench.engine.revisions.ranges import RangeSpec, RevisionName, parse_range
from bench.engine.revisions.worktree import read_working_tree
from bench.formats.text import joined

# A commit's hash, whole or abbreviated, and what may follow it (~2, ^): never moves.
_HASH = re.compile(r"[0-9a-f]{7,40}([~^][0-9~^]*)?")


def resolve_range(
    target: Target, text: str, workspace: Workspace, repo: Path | None = None
) -> Pair:
    """The pair a range means.

    Something that looks like a version is a release if the index has it, unless `repo` names a
    clone; everything else is looked up in the clone. Raises `UsageError` when a name means nothing.
    """
    spec = parse_range(text)
    lookup = _Lookup(target, workspace, repo)
    if spec.head.is_tree:
        return lookup.to_working_tree(spec)
    head = lookup.find(spec.head)
    base = lookup.before(head) if spec.base is None else lookup.find(spec.base)
    if spec.merge_base:
        base = lookup.merge_base(base, head)
    else:
        lookup.say_if_apart(base, head)
    lookup.say_if_dirty()
    return Pair(base, head, "; ".join(dict.fromkeys(lookup.origins)))


def clone_path(target: Target, workspace: Workspace, repo: Path | None = None) -> Path:
    """Where the clone of a target is or would be."""
    return repo.resolve() if repo else workspace.repos / target.name


def clone_of(target: Target, workspace: Workspace, repo: Path | None = None) -> Clone:
    """The clone of a target, with the working trees that were stored of it."""
    return Clone(clone_path(target, workspace, repo), trees=workspace.trees)


@dataclass
class _Lookup:
    target: Target
    workspace: Workspace
    repo: Path | None

    def __post_init__(self) -> None:
        self.origins: list[str] = []
        self.index = PackageIndex(self.workspace.lookups)
        self._fresh: dict[str, Listing] = {}
        self._opened: Clone | None = None
        self._refreshed = False

    def find(self, name: RevisionName) -> Revision:
        version = name.version
        releases_first = self.repo is None and self.target.released
        if version and name.source is not Source.GIT and releases_first:
            release = self._release(name.text, version)
            if release or name.source is Source.PYPI:
                return release or self._unreleased(name)
        if name.source is Source.PYPI:
            raise UsageError(f"{name.text!r} is no version of {self._names}.")
        return self._committed(name)

    def to_working_tree(self, spec: RangeSpec) -> Pair:
        """From a revision to what is in the clone's folder now.

        HEAD is the commit that is checked out. Raises `UsageError` where that is all there is.
        """
        assert spec.base is not None
        clone = dataclasses.replace(self._clone(), trees=self.workspace.trees)
        found = read_working_tree(clone)
        head, base = found.revision, found.head
        if spec.base.text not in {"HEAD", "@"}:
            base = self.find(spec.base)
        if spec.merge_base:
            base = self.merge_base(base, found.head)
        if (base.source, base.identity) == (head.source, head.identity):
            raise NothingChangedError(
                f"Nothing is changed in the working tree of {clone.path}: it is {base.name} "
                f"({base.label}).",
                "Edit a file, or name two commits: HEAD~1..HEAD.",
            )
        if not found.files:
            self.origins.append("nothing is changed in the working tree: HEAD is measured")
        if found.foreign:
            self.origins.append(
                f"repositories in the working tree are left out: {joined(found.foreign)}"
            )
        return Pair(base, head, "; ".join(dict.fromkeys(self.origins)))

    def before(self, head: Revision) -> Revision:
        if head.source is Source.PYPI:
            listing = self._listing(Version(head.identity))
            previous = listing.before(Version(head.identity))
            if previous is None:
                raise UsageError(f"{head.name} is the first release: nothing to compare with.")
            return self._released(previous.version, listing, previous)
        clone = self._clone()
        parent = clone.first_parent(head.identity)
        if parent is None:
            raise UsageError(
                f"{head.name} has no parent: nothing to compare it with.", _deepen(clone)
            )
        return clone.revision(f"{head.name}^", parent)

    def merge_base(self, base: Revision, head: Revision) -> Revision:
        if Source.PYPI in {base.source, head.source}:
            raise UsageError(
                "base...head needs commits: releases have no merge base.",
                "Write base..head, or git:TAG to mean the tags.",
            )
        clone = self._clone()
        found = clone.merge_base(base.identity, head.identity)
        if found is None:
            raise UsageError(
                f"{base.name} and {head.name} have no common ancestor.", _deepen(clone)
            )
        return clone.revision(f"{base.name}...{head.name}", found)

    def _release(self, name: str, version: Version) -> Revision | None:
        try:
            listing = self._listing(version)
        except UsageError:
            if self._has_clone():
                return None
            raise
        found = listing.find(version)
        return self._released(name, listing, found) if found else None

    def _released(self, name: str, listing: Listing, release: Release) -> Revision:
        made = released(name, release)
        several = len(self.target.distributions) > 1
        return replace(made, distribution=listing.distribution) if several else made

    def _listing(self, version: Version) -> Listing:
        """The releases under the first name that has the version, else under the first name."""
        found, failure = [], None
        for name in self.target.distributions:
            try:
                listing = self._listed(name, version)
            except UsageError as error:
                failure = error
                continue
            if listing.find(version):
                return listing
            found.append(listing)
        if failure and not found:
            raise failure
        return found[0]

    def _listed(self, distribution: str, version: Version) -> Listing:
        if distribution in self._fresh:
            return self._fresh[distribution]
        listing = self.index.remembered(distribution)
        if listing is None or listing.find(version) is None:
            listing = self._fresh[distribution] = self.index.look_up(distribution)
            self.origins.append(f"releases of {distribution} on {listing.index}, looked up now")
        else:
            when = listing.looked_up[:16].replace("T", " ")
            self.origins.append(
                f"releases of {distribution} on {listing.index}, remembered from {when} UTC"
            )
        return listing

    @property
    def _names(self) -> str:
        return " or ".join(self.target.distributions)

    def _unreleased(self, name: RevisionName) -> Revision:
        raise UsageError(
            f"{self._names} has no release {name.text}.",
            f"Releases: https://pypi.org/project/{self.target.distributions[0]}/#history",
        )

    def _committed(self, name: RevisionName) -> Revision:
        clone = self._clone()
        if clone.ours and not (_HASH.fullmatch(name.text) and clone.find(name.text)):
            self._refresh(clone)
        commit = clone.find(name.text)
        if commit is None:
            similar = clone.similar(name.text)
            hint = f"Similar names there: {', '.join(similar)}." if similar else ""
            hint = " ".join(filter(None, (hint, _deepen(clone))))
            release = f", nor a release of {self._names}" if name.version else ""
            raise UsageError(f"Unknown revision {name.text!r} in {clone.path}{release}.", hint)
        return clone.revision(name.text, commit)

    def _has_clone(self) -> bool:
        return clone_path(self.target, self.workspace, self.repo).is_dir()

    def _refresh(self, clone: Clone) -> None:
        """Once a look-up: names of branches and tags mean what they mean upstream today."""
        if not self._refreshed:
            self._refreshed = True
            self.origins.append(refresh(clone))

    def say_if_apart(self, base: Revision, head: Revision) -> None:
        """Two branches: the pair also takes back what base has and head has not."""
        if Source.PYPI in {base.source, head.source}:
            return
        clone = self._clone()
        if not clone.is_ancestor(base.identity, head.identity):
            only_base, only_head = clone.apart(base.identity, head.identity)
            self.origins.append(
                f"{base.name} is no ancestor of {head.name}: the pair adds {only_head} commits and "
                f"takes back {only_base} ({base.name}...{head.name} compares with the merge base)"
            )

    def say_if_dirty(self) -> None:
        """Two commits beside a working tree that somebody is changing."""
        if self._opened is not None and self._opened.is_dirty:
            self.origins.append("its uncommitted changes are not measured (HEAD.. measures them)")

    def _clone(self) -> Clone:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Clone:
        path = clone_path(self.target, self.workspace, self.repo)
        if self.repo is not None:
            clone = open_clone(path)
            # Kept with the data: a path says nothing to somebody else, a URL does.
            where = f"{path.name} of {clone.remote}" if clone.remote else str(path)
            self.origins.append(f"clone {where}")
            return clone
        if not self.target.clone and not path.is_dir():
            raise UsageError(
                f"{self.target.name} has no clone URL, and there is no clone at {path}.",
                "Name one with --repo PATH.",
            )
        self._refreshed = not path.is_dir()
        made = f", cloned now from {self.target.clone}" if self._refreshed else ""
        clone = clone_on_demand(self.target.clone, path, private=self.target.private)
        self.origins.append(f"clone {path.name} under {path.parent.name}/{made}")
        return clone


def _deepen(clone: Clone) -> str:
    if not clone.is_shallow:
        return ""
    return (
        f"{clone.path} is a shallow clone, which ends after a few commits: "
        f"`git -C {clone.path} fetch --unshallow --tags` brings the rest "
        "(in a GitHub workflow: fetch-depth: 0)."
    )


def released(name: str, release: Release) -> Revision:
    """A release as a revision; raises `UsageError` when the index knows no day for it."""
    if not release.uploaded:
        raise UsageError(
            f"The package index tells no upload time for {name}: no cut-off date can be set.",
            "Use another index (UV_DEFAULT_INDEX), or name commits of a clone (--repo PATH).",
        )
    return Revision(source=Source.PYPI, name=name, identity=release.version, date=release.uploaded)
