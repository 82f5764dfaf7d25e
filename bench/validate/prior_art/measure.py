"""Measure what a declaration names, as ordinary pairs and series; what is there is not repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.history.measure import SeriesSession
from bench.engine.history.plan import begin, find_series
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.revisions.clones import clone_on_demand
from bench.engine.revisions.history import find_points
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.plan import Plan
from bench.engine.session.selection import select
from bench.engine.session.session import Session
from bench.engine.session.unreported import mark_reported
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import finished_run, pair_folder
from bench.engine.testgate.run_gate import GateStep
from bench.explain.counters.counting import CountersStep
from bench.validate.prior_art.declaration import PriorArt, PublishedComparison, SeriesOf


@dataclass(kw_only=True)
class PriorArtSession:
    """A declaration being measured; each of `errors` left something out."""

    declared: PriorArt
    target: Target
    interpreters: Sequence[Interpreter]
    workspace: Workspace
    watcher: Watcher
    again: bool = False
    errors: list[BenchError] = field(default_factory=list)

    def run(self, *, with_series: bool) -> None:
        """Measure all comparisons, then the series; raises `BenchError` for what stops them all."""
        repo = self._clone()
        for number, one in enumerate(self.declared.comparisons, start=1):
            self.watcher.say(f"{number}/{len(self.declared.comparisons)}: {one.title}")
            with self._recorded(one.title):
                self._compare(one, repo)
        for series in self.declared.series if with_series else ():
            with self._recorded(f"series {series.range}"):
                self._series(series, repo)

    @contextmanager
    def _recorded(self, what: str) -> Iterator[None]:
        """What fails inside is told and kept among the errors; the next thing is measured."""
        try:
            yield
        except BenchError as error:
            self.errors.append(error)
            self.watcher.say(f"{what}: {error}")

    def _clone(self) -> Path | None:
        if not self.declared.repository:
            return None
        path = self.workspace.repos / (self.declared.clone or self.declared.target)
        return clone_on_demand(self.declared.repository, path, private=False).path

    def _options(self, benchmarks: tuple[str, ...], *, counters: bool = False) -> Options:
        return Options(budget_s=self.declared.budget_s, benchmarks=benchmarks, counters=counters)

    def _compare(self, one: PublishedComparison, repo: Path | None) -> None:
        pair = resolve_range(self.target, one.range, self.workspace, repo)
        options = self._options(one.benchmarks, counters=one.counters)
        benchmarks = select(self.target, options, self.workspace.suites)
        builder = Builder(
            target=self.target,
            pair=pair,
            workspace=self.workspace,
            announce=self.watcher.say,
            repo=repo,
        )
        plan = self._plan(pair, options, benchmarks)
        session = Session(plan, self.watcher, (GateStep(),), (CountersStep(self.watcher),))
        for interpreter in self.interpreters:
            folder = pair_folder(
                self.workspace.data, self.target.name, pair, interpreter.version, describe_machine()
            )
            if not self.again and finished_run(folder, options, benchmarks):
                self.watcher.say(f"{pair.label}, Python {interpreter.version}: measured before")
                continue
            self.watcher.say(f"{pair.label}, Python {interpreter.version}")
            with self._recorded(f"{one.title}, Python {interpreter.version}"):
                run = session.run(interpreter, builder.build(interpreter))
                mark_reported(self.workspace, [run])

    def _series(self, one: SeriesOf, repo: Path | None) -> None:
        pair = resolve_range(self.target, one.range, self.workspace, repo)
        options = self._options(one.benchmarks)
        benchmarks = select(self.target, options, self.workspace.suites)
        points = find_points(self.target, pair, one.selection, self.workspace, repo)
        plan = self._plan(pair, options, benchmarks, repo)
        series = begin(find_series(plan, points, again=self.again), self.workspace)
        session = SeriesSession(plan, series, self.watcher)
        session.run(tuple(self._pythons(one)))
        self.errors += session.errors

    def _plan(
        self,
        pair: Pair,
        options: Options,
        benchmarks: tuple[PlannedBenchmark, ...],
        repo: Path | None = None,
    ) -> Plan:
        return Plan(
            target=self.target,
            pair=pair,
            options=options,
            benchmarks=benchmarks,
            workspace=self.workspace,
            repo=repo,
        )

    def _pythons(self, one: SeriesOf) -> Iterator[Interpreter]:
        for interpreter in self.interpreters:
            if not one.pythons or interpreter.version in one.pythons:
                yield interpreter
