"""A set of statements as coherent changes: what frees the same packages goes together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from bench.explain.optimize.choosing.pool import Deferred
from bench.explain.optimize.choosing.savings import Savings, Skipped
from bench.explain.rank.costs import grouping

_BOXES = 40  # packages that are looked at, those that cost most first
_STATEMENTS = 4  # so many are worth `least`; each one more a part of it


@dataclass(frozen=True, kw_only=True)
class Group:
    """Statements of one change; `saves_s` on top of the groups before it, by scenario.

    `vanished` are the modules that go with it in some scenario. The rest of a set is a group too.
    """

    deferred: tuple[Deferred, ...]
    saves_s: dict[str, float]
    vanished: frozenset[str]
    is_rest: bool = False


def group(
    savings: Savings, chosen: Sequence[Deferred], own: frozenset[str], least: float
) -> tuple[Group, ...]:
    """Groups that each save at least the share `least` of some scenario, the largest first.

    Of many statements more is asked, as somebody has to read them. What is left is one group more
    if it saves as much, and otherwise none.
    """
    parts = _parts(savings, chosen, own, least)
    ordered = _by_increment(savings, parts, least)
    taken = [one for part in ordered for one in part]
    rest = [one for one in chosen if one not in taken]
    found, done = [], list[Deferred]()
    for part in ordered:
        found.append(_group(savings, done, part, is_rest=False))
        done += part
    if rest and _is_worth_it(savings, done, rest, least):
        found.append(_group(savings, done, rest, is_rest=True))
    return tuple(found)


def _parts(
    savings: Savings, chosen: Sequence[Deferred], own: frozenset[str], least: float
) -> list[list[Deferred]]:
    """Disjoint parts: of the packages not yet freed always that which saves most a statement."""
    needed = _needed(savings, chosen, own)
    parts: list[list[Deferred]] = []
    done: list[Deferred] = []
    while True:
        tried = [[one for one in part if one not in done] for part in needed]
        worth = [part for part in tried if part and _is_worth_it(savings, done, part, least)]
        if not worth:
            return parts
        before = savings.score(done)
        best = max(worth, key=lambda part: _density(savings, done, part, before))
        parts.append(best)
        done += best


def _density(
    savings: Savings, done: Sequence[Deferred], part: Sequence[Deferred], before: float
) -> float:
    return (savings.score([*done, *part]) - before) / sqrt(len(part))


def _needed(
    savings: Savings, chosen: Sequence[Deferred], own: frozenset[str]
) -> list[list[Deferred]]:
    """For each package that the set frees the statements that are needed for that."""
    box = grouping(own)
    costs: dict[str, float] = {}
    members: dict[str, dict[str, set[str]]] = {}
    for name, one in savings.scenarios.items():
        for module in savings.vanished(name, chosen):
            key = box(module)
            share = one.graph.cost.get(module, 0.0) / one.process_s
            costs[key] = costs.get(key, 0.0) + share
            members.setdefault(key, {}).setdefault(name, set()).add(module)
    behind = {
        (id(one), name): savings.scenarios[name].graph.skipped_by(skip)
        for one in chosen
        for name, skip in one.skips.items()
    }
    found: dict[frozenset[int], list[Deferred]] = {}
    for key in sorted(costs, key=lambda key: (-costs[key], key))[:_BOXES]:
        relevant = [
            one
            for one in chosen
            if any(members[key].get(name, set()) & behind[id(one), name] for name in one.skips)
        ]
        part = _reduced(savings, relevant, members[key])
        found.setdefault(frozenset(map(id, part)), part)
    return list(found.values())


def _reduced(
    savings: Savings, relevant: Sequence[Deferred], wanted: Mapping[str, Collection[str]]
) -> list[Deferred]:
    """As few of them as suffice for the wanted modules (by scenario) to go."""
    whole = Skipped.of(savings, relevant, wanted)
    tries = []
    for order in (relevant, list(reversed(relevant))):
        left, state = list(order), whole
        for one in order:
            fewer = state.without(one)
            if not any(fewer.brought[name] & set(wanted[name]) for name in fewer.brought):
                left.remove(one)
                state = fewer
        tries.append(left)
    return min(tries, key=len)


def _by_increment(
    savings: Savings, parts: list[list[Deferred]], least: float
) -> list[list[Deferred]]:
    """The same, the largest increment first; those that add less than `least` are left out."""
    ordered: list[list[Deferred]] = []
    done: list[Deferred] = []
    waiting = list(parts)
    while waiting:
        best = max(waiting, key=lambda part: savings.score([*done, *part]))
        waiting.remove(best)
        if _is_worth_it(savings, done, best, least):
            ordered.append(best)
            done += best
    return ordered


def _is_worth_it(
    savings: Savings, done: Sequence[Deferred], part: Sequence[Deferred], least: float
) -> bool:
    return _most(savings, done, part) >= least * max(1.0, len(part) / _STATEMENTS)


def _most(savings: Savings, done: Sequence[Deferred], more: Sequence[Deferred]) -> float:
    """The largest share of a scenario that statements save on top of others."""
    before, after = savings.shares(done), savings.shares([*done, *more])
    return max((after[name] - before[name] for name in after), default=0.0)


def _group(
    savings: Savings, done: Sequence[Deferred], part: Sequence[Deferred], *, is_rest: bool
) -> Group:
    before, after = savings.seconds(done), savings.seconds([*done, *part])
    vanished = frozenset[str]().union(
        *(
            savings.vanished(name, [*done, *part]) - savings.vanished(name, done)
            for name in savings.scenarios
        )
    )
    return Group(
        deferred=tuple(part),
        saves_s={name: after[name] - before[name] for name in after},
        vanished=vanished,
        is_rest=is_rest,
    )
