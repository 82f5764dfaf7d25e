"""The candidates of all scenarios as one pool: one site a statement, with a part a scenario."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.core.variants import numbers
from bench.explain.optimize.change import Site
from bench.explain.optimize.choosing.harm import Harm
from bench.explain.optimize.project import Form, Project
from bench.explain.rank.candidates import Candidate, Judgement, judge_imports
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.opportunities import change_words
from bench.explain.rank.sources import ModuleSource
from bench.explain.rank.takers import Takers

_EVALUATES_LATE = (3, 14)  # annotations are evaluated only when they are asked for


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """A statement that at least one scenario could do without.

    `candidate` has every name that some scenario does not need; `skips` are what each scenario is
    spared, by its name: one that needs a name is spared only the others. `stays`: the statement
    stays where it is and waits by itself.
    """

    site: Site
    candidate: Candidate
    skips: Mapping[str, Skip]
    stays: bool = False

    @property
    def brings(self) -> frozenset[str]:
        """Modules that the rewritten file imports for it."""
        return frozenset() if self.stays else self.candidate.brings


@dataclass(frozen=True)
class Pool:
    """What could be deferred at a revision, and what each scenario's statements say against it.

    `harmful` could be deferred too, with the reason why that would be no gain.
    """

    deferred: tuple[Deferred, ...]
    judgements: Mapping[str, Judgement]
    harmful: tuple[tuple[Site, str], ...] = ()


def pool_candidates(
    project: Project,
    graphs: Mapping[str, Graph],
    sources: Sequence[ModuleSource],
    takers: Takers,
    harm: Harm,
) -> Pool:
    """Judge the statements of all `sources` in each scenario; `graphs` are by its name.

    Statements that some form of deferral would break whatever is run are not in it.
    """
    by_statement = project.form is not Form.FUNCTION
    lazy = numbers(project.environment.record.provenance.python) >= _EVALUATES_LATE
    by_file = {str(one.file): one for one in sources}
    judgements = {}
    for name, graph in graphs.items():
        imported = {
            module: by_file[file]
            for module, file in graph.recording.modules.items()
            if file in by_file
        }
        judgements[name] = judge_imports(
            graph, imported, sources, lazy=lazy, takers=takers, by_statement=by_statement
        )
    dropped: list[tuple[Site, str]] = []
    merged = _merged(project, judgements, harm if not by_statement else None, dropped)
    return Pool(tuple(merged), judgements, tuple(dropped))


def _merged(
    project: Project,
    judgements: Mapping[str, Judgement],
    harm: Harm | None,
    dropped: list[tuple[Site, str]],
) -> list[Deferred]:
    """Statements are the same object in all scenarios, since the sources are."""
    found: dict[int, dict[str, Candidate]] = {}
    for name, judgement in judgements.items():
        for one in judgement.candidates:
            found.setdefault(id(one.statement), {})[name] = one
    merged = []
    for by_scenario in found.values():
        whole = _union(list(by_scenario.values()))
        file = project.files.get(whole.source.file)
        if file is None:
            continue
        candidate, reasons = _unharmed(whole, harm)
        dropped += [
            (_site(file, whole, (name,)), reason) for name, reason in sorted(reasons.items())
        ]
        skips = {
            name: Skip(one.place, one.skip.names & candidate.skip.names)
            for name, one in by_scenario.items()
            if one.skip.names & candidate.skip.names
        }
        if candidate.deferrals and skips:
            names = tuple(one.name.bound for one in candidate.deferrals)
            site = _site(file, candidate, names)
            if harm is None:
                site = replace(site, words=_waiting(project.form, names))
            merged.append(Deferred(site=site, candidate=candidate, skips=skips, stays=harm is None))
    return sorted(merged, key=lambda one: (one.site.file, one.site.line))


def _unharmed(candidate: Candidate, harm: Harm | None) -> tuple[Candidate, dict[str, str]]:
    """A statement without the names whose deferral does harm, and why for these."""
    if harm is None:
        return candidate, {}
    reasons = {
        one.name.bound: reason
        for one in candidate.deferrals
        if (reason := harm.of_name(candidate, one))
    }
    left = tuple(one for one in candidate.deferrals if one.name.bound not in reasons)
    return replace(candidate, deferrals=left), reasons


def _site(file: str, candidate: Candidate, names: tuple[str, ...]) -> Site:
    words = change_words(candidate)
    return Site(file=file, line=candidate.statement.line, words=words, names=names)


def _waiting(form: Form, names: Sequence[str]) -> str:
    """What is written in a lazy form, in words."""
    listed = ", ".join(f"`{name}`" for name in names)
    how = "`lazy import`" if form is Form.LAZY else "its module is in `__lazy_modules__`"
    return f"{listed}: {how}, carried out when a name is first used (Python 3.15)"


def _union(candidates: Sequence[Candidate]) -> Candidate:
    """One statement with the names that can be deferred in any of the scenarios."""
    first = candidates[0]
    known = {one.name.bound: one for each in candidates for one in each.deferrals}
    order = [name.bound for name in first.statement.names if name.bound in known]
    return Candidate(first.place, first.source, first.statement, tuple(known[o] for o in order))


def sites_of(deferred: Collection[Deferred]) -> tuple[Site, ...]:
    """Their sites, in the order of the files."""
    return tuple(sorted((one.site for one in deferred), key=lambda one: (one.file, one.line)))
