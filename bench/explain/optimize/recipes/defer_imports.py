"""Recipe `defer-imports`: imports that the scenarios do not need, where they are needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.choosing.grouping import group
from bench.explain.optimize.choosing.pool import Deferred, pool_candidates, sites_of
from bench.explain.optimize.choosing.savings import savings_of, smallest_set
from bench.explain.optimize.choosing.titles import title
from bench.explain.optimize.project import Project
from bench.explain.rank.outsiders import read_outsiders
from bench.explain.rank.rewriting.rewrite import rewritten
from bench.explain.rank.sources import ModuleSource, read_package
from bench.explain.rank.takers import takers_of

_WHY = (
    "The imports move to where the names are first needed, so that what they bring is loaded "
    "then, or never; public names stay."
)
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
        pool = pool_candidates(project, graphs, sources, takers)
        savings = savings_of(project, pool)
        chosen = smallest_set(savings, pool.deferred, _SPARE * project.least)
        groups = group(savings, chosen, own, project.least)
        changes = tuple(
            Change(
                recipe=self.name,
                title=title(savings, one, own),
                sites=sites_of(one.deferred),
                why=_WHY,
                saves_s=one.saves_s,
            )
            for one in groups
        )
        known = {one.site.place: one for part in groups for one in part.deferred}

        def rewrite(sites: Collection[Site]) -> Mapping[str, str]:
            return _rewrite(project, [known[one.place] for one in sites])

        return Proposal(changes=changes, rewrite=rewrite)


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
    wanted = [name for one in deferred for name in one.candidate.wanted]
    ran = frozenset[tuple[str, int]]().union(
        *(one.imports.graph.recording.lines for one in project.scenarios)
    )
    texts = rewritten(wanted, ran, project.form)
    return {project.files[file]: text for file, text in texts.items()}


RECIPE = DeferImports()
