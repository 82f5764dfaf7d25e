"""Recipe `defer-imports`: imports that the scenarios do not need, where they are needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.choosing.grouping import group
from bench.explain.optimize.choosing.harm import Harm, Ran
from bench.explain.optimize.choosing.keeping import Kept, keep_needed
from bench.explain.optimize.choosing.moving import moved_costs
from bench.explain.optimize.choosing.needs import Need, needs_of
from bench.explain.optimize.choosing.pool import Deferred, pool_candidates, sites_of
from bench.explain.optimize.choosing.remaining import remaining
from bench.explain.optimize.choosing.savings import Savings, savings_of, smallest_set
from bench.explain.optimize.choosing.titles import title
from bench.explain.optimize.project import Form, Project
from bench.explain.rank.outsiders import read_outsiders
from bench.explain.rank.rewriting.rewrite import rewritten
from bench.explain.rank.rewriting.wanted import RewriteError
from bench.explain.rank.sources import ModuleSource, read_package
from bench.explain.rank.takers import takers_of

_WHY = {
    Form.FUNCTION: "The imports move to where the names are first needed, so that what they bring "
    "is loaded then, or never; public names stay.",
    Form.LAZY_MODULES: "The statements stay. `__lazy_modules__` (PEP 810) names modules that "
    "Python 3.15 and newer load when one of the names is first used, or never; older Pythons "
    "ignore it and import as before. Public names stay.",
    Form.LAZY: "The statements are lazy imports (PEP 810): what they bring is loaded when one of "
    "the names is first used, or never; public names stay.",
}
_SPARE = 0.5  # of the least saving: what a set may lose for being smaller


class DeferImports:
    """Finds imports that no scenario needs at its start, and writes them where they are needed."""

    name = "defer-imports"
    summary = "Imports that a command does not need are carried out where their names are used."

    def propose(self, project: Project) -> Proposal:
        """The changes of one revision; raises `BenchError`."""
        if not project.scenarios:
            raise NothingMeasuredError("No scenario of the project imports anything.")
        own = own_packages(project.environment)
        sources = _sources(project, own)
        outside = read_outsiders(
            project.clone,
            project.commit,
            project.environment,
            own,
            frozenset(project.files.values()),
        )
        takers = takers_of(sources, outside.sources, outside.texts)
        graphs = {one.benchmark.name: one.imports.graph for one in project.scenarios}
        ran = {
            one.benchmark.name: Ran(
                one.imports.graph.recording, one.imports.timed.scenario.process_s
            )
            for one in project.scenarios
        }
        pool = pool_candidates(project, graphs, sources, takers, Harm.of(ran, sources))
        savings = savings_of(project)
        needs = {
            name: needs_of(graph, {one.module: one for one in sources})
            for name, graph in graphs.items()
        }
        chosen, kept = _chosen(project, savings, pool.deferred, needs)
        groups = group(savings, chosen, own, project.least)
        taken = [one for part in groups for one in part.deferred]
        changes = tuple(
            Change(
                recipe=self.name,
                title=title(savings, one, own),
                sites=sites_of(one.deferred),
                why=_WHY[project.form],
                saves_s=one.saves_s,
                moved=moved_costs(savings, one, taken),
            )
            for one in groups
        )
        dropped, left = remaining(project, savings, pool, taken, project.least)
        known = {one.site.place: one for part in groups for one in part.deferred}

        def rewrite(sites: Collection[Site]) -> Mapping[str, str]:
            return _rewrite(project, [known[one.place] for one in sites])

        def saves(sites: Collection[Site]) -> Mapping[str, float]:
            return savings.seconds([known[one.place] for one in sites])

        return Proposal(
            changes=changes,
            rewrite=rewrite,
            saves=saves,
            dropped=(*pool.harmful, *((one.deferred.site, one.why) for one in kept), *dropped),
            left=tuple(left),
        )


def _chosen(
    project: Project,
    savings: Savings,
    pool: Sequence[Deferred],
    needs: Mapping[str, Sequence[Need]],
) -> tuple[Sequence[Deferred], list[Kept]]:
    """The smallest set that saves nearly all, breaks no need and can be written.

    And what had to stay for that.
    """
    candidates, kept = list(pool), list[Kept]()
    while True:
        chosen = smallest_set(savings, candidates, _SPARE * project.least)
        left, out = keep_needed(savings, chosen, needs)
        out += _unwritable(project, left)
        if not out:
            return left, kept
        kept += out
        gone = [one.deferred for one in out]
        candidates = [one for one in candidates if one not in gone]


def _unwritable(project: Project, chosen: Sequence[Deferred]) -> list[Kept]:
    """Statements for which a file has no place; files are tried whole first."""
    by_file = defaultdict[Path, list[Deferred]](list)
    for one in chosen:
        by_file[one.candidate.source.file].append(one)
    return [
        Kept(one, why)
        for some in by_file.values()
        if _why_not_written(project, some)
        for one in some
        if (why := _why_not_written(project, [one]))
    ]


def _why_not_written(project: Project, some: Sequence[Deferred]) -> str:
    try:
        _rewrite(project, some)
    except RewriteError as error:
        return error.message
    return ""


def _sources(project: Project, own: frozenset[str]) -> list[ModuleSource]:
    """All of the project's modules; what can't be read has no candidates."""
    python = (project.environment.venv / "bin" / "python").resolve()
    return [
        source
        for folder in own_folders(project.environment, own)
        for source in read_package(folder, python, _ignore)
    ]


def _ignore(file: Path, why: str) -> None:
    """A file that can't be read was told when it was recorded."""


def _rewrite(project: Project, deferred: Sequence[Deferred]) -> Mapping[str, str]:
    """Where a file has no place that suits all scenarios, those count that need none of the names.

    What the others run, they may import a moment earlier.
    """
    by_file = defaultdict[Path, list[Deferred]](list)
    for one in deferred:
        by_file[one.candidate.source.file].append(one)
    texts: dict[Path, str] = {}
    for some in by_file.values():
        wanted = [name for one in some for name in one.candidate.wanted]
        spared = [set(one.skips) for one in some]
        try:
            texts |= rewritten(wanted, _ran(project, None), project.form)
        except RewriteError:
            names = set.intersection(*spared)
            texts |= rewritten(wanted, _ran(project, names), project.form)
    return {project.files[file]: text for file, text in texts.items()}


def _ran(project: Project, names: Collection[str] | None) -> frozenset[tuple[str, int]]:
    """The lines that scenarios of these names ran, or all of them."""
    return frozenset[tuple[str, int]]().union(
        *(
            one.imports.graph.recording.lines
            for one in project.scenarios
            if names is None or one.benchmark.name in names
        )
    )


RECIPE = DeferImports()
