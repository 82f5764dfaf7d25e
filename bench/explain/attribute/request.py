"""What an attribution is asked for, looked up and checked before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.core.revision import Pair, Revision
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import cut_off
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.revisions.git import Clone
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.attribute.range import RangeCommit

BUDGET_S = 30.0


@dataclass(frozen=True, kw_only=True)
class AttributeRequest:
    """Everything that the pairs of one attribution share.

    `planned` are the scenarios, `commits` those of the range. `least` is the change that matters,
    `alpha` the chance that any innocent commit is named, `limit_s` the seconds that this session
    may take, `budget_s` those of measuring for a scenario in one pair.
    """

    target: Target
    whole: Pair
    clone: Clone
    repo: Path | None
    workspace: Workspace
    interpreters: tuple[Interpreter, ...]
    planned: tuple[PlannedBenchmark, ...]
    commits: tuple[RangeCommit, ...]
    least: float
    alpha: float
    limit_s: float
    lanes: int
    budget_s: float = BUDGET_S

    @property
    def date(self) -> str:
        """The day after which no package is taken: the range's, for all its commits."""
        return cut_off(self.whole)

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """Those of the range by index: the base, then each commit."""
        return (self.whole.base, *(one.revision for one in self.commits[:-1]), self.whole.head)

    def pair(self, base: str, head: str) -> Pair:
        """Two commits of the range."""
        found = {one.identity: one for one in self.revisions}
        return Pair(found[base], found[head], self.whole.origin)

    def builder(self, index: int, watcher: Watcher) -> Builder:
        """What builds one revision of the range."""
        revision = self.revisions[index]
        return Builder(
            target=self.target,
            pair=Pair(revision, revision, self.whole.origin),
            workspace=self.workspace,
            announce=watcher.say,
            repo=self.repo,
            date=self.date,
        )
