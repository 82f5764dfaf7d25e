"""The commits of a range along first parents, with the paths that each changes."""

from __future__ import annotations

from collections.abc import Sequence

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
    """A commit of the range, and what it changes against the one before it in the range."""

    revision: Revision
    author: str
    changed: tuple[ChangedPath, ...]
    merge: bool = False


def commits_of(clone: Clone, pair: Pair, opened: Sequence[str] = ()) -> tuple[RangeCommit, ...]:
    """The commits behind the base up to the head, along first parents, oldest first.

    The merges in `opened` are replaced by the commits that they bring. Raises `UsageError` where
    base and head are no commits of one line, and for a merge that cannot be opened.
    """
    _check(clone, pair)
    line, base = first_parents(clone, pair), pair.base.identity
    for name in opened:
        line = _with_merge_opened(clone, line, base, name)
    before = [base, *line]
    return tuple(_commit(clone, one, other) for one, other in zip(before, line, strict=False))


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


def _check(clone: Clone, pair: Pair) -> None:
    if not pair.base.source is pair.head.source is Source.GIT:
        raise UsageError(
            f"{pair.label} is not a range of commits: a release without a tag and a working tree "
            "have none before them.",
            "Name commits, tags or branches of the clone.",
        )
    if pair.is_same:
        raise UsageError(f"{pair.label} is one revision: there is no commit between its ends.")
    check_ancestry(clone, pair, "there is no range between them")


def _with_merge_opened(clone: Clone, line: list[str], base: str, name: str) -> list[str]:
    merge = clone.find(name)
    if merge not in line:
        raise UsageError(f"--into {name}: there is no such commit on the first-parent line.")
    second = clone.find(f"{merge}^2")
    if second is None:
        raise UsageError(f"--into {name}: this commit is no merge.")
    place = line.index(merge)
    first = line[place - 1] if place else base
    fork = clone.merge_base(first, second)
    if fork != first:
        raise UsageError(
            f"--into {name}: its branch began before {first[:10]}, the commit that it was merged "
            "onto, so that its commits lie beside the line and not on it.",
            f"Attribute the branch by itself: {(fork or base)[:10]}..{second[:10]}.",
        )
    return [*line[:place], *clone.first_parent_line(first, second), *line[place:]]


def _commit(clone: Clone, before: str, commit: str) -> RangeCommit:
    return RangeCommit(
        revision=clone.revision(commit[:10], commit),
        author=clone.author(commit),
        changed=changed_paths(clone.changes(before, commit)),
        merge=clone.find(f"{commit}^2") is not None,
    )


def changed_paths(told: str) -> tuple[ChangedPath, ...]:
    """What `git diff-tree -r -z --no-renames` said."""
    words = told.split("\0")
    return tuple(
        ChangedPath(path, status.split()[-1][:1] not in _ADDED_OR_DELETED)
        for status, path in zip(words[::2], words[1::2], strict=False)
    )
