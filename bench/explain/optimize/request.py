"""What an optimisation is asked for, looked up and checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.program import session
from bench.core.revision import Pair, Revision, Source
from bench.core.target import Kind, Target, word_of
from bench.core.variants import numbers
from bench.core.workspace import Workspace
from bench.engine.environments.build import cut_off
from bench.engine.environments.interpreters import Interpreter
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_path, resolve_range
from bench.engine.session.selection import select
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.optimize.branch import Workshop
from bench.explain.optimize.change import Recipe
from bench.explain.optimize.project import Form
from bench.explain.optimize.record import usual_branch
from bench.explain.optimize.releases import clone_of_release
from bench.explain.rank.lazily import FIRST_LAZY


@dataclass(frozen=True, kw_only=True)
class OptimizeRequest:
    """Everything that the steps of one optimisation share.

    `repo` is the clone that commits are built from, None for the target's own; `planned` are the
    scenarios; `requires_python` is what the project says itself, "" for nothing. `least` is the
    share of a scenario's time that is worth a commit, `alpha` the error rate of all steps together;
    `budget_s` are seconds of measuring for a scenario on one Python.
    """

    target: Target
    revision: Revision
    origin: str
    clone: Clone
    repo: Path | None
    workspace: Workspace
    interpreters: tuple[Interpreter, ...]
    planned: tuple[PlannedBenchmark, ...]
    recipes: tuple[Recipe, ...]
    form: Form
    least: float
    alpha: float
    budget_s: float
    lanes: int
    branch: str
    separate: bool
    requires_python: str = ""

    @property
    def date(self) -> str:
        """The day after which no package is taken: the revision's, for all commits made of it."""
        return cut_off(Pair(self.revision, self.revision, ""))

    @property
    def pythons_to_gain(self) -> list[str]:
        """Those on which a change has to be faster: all, or those that the form is for."""
        versions = [one.version for one in self.interpreters]
        if self.form is Form.FUNCTION:
            return versions
        return [one for one in versions if numbers(one) >= FIRST_LAZY]

    def pair(self, base: str, head: str) -> Pair:
        """Two commits of the clone."""
        return Pair(self._named(base), self._named(head), self.origin)

    def _named(self, commit: str) -> Revision:
        if commit == self.revision.identity:
            return self.revision
        return self.clone.revision(commit[:10], commit)


def find_revision(
    target: Target, name: str, workspace: Workspace, repo: Path | None, say: Callable[[str], None]
) -> tuple[Revision, str, Clone, Path | None]:
    """A revision as a commit of a clone, where it was looked up, and what to build it from.

    A release is the commit of its tag where there is a clone that has it; else its source
    distribution in a clone made of it. Raises `UsageError` for what is none of these, and for a
    clone of the user's with changes that are not committed.
    """
    name = name.removeprefix(f"{target.distributions[0]}==")
    if ".." in name:
        raise UsageError(f"{name!r} is a range: one revision is optimised.", "Name its head.")
    pair = resolve_range(target, f"{name}..{name}", workspace, repo)
    revision, origin = pair.base, pair.origin
    if revision.source is Source.PYPI:
        path = clone_path(target, workspace, repo)
        tagged = Clone(path, ours=True).find(revision.identity) if path.is_dir() else None
        if tagged is None:
            clone = clone_of_release(target, revision, workspace, say)
            commit = clone.find("HEAD")
            assert commit is not None
            made = clone.revision(revision.identity, commit)
            return made, f"{origin}; its source distribution", clone, clone.path
        revision = Clone(path).revision(name, tagged)
    clone = open_clone(clone_path(target, workspace, repo))
    if repo is not None and clone.is_dirty:
        raise UsageError(
            f"{clone.path} has changes that are not committed, which would be left out of what is "
            "optimised.",
            "Commit or stash them (git stash), or name another clone with --repo.",
        )
    return revision, origin, clone, repo


def choose_scenarios(
    target: Target, patterns: Sequence[str], suites: Path
) -> tuple[PlannedBenchmark, ...]:
    """The commands and imports that patterns name, or the target's default ones.

    Raises `UsageError` where a pattern names nothing, or nothing that can be recorded is left.
    """
    names = [one.name for one in target.benchmark]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"--scenario {pattern} matches nothing in {target.name}.",
                f"Benchmarks: {', '.join(names)}.",
            )
    chosen = select(target, Options(benchmarks=tuple(patterns)), suites)[1:]
    planned = tuple(one for one in chosen if is_recordable(one))
    if not planned:
        raise UsageError(
            "None of these scenarios is a command or an import: scripts, services and containers "
            "do their work where imports are not recorded.",
            f"`{session('profile', f'{word_of(target.name)} REV')}` profiles any benchmark.",
        )
    return planned


def is_recordable(planned: PlannedBenchmark) -> bool:
    """Whether it is a process of the project's own, which tells what it imports."""
    one = planned.declaration
    return one.kind is not Kind.SCRIPT and one.service is None and one.container is None


def choose_recipes(known: Sequence[Recipe], names: Sequence[str]) -> tuple[Recipe, ...]:
    """Those that were asked for, or all; raises `UsageError` for one that there is not."""
    by_name = {one.name: one for one in known}
    for name in names:
        if name not in by_name:
            raise UsageError(
                f"There is no recipe {name!r}.", f"Recipes: {', '.join(sorted(by_name))}."
            )
    return tuple(one for one in known if not names or one.name in names)


def branch_name(asked: str, revision: Revision, clone: Clone) -> str:
    """The stacked branch: as asked for, or named after the revision; raises `UsageError`."""
    name = asked or usual_branch(revision)
    workshop = Workshop(clone)
    workshop.check_name(name)
    workshop.check_identity()
    return name
