"""What a test of claims is asked for, looked up and checked before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.options import Options
from bench.core.revision import Pair, Revision
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import cut_off
from bench.engine.environments.interpreters import Interpreter

BUDGET_S = 60.0  # a test ends sooner where the change is as large as most claims are
LEAST = Options().mei


@dataclass(frozen=True, kw_only=True)
class ClaimsRequest:
    """Everything that the tests of claims share; `limit_s` is what this session may take."""

    target: Target
    whole: Pair
    repo: Path | None
    workspace: Workspace
    interpreters: tuple[Interpreter, ...]
    least: float
    limit_s: float
    lanes: int

    def test(
        self, base: Revision, head: Revision, benchmarks: Sequence[Benchmark]
    ) -> ClaimPairRequest:
        """What is asked to measure some benchmarks on two commits."""
        return ClaimPairRequest(
            target=_with(self.target, benchmarks),
            workspace=self.workspace,
            repo=self.repo,
            interpreters=self.interpreters,
            lanes=self.lanes,
            least=self.least,
            ends=Pair(base, head, self.whole.origin),
        )


@dataclass(frozen=True, kw_only=True)
class ClaimPairRequest:
    """One pair of commits, as `PairMeasuring` wants it."""

    target: Target
    workspace: Workspace
    repo: Path | None
    interpreters: tuple[Interpreter, ...]
    lanes: int
    least: float
    ends: Pair
    budget_s: float = BUDGET_S

    @property
    def date(self) -> str:
        """The day after which no package is taken: that of the later commit."""
        return cut_off(self.ends)

    def pair(self, base: str, head: str) -> Pair:
        """The pair, of which these are the ends."""
        assert (base, head) == (self.ends.base.identity, self.ends.head.identity)
        return self.ends


def _with(target: Target, benchmarks: Sequence[Benchmark]) -> Target:
    """The target with these benchmarks alone; with what its tests need, where they are run."""
    install, tests = target.install, target.tests
    if tests is not None and any(one.is_suite for one in benchmarks):
        install = install.with_tests(
            install.subfolder,
            extras=tests.extras,
            groups=tests.groups,
            requirements=tests.requirements,
        )
    return msgspec.structs.replace(target, benchmark=tuple(benchmarks), install=install)
