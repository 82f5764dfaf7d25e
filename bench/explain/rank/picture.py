"""The part of the import graph that matters, small enough to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.explain.rank.analysis import Edge, Node
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.costs import grouping, groups_of
from bench.explain.rank.graph import Graph
from bench.explain.rank.recording import MAIN

_PACKAGES = 12

_Links = dict[str, dict[str, bool]]  # importer → imported → whether only deferred ones lead there


@dataclass(frozen=True)
class Picture:
    """Boxes and arrows."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def picture(graph: Graph, own: frozenset[str], best: Sequence[Candidate]) -> Picture:
    """The program, the modules of the best set and what they import, and the dearest packages.

    Everything between them is left out: an arrow says that the one leads to the other. Packages
    that only other packages import stand in a column behind these.
    """
    groups = groups_of(graph, own)
    cost = {name: graph.total(modules) for name, modules in groups.items()}
    ours = _own_boxes(graph, own, best)
    others = [name for name in cost if name.partition(".")[0] not in own]
    packages = sorted(others, key=lambda name: (-cost[name], name))[:_PACKAGES]
    shown = ours | set(packages)
    links = _links(graph, own, {one.place for one in best})
    arrows = {name: _arrows(links, name, shown) for name in sorted(ours)}
    depth = _depths(arrows, ours)
    reached = {name for found in arrows.values() for name in found}
    last = max(depth.values()) + 1
    places = depth | {name: last if name in reached else last + 1 for name in packages}
    for name in reached & set(packages):
        found = _arrows(links, name, shown)
        arrows[name] = {other: found[other] for other in found if places.get(other) == last + 1}
    vanished = graph.vanished([one.skip for one in best])
    nodes = tuple(
        Node(
            name,
            name in ours,
            cost.get(name, 0.0),
            graph.total(groups.get(name, frozenset()) & vanished),
            places[name],
        )
        for name in sorted(places, key=lambda name: (places[name], -cost.get(name, 0.0), name))
    )
    edges = tuple(
        Edge(a, b, deferred)
        for a, targets in sorted(arrows.items())
        for b, deferred in sorted(targets.items())
        if a in places and b in places
    )
    return Picture(nodes, edges)


def _own_boxes(graph: Graph, own: frozenset[str], best: Sequence[Candidate]) -> set[str]:
    found = {MAIN} | {one.source.module for one in best}
    for one in best:
        got = {asked.got for asked in graph.recording.places[one.place].asked}
        found |= {name for name in got if name.partition(".")[0] in own}
    return found


def _links(graph: Graph, own: frozenset[str], deferred: Collection[int]) -> _Links:
    group = grouping(own)
    found: _Links = defaultdict(dict)
    for number, place in enumerate(graph.recording.places):
        if place.module != MAIN and place.module not in graph.modules:
            continue
        importer = group(place.module)
        for asked in place.asked:
            imported = group(asked.got)
            if asked.got in graph.modules and imported != importer:
                before = found[importer].get(imported, True)
                found[importer][imported] = before and number in deferred
    return found


def _arrows(links: _Links, start: str, shown: Collection[str]) -> dict[str, bool]:
    """Shown boxes that a box leads to, directly or by way of those that are not shown."""
    arrows: dict[str, bool] = {}
    for first, deferred in links.get(start, {}).items():
        seen, todo = {start, first}, [first]
        while todo:
            name = todo.pop()
            if name in shown:
                arrows[name] = arrows.get(name, True) and deferred
                continue
            new = [other for other in links.get(name, {}) if other not in seen]
            seen.update(new)
            todo += new
    return arrows


def _depths(arrows: Mapping[str, Mapping[str, bool]], ours: Collection[str]) -> dict[str, int]:
    """How many arrows each own box is from the program."""
    depth, todo = {MAIN: 0}, [MAIN]
    for name in todo:
        for other in sorted(arrows.get(name, {})):
            if other in ours and other not in depth:
                depth[other] = depth[name] + 1
                todo.append(other)
    return depth
