"""Measure the points of a series one by one, each an ordinary run against the anchor."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from bench.core.errors import BenchError, BuildError, NothingMeasuredError, UsageError
from bench.core.lock import exclusive
from bench.core.sample import Side
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Dependencies, Environments
from bench.engine.history.order import bisecting
from bench.engine.session.plan import Plan
from bench.engine.session.session import Session
from bench.engine.session.unreported import mark_reported
from bench.engine.session.watcher import Watcher
from bench.engine.store.series import Failure, Series, add_failure
from bench.engine.testgate.run_gate import GateStep


@dataclass
class SeriesSession:
    """A series on its way; `plan` is the plan of all its points, but for the pair.

    `series` grows by the points that can't be installed. `errors` are those of this session, in the
    order they were met; a point that was measured in an earlier session has none.
    """

    plan: Plan
    series: Series
    watcher: Watcher
    errors: list[BenchError] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self._dependencies is Dependencies.HEAD:
            raise UsageError(
                "--deps head would make the anchor of a series another one for each point.",
                "--deps base installs the anchor's third-party versions for all points.",
            )

    def missing(self, interpreters: Sequence[Interpreter]) -> list[tuple[int, Interpreter]]:
        """Points without a complete run, in the order to measure; those that failed come last."""
        places = [
            (index, interpreter)
            for index in bisecting(len(self.series.manifest.points.points))
            for interpreter in interpreters
            if not self.series.finished_run(self.plan.workspace.data, index, interpreter.version)
        ]
        return sorted(
            places, key=lambda one: self.series.failure(one[0], one[1].version) is not None
        )

    def run(self, interpreters: Sequence[Interpreter]) -> None:
        """Measure what is missing.

        A point that can't be built or measured is recorded, and the next one is taken. When the
        anchor can't be built for a Python, that Python is left out. Raises `BenchError` for what
        would stop every point (a full disk, a folder in use).
        """
        given_up: set[str] = set()
        with exclusive(self.series.folder / "lock"):
            places = self.missing(interpreters)
            for number, (index, interpreter) in enumerate(places, 1):
                version = interpreter.version
                if version in given_up:
                    continue
                label = self.series.manifest.pair(index).head.label
                self.watcher.say(f"{number}/{len(places)}: {label}, Python {version}")
                try:
                    self._point(index, interpreter)
                except _AnchorError as error:
                    given_up.add(version)
                    self._tell(version, BuildError(error.message, error.hint))

    def _point(self, index: int, interpreter: Interpreter) -> None:
        manifest = self.series.manifest
        options = msgspec.structs.replace(manifest.options, series=manifest.series_id)
        plan = dataclasses.replace(self.plan, pair=manifest.pair(index), options=options)
        session = Session(plan, self.watcher, before=(GateStep(),))
        try:
            environments = self._environments(index, interpreter)
        except BuildError as error:
            if isinstance(error, _AnchorError):
                raise
            failure = Failure(index, interpreter.version, error.message, time.time())
            self.series = add_failure(self.series, failure)
            self._tell(interpreter.version, error)
            return
        try:
            run = session.run(interpreter, environments)
            mark_reported(plan.workspace, [run])  # the pages of a series are made from all runs
        except NothingMeasuredError as error:  # its run is complete, and holds the reasons
            self._tell(interpreter.version, error)

    def _environments(self, index: int, interpreter: Interpreter) -> Environments:
        builder = Builder(
            target=self.plan.target,
            pair=self.series.manifest.pair(index),
            workspace=self.plan.workspace,
            announce=self.watcher.say,
            repo=self.plan.repo,
            dependencies=self._dependencies,
            date=self.series.manifest.date,
        )
        try:
            return builder.build(interpreter)
        except BuildError as error:
            if builder.has(Side.BASE, interpreter):
                raise
            raise _AnchorError(error.message, error.hint) from error

    def _tell(self, version: str, error: BenchError) -> None:
        self.errors.append(error)
        self.watcher.say(f"Python {version}: {error}")

    @property
    def _dependencies(self) -> Dependencies:
        return Dependencies(self.series.manifest.options.dependencies)


class _AnchorError(BuildError):
    """The anchor itself can't be installed: no point can be compared with it."""
