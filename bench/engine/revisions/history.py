"""A range and `--every N` or `--tags` → the revisions that lie between its ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from bench.core.errors import UsageError
from bench.core.revision import Pair, Revision, Source
from bench.core.series import Points, Selection
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.revisions.git import Clone
from bench.engine.revisions.index import PackageIndex
from bench.engine.revisions.ranges import RevisionName
from bench.engine.revisions.resolve import clone_path, released


def find_points(
    target: Target, pair: Pair, selection: Selection, workspace: Workspace, repo: Path | None = None
) -> Points:
    """The points of a series from a pair that was looked up; `pair.base` is the anchor.

    Commits are taken along the first-parent history of the head, tags from all of its history.
    The head is always the last point. Raises `UsageError` when the two ends are no history, or
    nothing lies between them.
    """
    if pair.is_same:
        raise UsageError(f"{pair.label} is one revision: there is no history between its ends.")
    if pair.base.source is not pair.head.source:
        raise UsageError(
            f"{pair.label} goes from a {_KINDS[pair.base.source]} to a "
            f"{_KINDS[pair.head.source]}: there is no history between them.",
            "git:NAME or pypi:NAME says which of both a name means.",
        )
    if pair.head.source is Source.PYPI:
        between, points = _releases(target, pair, selection, workspace)
    else:
        clone = Clone(clone_path(target, workspace, repo))
        check_ancestry(clone, pair, "a series goes forward")
        between, points = (
            _commits(clone, pair, selection.every)
            if selection.every
            else _tags(target, clone, pair)
        )
    return Points(
        anchor=pair.base, points=points, selection=selection, origin=pair.origin, between=between
    )


_PREFIXED = re.compile(r"(?P<prefix>[A-Za-z].*[-_/@=.])v?\d+(\.\d+)+\S*")
_KINDS = {Source.GIT: "commit", Source.PYPI: "release", Source.TREE: "working tree"}


def _releases(
    target: Target, pair: Pair, selection: Selection, workspace: Workspace
) -> tuple[int, tuple[Revision, ...]]:
    if selection.every:
        raise UsageError(
            f"--every counts commits, and {pair.label} are releases.",
            "--tags takes every release between; git:NAME..git:NAME means the tags' commits.",
        )
    first, last = Version(pair.base.identity), Version(pair.head.identity)
    if first > last:
        raise UsageError(
            f"{pair.head.label} is older than {pair.base.label}: a series goes forward.",
            f"Write {pair.head.label}..{pair.base.label}.",
        )
    index = PackageIndex(workspace.lookups)
    name = pair.head.distribution or target.distributions[0]
    listing = index.remembered(name) or index.look_up(name)
    between = tuple(
        replace(released(one.version, one), distribution=pair.head.distribution)
        for one in listing.releases
        if first < Version(one.version) < last
        and not one.yanked
        and not Version(one.version).is_prerelease
    )
    return len(between), _all_but_the_end(between, pair, "release")


def check_ancestry(clone: Clone, pair: Pair, words: str) -> None:
    """Raise `UsageError` where the base is no ancestor of the head; `words` say what of it."""
    base, head = pair.base, pair.head
    if clone.is_ancestor(base.identity, head.identity):
        return
    if clone.is_ancestor(head.identity, base.identity):
        hint = f"The other way round it is: {head.name}..{base.name}."
    elif clone.is_shallow:
        hint = f"The clone lacks older commits: git -C {clone.path} fetch --unshallow."
    else:
        hint = f"{base.name}...{head.name} starts at their merge base."
    raise UsageError(f"{base.name} is no ancestor of {head.name}: {words}.", hint)


def first_parents(clone: Clone, pair: Pair, aside: str = "") -> list[str]:
    """The commits behind the base up to the head, along first parents, oldest first.

    Raises `UsageError` where the base is not on that line; `aside` says what is done along it.
    """
    line = clone.first_parent_line(pair.base.identity, pair.head.identity)
    fork = clone.first_parent(line[0])
    if fork != pair.base.identity:
        where = f"{fork[:10]} is the last commit of that line before it" if fork else "nor its root"
        raise UsageError(
            f"{pair.base.name} was merged into the history of {pair.head.name} and is not on its "
            f"first-parent line{aside}; {where}.",
            f"Write {fork[:10]}..{pair.head.name}." if fork else "",
        )
    return line


def _commits(clone: Clone, pair: Pair, every: int) -> tuple[int, tuple[Revision, ...]]:
    line, head = first_parents(clone, pair, ", along which --every counts"), pair.head.identity
    chosen = [commit for number, commit in enumerate(line, 1) if number % every == 0]
    points = [clone.revision(commit[:10], commit) for commit in chosen if commit != head]
    return len(line), (*points, pair.head)


def _tags(target: Target, clone: Clone, pair: Pair) -> tuple[int, tuple[Revision, ...]]:
    """Final versions' tags that contain the anchor and are contained in the head, by version."""
    found: dict[str, tuple[Version, str]] = {}
    tags = clone.tags_between(pair.base.identity, pair.head.identity)
    prefix = _prefix(target, pair, tags)
    for name, commit in tags.items():
        version = RevisionName(name.removeprefix(prefix)).version
        if version is None or version.is_prerelease or commit == pair.head.identity:
            continue
        if commit not in found or version > found[commit][0]:
            found[commit] = (version, name)
    ordered = sorted(found.items(), key=lambda item: item[1][0])
    between = tuple(clone.revision(name, commit) for commit, (_version, name) in ordered)
    return len(between), _all_but_the_end(between, pair, "tag of a final version")


def _prefix(target: Target, pair: Pair, tags: Iterable[str]) -> str:
    """What stands before the version in this project's tags: `name-1.2`, `release/1.2`, ….

    What the ends of the range begin with; else nothing, where there are such tags; else the only
    prefix that there is, or the one with the project's name.
    """
    for end in (pair.head, pair.base):
        typed = _PREFIXED.fullmatch(end.name)
        if typed:
            return typed["prefix"]
    if any(RevisionName(tag).version for tag in tags):
        return ""
    found = {match["prefix"] for tag in tags if (match := _PREFIXED.fullmatch(tag))}
    own = {canonicalize_name(name) for name in (*target.distributions, target.name)}
    named = {one for one in found if canonicalize_name(one.rstrip("-_/@=.v")) in own}
    chosen = named if len(found) > 1 else found
    return min(chosen, default="")


def _all_but_the_end(between: tuple[Revision, ...], pair: Pair, kind: str) -> tuple[Revision, ...]:
    if not between:
        raise UsageError(
            f"There is no {kind} between {pair.base.label} and {pair.head.label}.",
            "Without --tags the two are measured as a pair; --every N takes commits.",
        )
    return (*between, pair.head)
