"""Connections that were not kept, as a stored trace of the same scenario measured them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError
from bench.core.revision import Revision
from bench.core.sample import Side
from bench.engine.store.accounts import NEW_CONNECTIONS, KeptFinding, StackRecord, read_accounts
from bench.explain.rank.ranking import Pattern, Ranking
from bench.explain.trace.findings.words import evidence_of, title_of
from bench.formats.text import day, seconds

_COMMON_S = 0.020


def new_connections(ranking: Ranking, data: Path, least_s: float) -> Iterator[Pattern]:
    """Places that get a new connection for each request, by the newest trace of this revision.

    Those that cost so much wall time there, or would with the service 20 ms away. A trace with the
    ranking's Python goes before others.
    """
    revision = ranking.environment.revision
    traces = [
        (one.python == ranking.python, one.started_at, one)
        for one in read_accounts(data)
        if not isinstance(one, DataError)
        and (one.target, one.scenario) == (ranking.target, ranking.scenario.name)
        and _sides(one, revision)
    ]
    if not traces:
        return
    newest = max(traces, key=lambda one: one[:2])[2]
    (side, *_) = _sides(newest, revision)
    for found in newest.findings:
        if found.rule == NEW_CONNECTIONS and found.side is side and _worth_s(found) >= least_s:
            yield _pattern(found, newest)


def _sides(trace: StackRecord, revision: Revision) -> list[Side]:
    """The sides of a trace that are this revision; a pair of one with itself has base alone."""
    wanted = revision.source, revision.identity
    traced = {one.side for one in trace.runs}
    both = ((side, trace.pair.side(side)) for side in Side if side in traced)
    return [side for side, one in both if (one.source, one.identity) == wanted]


def _worth_s(found: KeptFinding) -> float:
    far = [one.seconds for one in found.savings if one.round_trip_s <= _COMMON_S]
    return max([found.cost_s, *far])


def _pattern(found: KeptFinding, trace: StackRecord) -> Pattern:
    saved = ", ".join(
        f"{seconds(one.seconds)} at a round trip of {seconds(one.round_trip_s)}"
        for one in found.savings
    )
    return Pattern(
        kind="a new connection for each request",
        where=found.subject,
        evidence=f"{'; '.join((title_of(found), *evidence_of(found)))}; reusing connections "
        f"saves {saved}",
        change="keep the connection: one session or client for all requests, with a pool",
        backed_by=f"wall time in the trace of {day(trace.started_at)} (Python {trace.python}); "
        f"savings {found.grounds}",
        cost_s=found.cost_s,
        saving_s=found.savings[0].seconds if found.savings else None,
    )
