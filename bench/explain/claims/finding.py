"""The claims of a range of commits, each with what can test it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from bench.core.revision import Pair, Revision
from bench.core.target import Target
from bench.engine.revisions.git import Clone, LoggedCommit
from bench.explain.claims.choosing import choose, vocabulary_of
from bench.explain.claims.code import CloneTexts, CommitCode
from bench.explain.claims.messages import MessageClaim, find_claims
from bench.explain.claims.record import SpeedClaim

_ALIKE = 0.1  # figures whose ln differ by less are one, told with fewer digits


@dataclass(frozen=True)
class ClaimsFound:
    """What the messages of a range claim; `commits` were read, `repeated` claim once more."""

    claims: tuple[SpeedClaim, ...]
    commits: int
    repeated: int = 0


@dataclass(frozen=True)
class _Told:
    """A commit, what it claims, and the merge that gives other figures for it."""

    commit: LoggedCommit
    claim: MessageClaim
    merge: str = ""


def claims_of_range(
    clone: Clone, target: Target, pair: Pair, say: Callable[[str], object]
) -> ClaimsFound:
    """The claims of all commits behind the base up to the head, the oldest first.

    A merge that claims what a commit claims that it brings is told once, of the commit.
    """
    commits = clone.log(pair.base.identity, pair.head.identity)
    told, repeated = _once(clone, target, commits)
    line = {pair.base.identity, *clone.first_parent_line(pair.base.identity, pair.head.identity)}
    parents = {one.commit: one.parents for one in commits}
    say(f"looking up what can test {len(told)} claims")
    read, found = CloneTexts(clone), []
    for one in told:
        base = one.commit.parents[0]
        older = _older_base(one.commit.commit, base, line, parents)
        found.append(_tested(read, target, one, base, older))
    return ClaimsFound(tuple(found), len(commits), repeated)


def claims_of_message(clone: Clone, target: Target, pair: Pair, commit: str) -> ClaimsFound:
    """What one message claims, to be tested on a pair as a whole."""
    logged = clone.logged(commit)
    head = replace(logged, commit=pair.head.identity)
    claims = find_claims(logged.message, vocabulary_of(target))
    told = [_Told(head, one, logged.commit) for one in claims]
    read = CloneTexts(clone)
    found = tuple(_tested(read, target, one, pair.base.identity, None) for one in told)
    return ClaimsFound(found, 1)


def _once(clone: Clone, target: Target, commits: Sequence[LoggedCommit]) -> tuple[list[_Told], int]:
    """Every claim once, and how many were left out."""
    vocabulary = vocabulary_of(target)
    found: dict[str, list[_Told]] = {}
    messages = set[str]()
    repeated = 0
    for commit in commits:
        if not commit.parents:
            continue
        claims = find_claims(commit.message, vocabulary)
        if commit.message in messages and claims:  # picked onto another branch
            repeated += len(claims)
            continue
        messages.add(commit.message)
        own = [_Told(commit, one) for one in claims]
        if len(commit.parents) > 1 and own:
            first, second = commit.parents[:2]
            for brought in clone.first_parent_line(first, second)[::-1]:
                below, own, folded = _folded(found.get(brought, []), own)
                found[brought] = below
                repeated += folded
        if own:
            found[commit.commit] = own
    order = {one.commit: number for number, one in enumerate(commits)}
    told = [one for each in sorted(found, key=order.__getitem__) for one in found[each]]
    return told, repeated


def _folded(below: Sequence[_Told], above: Sequence[_Told]) -> tuple[list[_Told], list[_Told], int]:
    """The claims of a commit and of the merge above it, without those that are told twice.

    A merge's figure is that of the tool or of the pull request: it stands where the commit's text
    has none, or another one.
    """
    kept, left = list(below), []
    for one in above:
        place = next((n for n, own in enumerate(kept) if _is_same(own.claim, one.claim)), None)
        if place is None:
            left.append(one)
            continue
        own = kept[place].claim
        if one.claim.ratio is not None and not _alike(own.ratio, one.claim.ratio):
            figures = replace(own, ratio=one.claim.ratio, before_s=None, after_s=None)
            kept[place] = replace(kept[place], claim=figures, merge=one.commit.commit)
    return kept, left, len(above) - len(left)


def _is_same(own: MessageClaim, merged: MessageClaim) -> bool:
    if merged.ratio is None or _alike(own.ratio, merged.ratio):
        return True
    return own.subject is not None and own.subject == merged.subject


def _alike(one: float | None, other: float | None) -> bool:
    return bool(one and other) and abs(math.log((one or 1) / (other or 1))) < _ALIKE


def _older_base(
    commit: str, base: str, line: set[str], parents: Mapping[str, Sequence[str]]
) -> str | None:
    """Where the branch of a commit began, unless that is its parent."""
    if commit in line:
        return None
    for one in _first_parents(base, parents):
        if one in line:
            return one if one != base else None
    return None


def _first_parents(commit: str, parents: Mapping[str, Sequence[str]]) -> Iterator[str]:
    while True:
        yield commit
        above = parents.get(commit)
        if not above:
            return
        commit = above[0]


def _tested(
    read: CloneTexts, target: Target, told: _Told, base: str, older: str | None
) -> SpeedClaim:
    claim, clone = told.claim, read.clone
    code = CommitCode(read, target, base, told.commit.commit)
    choice = choose(claim, target, code)
    return SpeedClaim(
        commit=_revision(clone, told.commit.commit),
        base=_revision(clone, base),
        older=_revision(clone, older) if older else None,
        author=told.commit.author,
        told_by=told.merge,
        kind=str(choice.kind or ""),
        what=choice.what,
        ratio=claim.ratio,
        before_s=claim.before_s,
        after_s=claim.after_s,
        older_base=claim.older_base,
        net=claim.net,
        python=claim.python,
        candidates=choice.candidates,
        reason=choice.reason,
    )


def _revision(clone: Clone, commit: str) -> Revision:
    """A commit without its title: nothing of a message is stored."""
    return msgspec.structs.replace(clone.revision(commit[:10], commit), subject="")


def python_versions(claims: Iterable[SpeedClaim]) -> list[str]:
    """The Pythons that claims name, in their order."""
    return list(dict.fromkeys(one.python for one in claims if one.python))
