"""What sets of statements save in each scenario, and the smallest set that saves nearly all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bench.explain.optimize.choosing.pool import Deferred
from bench.explain.optimize.project import Project
from bench.explain.rank.graph import Graph, ImportWalk


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A scenario as the choice sees it: its graph in seconds, and how long its process takes."""

    graph: Graph
    process_s: float


@dataclass(frozen=True)
class Savings:
    """Predictions for sets of statements, in all scenarios; each set is computed once."""

    scenarios: Mapping[str, Measure]
    _known: dict[tuple[str, frozenset[int]], frozenset[str]] = field(default_factory=dict)

    def vanished(self, scenario: str, chosen: Collection[Deferred]) -> frozenset[str]:
        """The modules that a scenario imports no more."""
        used = [one for one in chosen if scenario in one.skips]
        key = scenario, frozenset(map(id, used))
        found = self._known.get(key)
        if found is None:
            brings = {name for one in used for name in one.brings}
            graph = self.scenarios[scenario].graph
            found = graph.vanished([one.skips[scenario] for one in used], brings)
            self._known[key] = found
        return found

    def seconds(self, chosen: Collection[Deferred]) -> dict[str, float]:
        """CPU seconds that a set saves, by scenario."""
        return {
            name: one.graph.predicted(self.vanished(name, chosen))
            for name, one in self.scenarios.items()
        }

    def shares(self, chosen: Collection[Deferred]) -> dict[str, float]:
        """The same as parts of each scenario's process, by which statements are chosen."""
        return {
            name: one.graph.total(self.vanished(name, chosen)) / one.process_s
            for name, one in self.scenarios.items()
        }

    def score(self, chosen: Collection[Deferred]) -> float:
        """The total of the shares: what sets are compared by."""
        return sum(self.shares(chosen).values())


def savings_of(project: Project) -> Savings:
    """Predictions for a project's own statements."""
    files = frozenset(map(str, project.files))
    found = {}
    for one in project.scenarios:
        graph = one.imports.graph
        places = enumerate(graph.recording.places)
        found[one.benchmark.name] = Measure(
            graph=graph.contracted([number for number, place in places if place.file in files]),
            process_s=one.imports.timed.scenario.process_s,
        )
    return Savings(found)


def smallest_set(savings: Savings, pool: Iterable[Deferred], spare: float) -> tuple[Deferred, ...]:
    """The statements without those that hardly matter: together they would add up to `spare`.

    They are put back one by one, those that matter least first. What is in a chain of others that
    alone suffices goes so, whoever of them saves more alone.
    """
    chosen = list(pool)
    state = Skipped.of(savings, chosen)
    losses = {id(one): state.without(one).cost - state.cost for one in chosen}
    left = spare
    for one in sorted(chosen, key=lambda one: (losses[id(one)], one.site.place)):
        fewer = state.without(one)
        if fewer.cost - state.cost <= left:
            left -= fewer.cost - state.cost
            state = fewer
            chosen = [other for other in chosen if other is not one]
    return tuple(chosen)


@dataclass(frozen=True)
class Skipped:
    """All scenarios with a set skipped, from which statements are put back one by one.

    `cost` is what that has brought so far, as the total of the scenarios' shares.
    """

    savings: Savings
    walks: Mapping[str, ImportWalk]
    cost: float = 0.0
    brought: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, savings: Savings, chosen: Collection[Deferred], names: Iterable[str] = ()
    ) -> Skipped:
        """A set, in the scenarios of these names, or in all."""
        walks = {}
        for name in names or savings.scenarios:
            used = [one for one in chosen if name in one.skips]
            brings = {brought for one in used for brought in one.brings}
            graph = savings.scenarios[name].graph
            walks[name] = ImportWalk(graph, [one.skips[name] for one in used], brings)
        return cls(savings, walks)

    def without(self, one: Deferred) -> Skipped:
        """The same with a statement put back; `brought` are the modules that this brings."""
        walks, brought, cost = dict(self.walks), {}, self.cost
        for name, walk in self.walks.items():
            if name in one.skips:
                walks[name] = walk.branch()
                brought[name] = walks[name].put_back(one.skips[name])
                scenario = self.savings.scenarios[name]
                cost += scenario.graph.total(brought[name]) / scenario.process_s
        return Skipped(self.savings, walks, cost, brought)
