"""Which of the measured pairs an argument means."""

from __future__ import annotations

from bench.core.revision import Pair, Revision, Source

_SHORTEST_HASH = 4


def matches(pair: Pair, asked: str) -> bool:
    """Whether `base..head`, or the name of a head, is this pair."""
    base, separator, head = asked.partition("..")
    if not separator:
        return _is(pair.head, asked)
    return _is(pair.base, base) and _is(pair.head, head.removeprefix("."))


def _is(revision: Revision, asked: str) -> bool:
    shortened = (
        revision.source is Source.GIT
        and len(asked) >= _SHORTEST_HASH
        and revision.identity.startswith(asked)
    )
    return shortened or asked in {revision.name, revision.identity}
