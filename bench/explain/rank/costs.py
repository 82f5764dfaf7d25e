"""Packages that cost something and who pulls them in; what keeps the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.explain.rank.analysis import Kept, Package
from bench.explain.rank.candidates import Candidate, Judgement
from bench.explain.rank.cuts import smallest_cut
from bench.explain.rank.findings import shown_file
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.recording import Place

_PACKAGES = 20


def packages(
    graph: Graph, own: frozenset[str], judgement: Judgement, least: float
) -> tuple[Package, ...]:
    """The dearest packages, with their cuts; those below `least` are left out."""
    groups = groups_of(graph, own)
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


def groups_of(graph: Graph, own: frozenset[str]) -> dict[str, frozenset[str]]:
    """Modules by the box they belong to (see `grouping`)."""
    group = grouping(own)
    found = defaultdict(set)
    for name in graph.modules:
        found[group(name)].add(name)
    return {name: frozenset(modules) for name, modules in found.items()}


def grouping(own: frozenset[str]) -> Callable[[str], str]:
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
