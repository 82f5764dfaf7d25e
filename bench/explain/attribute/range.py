"""The commits of a range along first parents, with the paths that each changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bench.core.errors import UsageError
from bench.core.revision import Pair, Revision, Source
from bench.engine.revisions.git import Clone
from bench.engine.revisions.history import check_ancestry, first_parents

_ADDED_OR_DELETED = {"A", "D", "T"}


class ChangedPath(msgspec.Struct, frozen=True):
    """A path that a commit changes; `stays`: it is there before and after."""

    path: str
    stays: bool = True


class RangeCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of the range, and what it changes against the one before it in the range.

    `detour` is said of a step that is no commit's contribution: from the line to where the branch
    of an opened merge began, or back with what the line did meanwhile.
    """

    revision: Revision
    author: str
    changed: tuple[ChangedPath, ...]
    merge: bool = False
    detour: str = ""


@dataclass(frozen=True)
class _OnTheWay:
    """A commit on the way from base to head; `detour` as above."""

    commit: str
    detour: str = ""


def commits_of(clone: Clone, pair: Pair, opened: Sequence[str] = ()) -> tuple[RangeCommit, ...]:
    """The commits behind the base up to the head, along first parents, oldest first.

    The merges in `opened` are replaced by the commits that they bring; where a branch began before
    the commit that it was merged onto, the way leads back to its beginning first. Every step is
    from one real commit to another, so their product is the range whatever is opened. Raises
    `UsageError` where base and head are no commits of one line, and for a merge that cannot be
    opened.
    """
    check_range(clone, pair)
    way = [_OnTheWay(commit) for commit in first_parents(clone, pair)]
    for name in opened:
        way = _with_merge_opened(clone, way, name)
    before = [pair.base.identity, *(one.commit for one in way)]
    return tuple(_commit(clone, one, other) for one, other in zip(before, way, strict=False))


def as_commits(clone: Clone, pair: Pair) -> Pair:
    """The pair with the commits of the tags that releases are named after, where there are any."""
    return msgspec.structs.replace(
        pair, base=_as_commit(clone, pair.base), head=_as_commit(clone, pair.head)
    )


def _as_commit(clone: Clone, revision: Revision) -> Revision:
    if revision.source is not Source.PYPI:
        return revision
    commit = clone.find(revision.identity)
    return clone.revision(revision.name, commit) if commit else revision


def check_range(clone: Clone, pair: Pair) -> None:
    """Raise `UsageError` where base and head are no commits of one history."""
    if not pair.base.source is pair.head.source is Source.GIT:
        raise UsageError(
            f"{pair.label} is not a range of commits: a release without a tag and a working tree "
            "have none before them.",
            "Name commits, tags or branches of the clone.",
        )
    if pair.is_same:
        raise UsageError(f"{pair.label} is one revision: there is no commit between its ends.")
    check_ancestry(clone, pair, "there is no range between them")


def _with_merge_opened(clone: Clone, way: list[_OnTheWay], name: str) -> list[_OnTheWay]:
    merge = clone.find(name)
    place = next((number for number, one in enumerate(way) if one.commit == merge), None)
    if merge is None or place is None:
        raise UsageError(
            f"--into {name}: there is no such commit on the first-parent line of the range."
        )
    first, second = clone.first_parent(merge), clone.find(f"{merge}^2")
    if first is None or second is None:
        raise UsageError(f"--into {name}: this commit is no merge.")
    branch = clone.first_parent_line(first, second)
    start = clone.first_parent(branch[0]) if branch else None
    if start is None:
        raise UsageError(
            f"--into {name}: its branch has no beginning in the history of {first[:10]}, the "
            "commit that it was merged onto.",
            "Leave this merge one step.",
        )
    brought = [_OnTheWay(one, _from_the_line(clone, one, first)) for one in branch]
    if start == first:
        return [*way[:place], *brought, *way[place:]]
    return [
        *way[:place],
        _OnTheWay(start, f"back to where the branch of {merge[:10]} began"),
        *brought,
        _OnTheWay(merge, "the merge with what the line did meanwhile"),
        *way[place + 1 :],
    ]


def _from_the_line(clone: Clone, commit: str, line: str) -> str:
    """What a commit of a branch is where it merges the line into the branch; "" for others."""
    other = clone.find(f"{commit}^2")
    if other is not None and clone.is_ancestor(other, line):
        return "brings what the line did meanwhile into the branch"
    return ""


def _commit(clone: Clone, before: str, place: _OnTheWay) -> RangeCommit:
    commit = place.commit
    return RangeCommit(
        revision=clone.revision(commit[:10], commit),
        author=clone.author(commit),
        changed=changed_paths(clone.changes(before, commit)),
        merge=clone.find(f"{commit}^2") is not None,
        detour=place.detour,
    )


def changed_paths(told: str) -> tuple[ChangedPath, ...]:
    """What `git diff-tree -r -z --no-renames` said."""
    words = told.split("\0")
    return tuple(
        ChangedPath(path, status.split()[-1][:1] not in _ADDED_OR_DELETED)
        for status, path in zip(words[::2], words[1::2], strict=False)
    )
