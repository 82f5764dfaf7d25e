"""Which statements are deferred together: synthetic graphs of several scenarios."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from bench.explain.optimize.change import Site
from bench.explain.optimize.choosing.grouping import Group, group
from bench.explain.optimize.choosing.pool import Deferred
from bench.explain.optimize.choosing.savings import Measure, Savings, smallest_set
from bench.explain.optimize.choosing.titles import LONGEST, title
from bench.explain.rank.candidates import Candidate, Deferral, DeferralWay
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.recording import MAIN, ImportedName, Place, Recording
from bench.explain.rank.sources import ModuleSource, Name

OWN = frozenset({"own"})
LEAST = 0.01


class Drawn:
    """Scenarios drawn as `importer → imported` with a line each; costs are seconds of 10."""

    def __init__(self, costs: dict[str, float]) -> None:
        self.costs = costs
        self.edges: dict[str, list[tuple[str, int, str]]] = {}

    def scenario(self, name: str, *edges: tuple[str, str]) -> Drawn:
        """Each edge is a statement; the same edge is the same statement in all scenarios."""
        lines = {
            edge: at for at, edge in enumerate(sorted({*edges, *self._known()}, key=str), start=1)
        }
        self.edges[name] = [(by, lines[by, got], got) for by, got in edges]
        return self

    def _known(self) -> set[tuple[str, str]]:
        return {(by, got) for edges in self.edges.values() for by, _, got in edges}

    def savings(self) -> Savings:
        return Savings(
            {name: Measure(graph=self._graph(name), process_s=10.0) for name in self.edges}
        )

    def _graph(self, name: str) -> Graph:
        edges = self.edges[name]
        places = tuple(
            Place(
                module=by,
                file=f"/{by}.py",
                line=line,
                function="",
                asked=(ImportedName(got, "", got),),
                accounts=(by,),
            )
            for by, line, got in edges
        )
        modules = {got: f"/{got}.py" for _, _, got in edges}
        recording = Recording(
            before=frozenset(),
            modules=modules,
            appeared={},
            places=places,
            lines=frozenset(),
        )
        return Graph(recording, self.costs)

    def deferred(self, by: str, got: str, needed_in: tuple[str, ...] = ()) -> Deferred:
        """The statement of an edge, deferrable but in the scenarios that need it."""
        skips = {
            name: Skip(number, frozenset({got}))
            for name, edges in self.edges.items()
            for number, (importer, _, imported) in enumerate(edges)
            if (importer, imported) == (by, got) and name not in needed_in
        }
        tree = ast.parse(f"import {got}")
        source = ModuleSource(
            module=by, file=Path(f"/{by}.py"), text="", lines=[], newline="\n", tree=tree
        )
        site = Site(file=f"{by}.py", line=len(by + got), words="", names=(got,))
        candidate = Candidate(0, source, None, ())  # type: ignore[arg-type]
        return Deferred(site=site, candidate=candidate, skips=skips)


def groups(drawn: Drawn, *deferred: Deferred) -> list[tuple[set[str], Group]]:
    savings = drawn.savings()
    chosen = smallest_set(savings, deferred, LEAST / 2)
    return [
        ({one.site.names[0] for one in found.deferred}, found)
        for found in group(savings, chosen, OWN, LEAST)
    ]


def test_a_statement_that_saves_nothing_beside_the_others_is_not_chosen() -> None:
    drawn = Drawn({"git": 4.0}).scenario(
        "help", (MAIN, "own.a"), ("own.a", "own.b"), ("own.b", "git")
    )
    above, below = drawn.deferred("own.a", "own.b"), drawn.deferred("own.b", "git")
    ((names, only),) = groups(drawn, above, below)
    assert len(names) == 1
    assert only.saves_s == {"help": 4.0}


def test_both_ways_to_a_package_are_one_change_and_packages_are_apart() -> None:
    drawn = Drawn({"git": 3.0, "requests": 1.0}).scenario(
        "help",
        (MAIN, "own.a"),
        (MAIN, "own.b"),
        ("own.a", "git"),
        ("own.b", "git"),
        ("own.b", "requests"),
    )
    found = groups(
        drawn,
        drawn.deferred("own.a", "git"),
        drawn.deferred("own.b", "git"),
        drawn.deferred("own.b", "requests"),
    )
    assert [(names, len(one.deferred), one.saves_s["help"]) for names, one in found] == [
        ({"git"}, 2, 3.0),
        ({"requests"}, 1, 1.0),
    ]


def test_one_scenario_may_need_what_another_is_spared() -> None:
    drawn = Drawn({"git": 3.0})
    drawn.scenario("help", (MAIN, "own.a"), ("own.a", "git"))
    drawn.scenario("status", (MAIN, "own.a"), ("own.a", "git"))
    ((_, only),) = groups(drawn, drawn.deferred("own.a", "git", needed_in=("status",)))
    assert only.saves_s == {"help": 3.0, "status": 0.0}


def test_what_is_too_little_by_itself_is_deferred_with_the_rest_or_not_at_all() -> None:
    costs = {"git": 3.0, **{f"small{n}": 0.06 for n in range(3)}}
    edges = [(MAIN, "own.a"), ("own.a", "git"), *(("own.a", f"small{n}") for n in range(3))]
    drawn = Drawn(costs).scenario("help", *edges)
    small = [drawn.deferred("own.a", f"small{n}") for n in range(3)]
    git = drawn.deferred("own.a", "git")
    first, rest = groups(drawn, git, *small)
    assert first[0] == {"git"}
    assert (rest[0], rest[1].is_rest) == ({"small0", "small1", "small2"}, True)
    assert title(drawn.savings(), rest[1], OWN) == "defer small2 and 2 more until they are needed"
    assert [names for names, _ in groups(drawn, git, small[0])] == [{"git"}]


def test_a_title_names_what_is_freed_and_is_short() -> None:
    long = "a_package_with_a_name_that_nobody_would_like_to_read_in_a_subject"
    drawn = Drawn({"git": 3.0, "gitdb": 1.0, long: 1.0}).scenario(
        "help", (MAIN, "own.a"), ("own.a", "git"), ("git", "gitdb"), ("own.a", long)
    )
    found = groups(drawn, drawn.deferred("own.a", "git"), drawn.deferred("own.a", long))
    titles = [title(drawn.savings(), one, OWN) for _, one in found]
    assert titles[0] == "defer git until it is needed"
    assert len(titles[1]) <= LONGEST


def test_a_title_says_that_only_parts_are_freed() -> None:
    drawn = Drawn({"rich": 1.0, "rich.table": 2.0, "rich.live": 2.0}).scenario(
        "help",
        (MAIN, "own.a"), (MAIN, "rich"), ("own.a", "rich.table"), ("own.a", "rich.live"),
    )  # fmt: skip
    some = [drawn.deferred("own.a", name) for name in ("rich.table", "rich.live")]
    ((_, found),) = groups(drawn, *some)
    assert title(drawn.savings(), found, OWN) == "defer parts of rich until they are needed"


def test_names_that_a_package_hands_on_are_told_or_counted() -> None:
    drawn = Drawn({f"part{n}": 1.0 for n in range(4)})
    drawn.scenario("help", (MAIN, "own"), *(("own", f"part{n}") for n in range(4)))
    handed = [_handed_on(drawn.deferred("own", f"part{n}"), f"name{n}") for n in range(4)]
    said = [title(drawn.savings(), _all_of(handed[:count]), OWN) for count in (1, 2, 4)]
    assert said == [
        "import name0 of own only when it is asked for",
        "import name0 and name1 of own only when they are asked for",
        "import 4 names of own only when they are asked for",
    ]


def _handed_on(one: Deferred, name: str) -> Deferred:
    asked = Name(alias=ast.alias(name), bound=name, asked=name, uses=(), bound_once=True)
    ways = frozenset({DeferralWay.ON_REQUEST})
    deferral = Deferral(
        name=asked, ways=ways, functions=(), asked_by=(), exported=True, needs_future=False
    )
    return replace(one, candidate=replace(one.candidate, deferrals=(deferral,)))


def _all_of(deferred: list[Deferred]) -> Group:
    return Group(deferred=tuple(deferred), saves_s={"help": 1.0}, vanished=frozenset())
