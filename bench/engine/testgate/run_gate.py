"""Test both revisions of a pair and say what head broke."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.gate import Ending, Gate, SuiteRun
from bench.core.revision import Pair, Revision
from bench.core.target import OwnTests, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import cut_off
from bench.engine.environments.interpreters import Interpreter
from bench.engine.measure.network import AS_DECLARED
from bench.engine.sandbox.isolation import isolate
from bench.engine.session.open_run import OpenRun
from bench.engine.sources.trees import RewrittenSources, Sources, find_sources
from bench.engine.store.events import Tested
from bench.engine.testgate.compare import Comparison, compare, without_flaky
from bench.engine.testgate.environment import (
    build_suite_environment,
    is_editable,
    make_suite_recipe,
)
from bench.engine.testgate.junit import without_parameters
from bench.engine.testgate.suite import Suite, SuiteOutcome

SKIPPED = "skipped with --no-tests"
_TOO_MANY_FOR_CHANCE = 100


@dataclass(frozen=True)
class GateStep:
    """The step of a run that runs the target's own tests on both sides; None: they are skipped."""

    gate: PairGate | None = None

    def __call__(self, now: OpenRun) -> None:
        """Run them, unless an earlier session of this run has."""
        known = now.run.gate
        if now.plan.target.tests is None or (known is not None and known.was_run):
            return
        if self.gate is not None:
            now.journal.write(Tested(self.gate.run(now.interpreter)))
        elif known is None:
            now.journal.write(Tested(Gate(reason=SKIPPED)))
        now.journal.sync()


@dataclass(frozen=True)
class GateTried:
    """A gate, and the first lines of what newly failing tests said."""

    gate: Gate
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PairGate:
    """The tests of one pair. `say` hears of results, `phase` of what is being done.

    `rewritten`: head has these texts in place of its own (see `put_texts`); `only`: it runs only
    these tests. `date` is the day after which no package is taken; by default it follows from the
    pair.
    """

    target: Target
    pair: Pair
    workspace: Workspace
    say: Callable[[str], None]
    phase: Callable[[str], None]
    repo: Path | None = None
    rewritten: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    date: str = ""

    def run(self, interpreter: Interpreter) -> Gate:
        """Test both sides on one Python; what keeps them from being tested is the reason in it."""
        return self.tried(interpreter).gate

    def tried(self, interpreter: Interpreter) -> GateTried:
        """The same with what head's newly failing tests said."""
        tests = self.target.tests
        assert tests is not None
        try:
            base = self._suite(tests, self._sources(self.pair.base), interpreter)
            head = self._head(tests, base, interpreter)
        except BenchError as error:
            self.say(f"tests not run: {error.message}")
            return GateTried(Gate(reason=error.message))
        was, now = self._run(base), self._run(head, self.only)
        found = Comparison()
        if was.run.has_results and now.run.has_results:
            found = self._confirmed(compare(was.cases, now.cases), was, base, head)
        gate = _gate(tests, base, was, now, found)
        if gate.newly_fails:
            self.say(f"head's tests newly fail: {_first(gate)}\nWhat they said last: {head.log}")
        said = {name: now.messages.get(name, "") for name in gate.newly_failing}
        return GateTried(gate, said)

    def _head(self, tests: OwnTests, base: Suite, interpreter: Interpreter) -> Suite:
        """Head's tests; of a rewritten base in its environment, where that sees what is written."""
        if not self.rewritten:
            return self._suite(tests, self._sources(self.pair.head), interpreter)
        if self.pair.base == self.pair.head and is_editable(base.folder):
            return replace(base, texts=self.rewritten)
        sources = RewrittenSources(self._sources(self.pair.head), self.rewritten)
        return self._suite(tests, sources, interpreter)

    def _sources(self, revision: Revision) -> Sources:
        assert self.target.tests is not None
        paths = self.target.tests.paths
        return find_sources(self.target, revision, self.workspace, self.repo, paths)

    def _suite(self, tests: OwnTests, sources: Sources, interpreter: Interpreter) -> Suite:
        date = self.date or cut_off(self.pair)
        recipe = make_suite_recipe(self.target, tests, sources, interpreter, date)
        folder = build_suite_environment(
            recipe,
            sources,
            self.workspace,
            timeout_s=self.target.build_timeout_s,
            announce=self.say,
        )
        open_because = AS_DECLARED if self.target.network == "host" else ""
        isolation = isolate(self.workspace, open_because=open_because)
        return Suite(
            target=self.target,
            tests=tests,
            sources=sources,
            key=recipe.key,
            folder=folder,
            isolation=isolation,
            workspace=self.workspace,
        )

    def _run(self, suite: Suite, only: tuple[str, ...] = ()) -> SuiteOutcome:
        self.phase(f"running the tests of {suite.description}")
        outcome, remembered = suite.run(only)
        how = "remembered" if remembered else f"{outcome.run.duration_s:.0f} s"
        self.say(f"tests of {suite.description}: {counts(outcome.run)} [{how}]")
        return outcome

    def _confirmed(
        self, found: Comparison, was: SuiteOutcome, base: Suite, head: Suite
    ) -> Comparison:
        """Run what newly fails once more on both sides: chance is no change."""
        suspects = found.newly_failing
        if not suspects or len(suspects) > _TOO_MANY_FOR_CHANCE:
            return found
        self.phase("running newly failing tests once more")
        on_base = _functions(name for name in suspects if name in was.cases)
        base_again = base.run(on_base)[0].cases if on_base else {}
        head_again = head.run(_functions(suspects))[0].cases
        return without_flaky(found, base_again, head_again)


def counts(run: SuiteRun) -> str:
    """`928 passed, 1 failed, 3 skipped`, or how the suite ended without results."""
    if not run.has_results:
        return "ran into their time-out" if run.ending is Ending.TIMED_OUT else "left no results"
    words = [f"{run.passed} passed"]
    for number, word in ((run.failed, "failed"), (run.errors, "errors"), (run.skipped, "skipped")):
        if number:
            words.append(f"{number} {word}")
    return ", ".join(words)


def _functions(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(without_parameters(name) for name in names))


def _gate(
    tests: OwnTests, suite: Suite, was: SuiteOutcome, now: SuiteOutcome, found: Comparison
) -> Gate:
    return Gate(
        command=(*tests.command, *tests.paths),
        network=suite.isolation.network,
        base=was.run,
        head=now.run,
        newly_failing=found.newly_failing,
        fixed=found.fixed,
        still_failing=found.still_failing,
        flaky=found.flaky,
        added=found.added,
        removed=found.removed,
    )


def _first(gate: Gate) -> str:
    if gate.head is not None and gate.head_broke:
        return counts(gate.head)
    if gate.head_contradicts and not gate.newly_failing:
        return gate.head_contradicts
    listed = ", ".join(gate.newly_failing[:3])
    more = len(gate.newly_failing) - 3
    return f"{listed} and {more} more" if more > 0 else listed
