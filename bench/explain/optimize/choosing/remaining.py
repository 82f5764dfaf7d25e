"""What costs time and stays as it is: names that can't be deferred, with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from bench.explain.optimize.change import Left, Site
from bench.explain.optimize.choosing.pool import Deferred, Pool
from bench.explain.optimize.choosing.savings import Measure, Savings
from bench.explain.optimize.project import Project
from bench.explain.rank.candidates import Blocker
from bench.explain.rank.graph import ImportWalk, Skip

_NAMES = 3


def remaining(
    project: Project, savings: Savings, pool: Pool, chosen: Collection[Deferred], least: float
) -> tuple[list[tuple[Site, str]], list[Left]]:
    """Statements that would save at least the share `least` of a scenario on top of a set.

    Those that were left out for a danger come first, by site, then what the scenarios need.
    """
    costs: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    blockers: dict[tuple[str, int], list[Blocker]] = defaultdict(list)
    for name, judgement in pool.judgements.items():
        scenario = savings.scenarios[name]
        skips = [one.skips[name] for one in chosen if name in one.skips]
        walk = ImportWalk(scenario.graph, skips)
        by_place: dict[int, list[Blocker]] = defaultdict(list)
        for blocker in judgement.kept:
            by_place[blocker.place].append(blocker)
        for number, some in by_place.items():
            more = _more(scenario, walk, skips, number)
            if more >= least * scenario.process_s:
                place = scenario.graph.recording.places[number]
                costs[place.file, place.line][name] = more
                blockers[place.file, place.line] += some
    return _told(project, costs, blockers)


def _more(scenario: Measure, walk: ImportWalk, skips: Collection[Skip], number: int) -> float:
    """What skipping all of a statement saves beyond a set."""
    graph = scenario.graph
    place = graph.recording.places[number]
    whole = Skip(number, frozenset(one.name or one.module for one in place.asked))
    most = graph.skipped_by(whole) & walk.reached
    if graph.total(most) <= 0:
        return 0.0
    rest = [one for one in skips if one.place != number]
    return graph.total(walk.reached - graph.reached([*rest, whole]))


def _told(
    project: Project,
    costs: Mapping[tuple[str, int], Mapping[str, float]],
    blockers: Mapping[tuple[str, int], Collection[Blocker]],
) -> tuple[list[tuple[Site, str]], list[Left]]:
    paths = {str(file): path for file, path in project.files.items()}
    dropped, left = [], []
    for (file, line), by_scenario in sorted(costs.items(), key=lambda item: -max(item[1].values())):
        some = blockers[file, line]
        dangers = [one for one in some if one.is_danger]
        path = paths.get(file, file)
        if dangers:
            names = tuple(dict.fromkeys(one.name for one in dangers))
            site = Site(file=path, line=line, words="", names=names)
            dropped.append((site, dangers[0].reason))
            continue
        names = tuple(dict.fromkeys(one.name for one in some))
        words = ", ".join(f"`{name}`" for name in names[:_NAMES])
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        reasons = dict.fromkeys(one.reason for one in some)
        left.append(
            Left(
                what=f"the import of {words}{more} in {path}:{line}",
                why="; ".join(list(reasons)[:_NAMES]),
                costs_s=dict(by_scenario),
            )
        )
    return dropped, left
