"""Packages that cost something and who pulls them in; what keeps the rest; the picture's graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bench.imports.analysis import Edge, Kept, Node, Package
from bench.imports.candidates import Candidate, Judgement
from bench.imports.cuts import smallest_cut
from bench.imports.findings import shown_file
from bench.imports.graph import Graph, Skip
from bench.imports.recording import MAIN, Place

_PACKAGES = 20
_NODES = 14


def packages(
    graph: Graph, own: frozenset[str], judgement: Judgement, least: float
) -> tuple[Package, ...]:
    """The dearest packages, with their cuts; those below `least` are left out."""
    groups = _groups(graph, own)
    dearest = sorted(groups, key=lambda name: -graph.total(groups[name]))
    whole = {one.place for one in judgement.candidates if one.is_whole}
    removable = own_places(graph, own)
    found = []
    for name in dearest[:_PACKAGES]:
        cost = graph.total(groups[name])
        if cost < least:
            break
        cut = smallest_cut(graph, [name], removable, whole)
        places = cut.places if cut else ()
        found.append(
            Package(
                name,
                name.partition(".")[0] in own,
                len(groups[name]),
                cost,
                tuple(where(graph.recording.places[one]) for one in places),
                graph.saving([_all_of(graph, one) for one in places]) if places else 0.0,
                bool(places) and whole.issuperset(places),
            )
        )
    return tuple(found)


def own_places(graph: Graph, own: frozenset[str]) -> frozenset[int]:
    """Statements of the project itself."""
    return frozenset(
        number
        for number, place in enumerate(graph.recording.places)
        if place.file and place.module.partition(".")[0] in own
    )


def where(place: Place) -> str:
    """A statement's place as `file:line`."""
    return f"{shown_file(Path(place.file))}:{place.line}"


def kept(
    graph: Graph, judgement: Judgement, best: Sequence[Candidate], least: float
) -> tuple[Kept, ...]:
    """Names that can't wait, by what would be saved on top of the best set if they could."""
    skips = {one.place: one.skip for one in best}
    saved = graph.saving(list(skips.values()))
    by_place = defaultdict(list)
    for one in judgement.kept:
        by_place[one.place].append(one)
    found = []
    for number, names in by_place.items():
        more = graph.saving([*_without(skips, number), _all_of(graph, number)]) - saved
        if more < least:
            continue
        place = graph.recording.places[number]
        found += [
            Kept(shown_file(Path(place.file)), place.line, one.name, one.reason, one.line, more)
            for one in names
        ]
    return tuple(sorted(found, key=lambda one: (-one.saving_s, one.file, one.line)))


def picture(
    graph: Graph, own: frozenset[str], best: Sequence[Candidate]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """The part of the graph that matters: the dearest boxes, and own modules that lead to them."""
    group = _group_of(own)
    groups = _groups(graph, own)
    vanished = graph.vanished([one.skip for one in best])
    links = _links(graph, group, {one.place for one in best})
    cost = {name: graph.total(modules) for name, modules in groups.items()}
    shown = {MAIN} | {one.source.module for one in best}
    before = _before(links)
    for name in [*sorted(cost, key=lambda name: -cost[name])[:_NODES], *shown]:
        at = name
        while at in before:
            shown.add(at)
            at = before[at]
    depth = _depths(links, shown)
    nodes = tuple(
        Node(
            name,
            name == MAIN or name.partition(".")[0] in own,
            cost.get(name, 0.0),
            graph.total(groups.get(name, frozenset()) & vanished),
            depth[name],
        )
        for name in sorted(depth, key=lambda name: (depth[name], -cost.get(name, 0.0), name))
    )
    edges = tuple(
        Edge(a, b, tuple(sorted(lines)), all(deferred for _, deferred in places))
        for (a, b), places in sorted(links.items())
        if a in depth and b in depth and a != b
        for lines in [{line for line, _ in places}]
    )
    return nodes, edges


def _before(links: Collection[tuple[str, str]]) -> dict[str, str]:
    """Each box's neighbour on a shortest way from the program, which has none."""
    after = _after(links)
    before, todo = dict[str, str](), [MAIN]
    for name in todo:
        for other in after.get(name, ()):
            if other not in before and other != MAIN:
                before[other] = name
                todo.append(other)
    return before


def _after(links: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for a, b in sorted(links):
        found[a].append(b)
    return dict(found)


def _depths(links: Collection[tuple[str, str]], shown: Collection[str]) -> dict[str, int]:
    """How many steps each shown box is from the program, along shown boxes."""
    after = _after([(a, b) for a, b in links if a in shown and b in shown])
    depth, todo = {MAIN: 0}, [MAIN]
    for name in todo:
        for other in after.get(name, ()):
            if other not in depth:
                depth[other] = depth[name] + 1
                todo.append(other)
    return depth


def _links(
    graph: Graph, group: Callable[[str], str], deferred: Collection[int]
) -> dict[tuple[str, str], set[tuple[int, bool]]]:
    found = defaultdict(set)
    for number, place in enumerate(graph.recording.places):
        importer = place.module
        if importer != MAIN and importer not in graph.modules:
            continue
        for asked in place.asked:
            if asked.got in graph.modules:
                pair = group(importer), group(asked.got)
                found[pair].add((place.line, number in deferred))
    return found


def _groups(graph: Graph, own: frozenset[str]) -> dict[str, frozenset[str]]:
    group = _group_of(own)
    found = defaultdict(set)
    for name in graph.modules:
        found[group(name)].add(name)
    return {name: frozenset(modules) for name, modules in found.items()}


def _group_of(own: frozenset[str]) -> Callable[[str], str]:
    """An own module stands for itself, any other for its package."""

    def group(name: str) -> str:
        top = name.partition(".")[0]
        return name if top in own else top

    return group


def _all_of(graph: Graph, number: int) -> Skip:
    place = graph.recording.places[number]
    return Skip(number, frozenset(one.name or one.module for one in place.asked))


def _without(skips: dict[int, Skip], number: int) -> list[Skip]:
    return [skip for place, skip in skips.items() if place != number]
