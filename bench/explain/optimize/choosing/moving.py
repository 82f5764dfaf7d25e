"""The cost that moved: where a deferred module is imported now, and for how long."""

from __future__ import annotations

from collections.abc import Collection

from bench.explain.optimize.change import Moved
from bench.explain.optimize.choosing.grouping import Group
from bench.explain.optimize.choosing.pool import Deferred
from bench.explain.optimize.choosing.savings import Savings
from bench.explain.rank.candidates import DeferralWay
from bench.explain.rank.graph import Skip

_SHOWN = 8
_LEAST_S = 0.001
_FUNCTIONS = 3


def moved_costs(savings: Savings, group: Group, chosen: Collection[Deferred]) -> tuple[Moved, ...]:
    """What the statements of a group cost when their names are first used, the largest first.

    In a scenario that still needs one of the names it is what the whole set leaves for that
    statement; where none does, what the scenario is spared that spares most.
    """
    found = [one for deferred in group.deferred for one in _of(savings, deferred, chosen)]
    by_module: dict[tuple[str, str], Moved] = {}
    for one in sorted(found, key=lambda one: (-one.takes_s, one.module, one.scenario)):
        if one.takes_s >= _LEAST_S:
            by_module.setdefault((one.module, one.scenario), one)
    return tuple(by_module.values())[:_SHOWN]


def _of(savings: Savings, one: Deferred, chosen: Collection[Deferred]) -> list[Moved]:
    where = _functions(one)
    paid = []
    for name in savings.scenarios:
        skip = _whole(savings, one, name)
        if skip is None or (name in one.skips and one.skips[name].names >= skip.names):
            continue
        takes_s = _takes(savings, name, skip, chosen)
        if takes_s > 0:
            paid.append(Moved(module=_module(one), takes_s=takes_s, scenario=name, where=where))
    if paid:
        return paid
    spared = [
        savings.scenarios[name].graph.total(
            savings.scenarios[name].graph.skipped_by(skip) & savings.vanished(name, chosen)
        )
        for name, skip in one.skips.items()
    ]
    return [Moved(module=_module(one), takes_s=max(spared, default=0.0), where=where)]


def _whole(savings: Savings, one: Deferred, scenario: str) -> Skip | None:
    """The statement with all its deferred names, where a scenario carries it out."""
    source, statement = one.candidate.source, one.candidate.statement
    names = frozenset(each.name.asked for each in one.candidate.deferrals)
    for number, place in enumerate(savings.scenarios[scenario].graph.recording.places):
        if (place.file, place.line) == (str(source.file), statement.line):
            return Skip(number, names)
    return None


def _takes(savings: Savings, name: str, skip: Skip, chosen: Collection[Deferred]) -> float:
    """What is loaded for this statement alone, once the set is deferred."""
    graph = savings.scenarios[name].graph
    others = [
        one.skips[name]
        for one in chosen
        if name in one.skips and one.skips[name].place != skip.place
    ]
    same = [one.skips[name] for one in chosen if name in one.skips]
    spared = [one for one in same if one.place == skip.place]
    return graph.total(graph.reached([*others, *spared]) - graph.reached([*others, skip]))


def _module(one: Deferred) -> str:
    source, statement = one.candidate.source, one.candidate.statement
    return source.absolute(statement.node)


def _functions(one: Deferred) -> str:
    names = dict.fromkeys(name for each in one.candidate.deferrals for name in each.functions)
    on_request = any(DeferralWay.ON_REQUEST in each.ways for each in one.candidate.deferrals)
    shown = [f"`{one.candidate.source.module}.{name}`" for name in list(names)[:_FUNCTIONS]]
    more = len(names) - len(shown)
    words = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return words or ("whoever asks for the name" if on_request else "")
