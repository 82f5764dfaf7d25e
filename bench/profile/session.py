"""Profile a target's benchmarks, in one revision or in the two of a pair."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.revision import Pair
from bench.core.sample import Design, Side
from bench.core.target import Target
from bench.counters.observe import own_packages
from bench.environments.interpreters import Interpreter
from bench.environments.pair import Environments
from bench.measure.client import Launcher
from bench.measure.probe import NotMeasurableError, probe
from bench.measure.rounds import Bench, Sides
from bench.profile.frames import Namer
from bench.profile.processes import Subject
from bench.profile.scenario import Profiling, Taken
from bench.session.preparation import network_of, subjects
from bench.session.watcher import Watcher
from bench.store.manifest import PlannedBenchmark
from bench.workspace import Workspace


@dataclass(frozen=True)
class Profile:
    """One scenario's profiles, and what they are of."""

    target: Target
    pair: Pair
    python: str
    sides: Sides
    environments: Environments
    taken: Taken


@dataclass(frozen=True)
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

    def run(self, interpreter: Interpreter, environments: Environments) -> list[Profile]:
        """All scenarios on one Python; raises `NothingMeasuredError` when none could be run."""
        for side in self.profiled:
            environments.side(side).prove_again(self.target.env)
        found: list[Profile] = []
        with (
            network_of(self.target, self.benchmarks, self.workspace) as network,
            Launcher(network.isolation) as launcher,
            subjects(
                self.target, self.benchmarks, self.workspace, interpreter, environments, network
            ) as (base, head),
        ):
            bench = Bench(launcher, network.cpus, secrets.randbits(32), network)
            for planned in self.benchmarks:
                name = planned.declaration.name
                self.watcher.phase(f"{name}: trying it")
                try:
                    choice = probe(bench, planned.declaration, base, head, Design.PAIRS)
                except NotMeasurableError as error:
                    self.watcher.say(f"{name}: not profiled: {error}")
                    continue
                taken = self._take(bench, choice.sides, environments)
                found.append(
                    Profile(
                        self.target, self.pair, interpreter.version, choice.sides, environments,
                        taken,
                    )
                )  # fmt: skip
        if not found:
            raise NothingMeasuredError(
                f"None of the scenarios of {self.target.name} {self.pair.label} could be run on "
                f"Python {interpreter.version}."
            )
        return found

    def _take(self, bench: Bench, sides: Sides, environments: Environments) -> Taken:
        name = sides.benchmark.name
        namers: Mapping[Side, Namer] = {
            side: Namer(self.target.name, own_packages(environments.side(side)))
            for side in self.profiled
        }
        profiling = Profiling(
            {side: Subject(bench, sides, side) for side in self.profiled},
            namers,
            self.budget_s,
            lambda words: self.watcher.phase(f"{name}: {words}"),
        )
        return profiling.take()


def folder_of(profile: Profile, root: Path) -> Path:
    """Where a profile lives: `<target>/<revision or pair>/py3.x/<scenario>`."""
    label = profile.pair.base.label if profile.pair.is_same else profile.pair.label
    return root / profile.target.name / label / f"py{profile.python}" / profile.sides.benchmark.name
