"""The project's own tests fail in nothing new."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.revision import Pair, Revision
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.testgate.junit import without_parameters
from bench.engine.testgate.run_gate import GateTried, PairGate
from bench.explain.checks.breakage import Attempt, Breakage, names_in

_SHOWN = 3
_SUSPECTS = 20
UNDECLARED = "the target's file declares no tests: nothing can be said of them"


@dataclass(kw_only=True)
class OwnTestsCheck:
    """All of them where everything is looked at; else those that other rewritings made fail.

    Results of the revision as it is are remembered on disk. `modules` are names of the project's
    modules → path from the root of the repository.
    """

    target: Target
    revision: Revision
    interpreter: Interpreter
    workspace: Workspace
    modules: Mapping[str, str]
    say: Callable[[str], None]
    phase: Callable[[str], None]
    repo: Path | None = None
    name: str = "tests"
    seen: str = field(default="", init=False)
    failing: tuple[str, ...] = field(default=(), init=False)  # before anything was changed
    reason: str = field(default="", init=False)  # why nothing is said of them
    _told: set[str] = field(default_factory=set, init=False)
    _suspects: dict[str, None] = field(default_factory=dict, init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """The tests that newly fail, and what they said."""
        if self.target.tests is None:
            self.seen = self.reason = UNDECLARED
            self._tell(UNDECLARED)
            return None
        only = () if attempt.whole else tuple(self._suspects)
        if not only and not attempt.whole:
            return None
        gate = PairGate(
            target=self.target,
            pair=Pair(self.revision, self.revision, ""),
            workspace=self.workspace,
            say=self.say,
            phase=self.phase,
            repo=self.repo,
            rewritten=attempt.texts,
            only=only,
        )
        return self._judged(gate.tried(self.interpreter), attempt)

    def _judged(self, tried: GateTried, attempt: Attempt) -> Breakage | None:
        gate = tried.gate
        if gate.reason:
            self.seen = self.reason = f"not run: {gate.reason}"
            self._tell(f"tests were {self.seen}")
            return None
        assert gate.base is not None
        if not gate.base.has_results:
            self.seen = "not judged: they leave no results before anything is changed"
            self.reason = self.seen
            self._tell(f"tests are {self.seen}")
            return None
        if gate.still_failing:
            self.failing = tuple(gate.still_failing)
            self._tell(f"tests failed before and do not count: {_listed(gate.still_failing)}")
        if not gate.newly_fails:
            self.seen = f"{gate.head.passed} tests pass as before" if gate.head else ""
            return None
        first = next(iter(gate.newly_failing), "")
        said = "\n".join(filter(None, tried.said.values()))
        ending = f"{_listed(gate.newly_failing)} newly fail" if first else "do not end as before"
        words = f"{ending}: {tried.said.get(first) or gate.head_contradicts}".rstrip(": ")
        self._suspects |= dict.fromkeys(map(without_parameters, gate.newly_failing[:_SUSPECTS]))
        return Breakage(
            check=self.name,
            words=words,
            files=tuple(path for path in attempt.texts if self._module(path) in said),
            names=names_in(said),
            said=said,
        )

    def _module(self, path: str) -> str:
        return next((name for name, file in self.modules.items() if file == path), path)

    def _tell(self, words: str) -> None:
        """Once."""
        if words not in self._told:
            self._told.add(words)
            self.say(words)


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
