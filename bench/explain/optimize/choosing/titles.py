"""What a change is called: the packages that it frees, in the imperative."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from bench.explain.optimize.choosing.grouping import Group
from bench.explain.optimize.choosing.savings import Savings
from bench.explain.rank.candidates import DeferralWay
from bench.explain.rank.costs import grouping

LONGEST = 66  # with "perf: " in front 72, as commit subjects should be
_NAMED, _FEW = 2, 4
_PARTS = "parts of "
_ON_REQUEST = DeferralWay.ON_REQUEST
_NEARLY_ALL = 0.8
_NOTABLE = 0.02  # of the cost of a package


def title(savings: Savings, group: Group, own: frozenset[str]) -> str:
    """`defer git and requests until a command needs them`, at most 66 characters."""
    if group.is_rest and len(group.deferred) > _FEW:
        return "defer the remaining imports that are not needed at start"
    package, handed_on = _handing_on(group)
    if package:
        return _short(_on_request(package, handed_on))
    names = packages(savings, group, own)
    first = names[0]
    more = len(names) - 1
    options = []
    if len(names) == _NAMED:
        options.append(f"defer {first} and {names[1]} until they are needed")
    if more:
        options.append(f"defer {first} and {more} more until they are needed")
    else:
        it_is = "they are" if first.startswith(_PARTS) else "it is"
        options.append(f"defer {first} until {it_is} needed")
    options.append(f"defer {first}")
    return _short(options)


def _short(options: Sequence[str]) -> str:
    """The first that is short enough, or the last cut off."""
    found = next((one for one in options if len(one) <= LONGEST), options[-1])
    return found if len(found) <= LONGEST else f"{found[: LONGEST - 1]}…"


def _handing_on(group: Group) -> tuple[str, tuple[str, ...]]:
    """The package that most statements of a group hand names on for, and these; "" for none."""
    names = defaultdict[str, list[str]](list)
    statements = Counter[str]()
    for one in group.deferred:
        ways = {way for each in one.candidate.deferrals for way in each.ways}
        if ways == {_ON_REQUEST}:
            module = one.candidate.source.module
            statements[module] += 1
            names[module] += [each.name.bound for each in one.candidate.deferrals]
    if not statements:
        return "", ()
    package, count = statements.most_common(1)[0]
    return (package, tuple(names[package])) if count > len(group.deferred) / 2 else ("", ())


def _on_request(package: str, names: Sequence[str]) -> list[str]:
    """By name where they are few, else by number: a branch may have several such changes."""
    only = "only when it is asked for" if len(names) == 1 else "only when they are asked for"
    by_number = [f"import {len(names)} names of {package} {way}" for way in (only, "on request")]
    if len(names) > _NAMED:
        return by_number
    return [f"import {' and '.join(names)} of {package} {only}", *by_number]


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
    return [_asked(one, savings, group) for one in _largest(savings, told)]


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


def _asked(box: str, savings: Savings, group: Group) -> str:
    """A package as the statements ask for it, or what is shared by what vanished of it.

    One of which something is still imported did not vanish: only parts of it did.
    """
    name = _name(box, savings, group)
    return f"{_PARTS}{box}" if name == box and box not in group.vanished else name


def _name(box: str, savings: Savings, group: Group) -> str:
    asked = {
        one.candidate.source.absolute(one.candidate.statement.node)
        for one in group.deferred
        if one.candidate.deferrals
    }
    inside = {one for one in asked if one == box or one.startswith(f"{box}.")}
    if len(inside) == 1:
        return inside.pop()
    vanished = [one for one in group.vanished if one == box or one.startswith(f"{box}.")]
    whole = sum(_cost(savings, one) for one in vanished)
    parts = [one.split(".") for one in vanished if _cost(savings, one) >= _NOTABLE * whole]
    shared = []
    for same in zip(*parts, strict=False):
        if len(set(same)) > 1:
            break
        shared.append(same[0])
    return ".".join(shared) or box


def _cost(savings: Savings, module: str) -> float:
    """A module's share of the scenarios' time, where it costs most."""
    return max(
        one.graph.cost.get(module, 0.0) / one.process_s for one in savings.scenarios.values()
    )
