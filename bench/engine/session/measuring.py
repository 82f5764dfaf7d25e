"""The part of a session during which processes are measured."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench.core.machine import Neighbour
from bench.core.result import CONTROL
from bench.core.sample import Side
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.measure.probe import Choice, NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import Sides
from bench.engine.session.open_run import OpenRun
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.multiplicity import local_alpha
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Closed, Opened, Probed, Unavailable
from bench.engine.store.manifest import PlannedBenchmark

_CONTROL_ALONE_ROUNDS = 20


@dataclass
class Measuring:
    """Probes and rounds of all benchmarks of a run, and its end."""

    open: OpenRun
    watcher: Watcher
    rejected: set[str] = field(default_factory=set)
    family: int = 1
    elapsed_s: float = 0.0
    neighbours: tuple[Neighbour, ...] = ()

    def run(self) -> list[Sides]:
        """Probe and measure; returns the benchmarks that work."""
        started, neighbourhood = time.monotonic(), Neighbourhood.now()
        self.open.journal.write(Opened(time.time(), resumed=bool(self.open.run.events)))
        ready = self._probe_all()
        for position, (plan, sides) in enumerate(ready, start=1):
            self._measure(plan, sides, position, len(ready))
            self.open.journal.sync()
        self.elapsed_s = time.monotonic() - started
        self.neighbours = neighbourhood.busiest()
        return [sides for _plan, sides in ready]

    def close(self) -> None:
        """Prove again what was measured, and mark the run as complete."""
        for side in Side:
            self.open.environments.side(side).prove_again(self.open.plan.target.env)
        inside_s = self.open.bench.launcher.inside_s
        self.open.journal.write(
            Closed(time.time(), round(self.elapsed_s, 3), round(inside_s, 3), self.neighbours)
        )

    def _probe_all(self) -> list[tuple[Probed, Sides]]:
        """Probe what was not probed yet: the number of benchmarks sets the level of each."""
        known: dict[str, tuple[Probed, Sides]] = {}
        chosen: dict[str, Choice] = {}
        for planned in self.open.plan.benchmarks:
            benchmark = planned.declaration
            name = benchmark.name
            if self.open.run.unavailable(name) is not None:
                continue
            plan = self.open.run.probed(name)
            if plan is not None:
                sides = prepare_again(
                    benchmark, self.open.base, self.open.head, plan.design, plan.loops
                )
                known[name] = plan, sides
                continue
            self.watcher.phase(f"probing {name}")
            choice = self._probe(planned)
            if choice is not None:
                chosen[name] = choice
        self.family = max(len((known.keys() | chosen.keys()) - {CONTROL}), 1)
        known |= {name: (self._plan(choice), choice.sides) for name, choice in chosen.items()}
        order = [planned.declaration.name for planned in self.open.plan.benchmarks]
        return [known[name] for name in order if name in known]

    def _probe(self, planned: PlannedBenchmark) -> Choice | None:
        name = planned.declaration.name
        try:
            choice = probe(
                self.open.bench,
                planned.declaration,
                self.open.base,
                self.open.head,
                self.open.plan.options.design,
            )
        except NotMeasurableError as error:
            sides = tuple(str(side) for side in error.sides)
            self.open.journal.write(Unavailable(name, sides, str(error)))
            self.watcher.say(f"{name}: not measured, {' and '.join(sides)}: {error}")
            return None
        return choice

    def _plan(self, choice: Choice) -> Probed:
        name, options = choice.sides.benchmark.name, self.open.plan.options
        alpha = options.alpha if name == CONTROL else options.alpha / self.family
        looks = plan_looks(options.rounds, alpha)
        plan = Probed(
            name, choice.design, choice.metric, choice.reason, looks, options.rounds, choice.loops
        )
        self.open.journal.write(plan)
        return plan

    def _measure(self, plan: Probed, sides: Sides, position: int, total: int) -> None:
        watcher, options = self.watcher, self.open.plan.options
        if self.open.run.ended(plan.benchmark) is not None:
            return
        sampling = Sampling(
            self.open.bench,
            sides,
            plan,
            options,
            self.open.journal.write,
            watcher,
            list(self.open.run.rounds(plan.benchmark)),
        )
        if plan.benchmark == CONTROL:
            sampling.alone_rounds = _CONTROL_ALONE_ROUNDS
        watcher.begin(plan.benchmark, position, total, options.budget_s)
        sampling.run(lambda: self._level(plan.benchmark))
        if sampling.p_value is not None and sampling.p_value <= self._level(plan.benchmark):
            self.rejected.add(plan.benchmark)
        watcher.finish(plan.benchmark, sampling.deciding_rounds, sampling.estimate, sampling.reason)

    def _level(self, name: str) -> float:
        alpha = self.open.plan.options.alpha
        if name == CONTROL:
            return alpha
        return local_alpha(self.family, len(self.rejected - {CONTROL, name}), alpha)
