"""What a change is called: the packages that it frees, in the imperative."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from bench.explain.optimize.choosing.grouping import Group
from bench.explain.optimize.choosing.savings import Savings
from bench.explain.rank.costs import grouping

LONGEST = 66  # with "perf: " in front 72, as commit subjects should be
_NAMED = 2
_NEARLY_ALL = 0.8


def title(savings: Savings, group: Group, own: frozenset[str]) -> str:
    """`defer git and requests until a command needs them`, at most 66 characters."""
    if group.is_rest:
        return "defer the remaining imports that are not needed at start"
    names = packages(savings, group, own)
    first = names[0]
    more = len(names) - 1
    options = []
    if len(names) == _NAMED:
        options.append(f"defer {first} and {names[1]} until they are needed")
    if more:
        options.append(f"defer {first} and {more} more until they are needed")
    else:
        options.append(f"defer {first} until it is needed")
    options.append(f"defer {first}")
    short = next((one for one in options if len(one) <= LONGEST), options[-1])
    return short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"


def packages(savings: Savings, group: Group, own: frozenset[str]) -> list[str]:
    """The packages that its saving is of, those that matter most first, until nearly all is told.

    What another package brings along is counted with it. Own modules, each for itself, are told
    where most of the saving is theirs.
    """
    boxes = _boxes(savings, group, grouping(own))
    foreign = {name: one for name, one in boxes.items() if name.partition(".")[0] not in own}
    whole = sum(_cost(savings, one) for one in group.vanished)
    of_others = sum(_cost(savings, one) for one in frozenset[str]().union(*foreign.values()))
    told = foreign if foreign and of_others >= whole / 2 else boxes
    return _largest(savings, told)


def _boxes(savings: Savings, group: Group, box: Callable[[str], str]) -> dict[str, frozenset[str]]:
    """Each box of modules that vanished, with all that vanished behind it."""
    starts = defaultdict[str, set[str]](set)
    for module in group.vanished:
        starts[box(module)].add(module)
    return {
        name: frozenset[str]().union(
            *(one.graph.behind(modules) & group.vanished for one in savings.scenarios.values())
        )
        for name, modules in starts.items()
    }


def _largest(savings: Savings, boxes: Mapping[str, frozenset[str]]) -> list[str]:
    everything = frozenset[str]().union(*boxes.values())
    whole = sum(_cost(savings, one) for one in everything)
    told: list[str] = []
    covered = frozenset[str]()
    while True:
        more = {
            name: sum(_cost(savings, one) for one in modules - covered)
            for name, modules in boxes.items()
        }
        best = max(more, key=lambda name: (more[name], -len(name), name))
        if told and (best in told or more[best] < (1 - _NEARLY_ALL) * whole):
            return told
        told.append(best)
        covered |= boxes[best]


def _cost(savings: Savings, module: str) -> float:
    """A module's share of the scenarios' time, where it costs most."""
    return max(
        one.graph.cost.get(module, 0.0) / one.process_s for one in savings.scenarios.values()
    )
