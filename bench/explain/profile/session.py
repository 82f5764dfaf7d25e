"""Profile a target's benchmarks, in one revision or in the two of a pair."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.revision import Pair
from bench.core.sample import Design, Side
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.measure.probe import NotMeasurableError, probe
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.support import support_folder
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.counters.observe import own_packages
from bench.explain.profile.frames import Namer
from bench.explain.profile.processes import ProfiledProcess
from bench.explain.profile.scenario import ProfilesTaken, Profiling


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One scenario's profiles, and what they are of."""

    target: Target
    pair: Pair
    python: str
    sides: Sides
    environments: Environments
    load: float
    taken: ProfilesTaken


@dataclass(frozen=True, kw_only=True)
class ProfileSession:
    """What is profiled, and who hears of it. A pair of one revision with itself has one side."""

    target: Target
    pair: Pair
    benchmarks: tuple[PlannedBenchmark, ...]
    budget_s: float
    workspace: Workspace
    watcher: Watcher

    @property
    def profiled(self) -> tuple[Side, ...]:
        """Base alone for a single revision."""
        return (Side.BASE,) if self.pair.is_same else (Side.BASE, Side.HEAD)

    def run(self, interpreter: Interpreter, environments: Environments) -> Iterator[Profile]:
        """All scenarios on one Python, one after the other.

        Files of a profile stay until the next one is asked for. Raises `NothingMeasuredError` when
        none could be run.
        """
        for side in self.profiled:
            environments.side(side).prove_again(self.target.env, self.workspace)
        found = False
        with (
            network_of(self.target, self.benchmarks, self.workspace) as network,
            Launcher(network.isolation) as launcher,
            subjects(
                self.target, self.benchmarks, self.workspace, interpreter, environments, network
            ) as ((base, head),),
        ):
            taker = RoundTaker(launcher, network.cpus, secrets.randbits(32), network)
            for planned in self.benchmarks:
                name = planned.declaration.name
                self.watcher.phase(f"{name}: trying it")
                try:
                    choice = probe(taker, planned.declaration, base, head, Design.PAIRS)
                except NotMeasurableError as error:
                    self.watcher.say(f"{name}: not profiled: {error}")
                    continue
                found = True
                yield Profile(
                    target=self.target,
                    pair=self.pair,
                    python=interpreter.version,
                    sides=choice.sides,
                    environments=environments,
                    load=os.getloadavg()[0],
                    taken=self._profiling(taker, choice.sides, interpreter, environments).take(),
                )
        if not found:
            raise NothingMeasuredError(
                f"None of the scenarios of {self.target.name} {self.pair.label} could be run on "
                f"Python {interpreter.version}."
            )

    def _profiling(
        self, taker: RoundTaker, sides: Sides, interpreter: Interpreter, environments: Environments
    ) -> Profiling:
        name = sides.benchmark.name
        return Profiling(
            subjects={side: ProfiledProcess(taker, sides, side) for side in self.profiled},
            namers={
                side: Namer(self.target.name, own_packages(environments.side(side)))
                for side in self.profiled
            },
            places={
                side: places(environments.side(side), sides.side(side), self.workspace)
                for side in self.profiled
            },
            support=lambda package, version: support_folder(
                package, version, interpreter, self.workspace
            ),
            budget_s=self.budget_s,
            tell=lambda words: self.watcher.phase(f"{name}: {words}"),
        )


def places(
    environment: Environment, invocation: Invocation, workspace: Workspace
) -> list[tuple[Path, str]]:
    """Folders of a side, and what to call them in place of their paths."""
    python = Path(environment.record.provenance.base_executable).parent.parent
    return [
        (environment.venv, "<environment>"),
        (invocation.cwd, "~"),
        (invocation.cwd.parent, "<beside home>"),
        (python, "<python>"),
        (workspace.cache, "<cache>"),
        (workspace.root, "<checkout>"),
    ]


def folder_of(root: Path, target: str, pair: Pair, python: str, scenario: str) -> Path:
    """Where a profile lives: `<target>/<revision or pair>/py3.x/<scenario>`."""
    label = pair.base.label if pair.is_same else pair.label
    return root / target / label / f"py{python}" / scenario
