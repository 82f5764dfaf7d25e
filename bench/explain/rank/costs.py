"""Expensive packages and their importers; imports that cannot be deferred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.explain.rank.candidates import Candidate, Judgement
from bench.explain.rank.cuts import smallest_cut
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.opportunities import shown_file
from bench.explain.rank.ranking import NotDeferrable, PackageCost
from bench.explain.rank.recording import Place

_PACKAGES = 20


def packages(
    graph: Graph, own: frozenset[str], judgement: Judgement, least: float
) -> tuple[PackageCost, ...]:
    """The most expensive packages, with their cuts; those below `least` are left out."""
    groups = groups_of(graph, own)
    expensive = sorted(groups, key=lambda name: -graph.total(groups[name]))
    whole = {one.place for one in judgement.candidates if one.is_whole}
    removable = own_places(graph, own)
    found = []
    for name in expensive[:_PACKAGES]:
        cost = graph.total(groups[name])
        if cost < least:
            break
        places = smallest_cut(graph, [name], removable, whole) or ()
        found.append(
            PackageCost(
                name=name,
                is_own=name.partition(".")[0] in own,
                modules=len(groups[name]),
                own_s=cost,
                cut=tuple(where(graph.recording.places[one]) for one in places),
                saving_s=graph.saving([_all_of(graph, one) for one in places]) if places else 0.0,
                deferrable=bool(places) and whole.issuperset(places),
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
) -> tuple[NotDeferrable, ...]:
    """Names that cannot be deferred, by what that would save on top of the best set."""
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
            NotDeferrable(
                file=shown_file(Path(place.file)),
                line=place.line,
                name=one.name,
                reason=one.reason,
                use_line=one.line,
                saving_s=more,
            )
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
