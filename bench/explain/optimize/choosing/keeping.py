"""Statements that stay because of what must be loaded: put back until every need is met."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.explain.optimize.choosing.needs import Need
from bench.explain.optimize.choosing.pool import Deferred
from bench.explain.optimize.choosing.savings import Savings
from bench.explain.rank.graph import ImportWalk


@dataclass(frozen=True)
class Kept:
    """A statement that is not deferred, and why."""

    deferred: Deferred
    why: str


def keep_needed(
    savings: Savings, chosen: Sequence[Deferred], needs: Mapping[str, Sequence[Need]]
) -> tuple[list[Deferred], list[Kept]]:
    """A set without what would break a need, which are by scenario; and what was taken out."""
    left, kept = list(chosen), list[Kept]()
    while True:
        before = len(kept)
        for name, need, alone in _broken(savings, left, needs):
            if not _is_met(savings, left, name, need, alone=alone):
                culprits = _culprits(savings, left, name, need, alone=alone)
                left = [one for one in left if one not in culprits]
                kept += [Kept(one, need.why) for one in culprits]
        if len(kept) == before:
            return left, kept


def _broken(
    savings: Savings, chosen: Sequence[Deferred], needs: Mapping[str, Sequence[Need]]
) -> list[tuple[str, Need, bool]]:
    """Needs that a set would break: in a scenario, or (true) where a module is imported alone."""
    found = []
    for name, some in needs.items():
        reached = _walk(savings, chosen, name, None).reached
        whole = {need.by: _walk(savings, (), name, need.by).reached for need in some}
        alone = {by: _walk(savings, chosen, name, by).reached for by in whole}
        for need in some:
            if need.by in reached and need.module not in reached:
                found.append((name, need, False))
            elif need.module in whole[need.by] - alone[need.by]:
                found.append((name, need, True))
    return found


def _is_met(
    savings: Savings, chosen: Sequence[Deferred], name: str, need: Need, *, alone: bool
) -> bool:
    reached = _walk(savings, chosen, name, need.by if alone else None).reached
    return need.module in reached or need.by not in reached


def _culprits(
    savings: Savings, chosen: Sequence[Deferred], name: str, need: Need, *, alone: bool
) -> list[Deferred]:
    """As few statements as must stay for a need, those that save least first."""
    start = need.by if alone else None
    graph = savings.scenarios[name].graph
    relevant = [
        one
        for one in chosen
        if name in one.skips and need.module in graph.skipped_by(one.skips[name])
    ]
    whole = savings.score(chosen)
    losses = {
        id(one): whole - savings.score([other for other in chosen if other is not one])
        for one in relevant
    }
    walk = _walk(savings, chosen, name, start)
    back: list[Deferred] = []
    for one in sorted(relevant, key=lambda one: (losses[id(one)], one.site.place)):
        trial = walk.branch()
        trial.put_back(one.skips[name])
        if need.module in trial.reached:
            return [one]
        back.append(one)
    return back


def _walk(
    savings: Savings, chosen: Collection[Deferred], name: str, start: str | None
) -> ImportWalk:
    graph = savings.scenarios[name].graph
    skips = [one.skips[name] for one in chosen if name in one.skips]
    return ImportWalk(graph, skips, start=None if start is None else [start])
