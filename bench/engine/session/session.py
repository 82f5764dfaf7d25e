"""One pair on one Python: environments, proof, probes, rounds, proof again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.core.errors import NothingMeasuredError
from bench.core.gate import Gate
from bench.core.machine import Neighbour
from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.revision import Pair
from bench.core.sample import Side
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.evaluation import evaluate
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.measure.client import Isolation
from bench.engine.measure.invocations import Subject
from bench.engine.measure.probe import Choice, NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import Bench, Sides
from bench.engine.session.preparation import opened
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.multiplicity import local_alpha
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Closed, Opened, Probed, Tested, Unavailable
from bench.engine.store.export import export_pyperf
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Journal, Run, pair_folder, read_run
from bench.engine.testgate.run_gate import SKIPPED, PairGate
from bench.explain.counters.counting import Counting

_CONTROL_ALONE_ROUNDS = 20


@dataclass(frozen=True)
class Session:
    """What is measured, where, and who hears of it; `gate` None leaves the tests out."""

    target: Target
    pair: Pair
    options: Options
    benchmarks: tuple[PlannedBenchmark, ...]
    workspace: Workspace
    watcher: Watcher
    gate: PairGate | None = None

    def run(self, interpreter: Interpreter, environments: Environments) -> Run:
        """Measure on one Python, or go on where an earlier session stopped; returns the whole run.

        Raises `BenchError`; whatever was measured before is on disk.
        """
        machine = describe_machine()
        folder = pair_folder(
            self.workspace.data, self.target.name, self.pair, interpreter.version, machine
        )
        with opened(self, folder, interpreter, environments, self._greet) as now:
            self._test(now.run, now.journal, interpreter)
            measuring = _Measuring(
                self, now.run, now.journal, now.bench, now.base, now.head, environments
            )
            ready = measuring.run()
            if self.options.counters:
                self._count(now.run, now.journal, environments, now.network.isolation, ready)
            measuring.close()
            whole = read_run(now.run.folder)  # each event was flushed as it was written
            export_pyperf(whole)
        results = evaluate(whole).results
        if all(one.verdict is None for one in results if not one.is_control):
            raise NothingMeasuredError(
                f"No benchmark of {self.target.name} {self.pair.label} could be measured on Python "
                f"{interpreter.version}.",
                f"The reasons are above, and in {whole.folder}.",
            )
        return whole

    def _greet(self, run: Run) -> None:
        """Say what is there already of a run that is gone on with."""
        if run.events or run.dropped:
            rounds = sum(len(run.rounds(one.declaration.name)) for one in self.benchmarks)
            lost = " (half a line of a round under way is dropped)" if run.dropped else ""
            self.watcher.say(
                f"going on with the unfinished run {run.manifest.run_id}: {rounds} rounds are "
                f"there already{lost}"
            )

    def _test(self, run: Run, journal: Journal, interpreter: Interpreter) -> None:
        """Run the target's own tests, unless an earlier session of this run has."""
        if self.target.tests is None or (run.gate is not None and run.gate.was_run):
            return
        if self.gate is not None:
            journal.write(Tested(self.gate.run(interpreter)))
        elif run.gate is None:
            journal.write(Tested(Gate(reason=SKIPPED)))
        journal.sync()

    def _count(
        self,
        run: Run,
        journal: Journal,
        environments: Environments,
        isolation: Isolation,
        ready: Sequence[Sides],
    ) -> None:
        """Count what the benchmarks do, now that all timing is over."""
        so_far = read_run(run.folder)
        counting = Counting(so_far, environments, isolation, journal.write, self.watcher.phase)
        counting.count_all(ready)
        journal.sync()
        if counting.elapsed_s:
            self.watcher.say(f"counted what they do in {counting.elapsed_s:.0f} s")


@dataclass
class _Measuring:
    """The part of a session during which processes are measured."""

    session: Session
    run_: Run
    journal: Journal
    bench: Bench
    base: Subject
    head: Subject
    environments: Environments
    rejected: set[str] = field(default_factory=set)
    family: int = 1
    elapsed_s: float = 0.0
    neighbours: tuple[Neighbour, ...] = ()

    def run(self) -> list[Sides]:
        """Probe and measure; returns the benchmarks that work."""
        started, neighbourhood = time.monotonic(), Neighbourhood.now()
        self.journal.write(Opened(time.time(), resumed=bool(self.run_.events)))
        ready = self._probe_all()
        for position, (plan, sides) in enumerate(ready, start=1):
            self._measure(plan, sides, position, len(ready))
            self.journal.sync()
        self.elapsed_s = time.monotonic() - started
        self.neighbours = neighbourhood.busiest()
        return [sides for _plan, sides in ready]

    def close(self) -> None:
        """Prove again what was measured, and mark the run as complete."""
        for side in Side:
            self.environments.side(side).prove_again(self.session.target.env)
        inside_s = self.bench.launcher.inside_s
        self.journal.write(
            Closed(time.time(), round(self.elapsed_s, 3), round(inside_s, 3), self.neighbours)
        )

    def _probe_all(self) -> list[tuple[Probed, Sides]]:
        """Probe what was not probed yet: the number of benchmarks sets the level of each."""
        known: dict[str, tuple[Probed, Sides]] = {}
        chosen: dict[str, Choice] = {}
        for planned in self.session.benchmarks:
            benchmark = planned.declaration
            name = benchmark.name
            if self.run_.unavailable(name) is not None:
                continue
            plan = self.run_.probed(name)
            if plan is not None:
                sides = prepare_again(benchmark, self.base, self.head, plan.design, plan.loops)
                known[name] = plan, sides
                continue
            self.session.watcher.phase(f"probing {name}")
            choice = self._probe(planned)
            if choice is not None:
                chosen[name] = choice
        self.family = max(len((known.keys() | chosen.keys()) - {CONTROL}), 1)
        known |= {name: (self._plan(choice), choice.sides) for name, choice in chosen.items()}
        order = [planned.declaration.name for planned in self.session.benchmarks]
        return [known[name] for name in order if name in known]

    def _probe(self, planned: PlannedBenchmark) -> Choice | None:
        name = planned.declaration.name
        try:
            choice = probe(
                self.bench,
                planned.declaration,
                self.base,
                self.head,
                self.session.options.design,
            )
        except NotMeasurableError as error:
            sides = tuple(str(side) for side in error.sides)
            self.journal.write(Unavailable(name, sides, str(error)))
            self.session.watcher.say(f"{name}: not measured, {' and '.join(sides)}: {error}")
            return None
        return choice

    def _plan(self, choice: Choice) -> Probed:
        name, options = choice.sides.benchmark.name, self.session.options
        alpha = options.alpha if name == CONTROL else options.alpha / self.family
        looks = plan_looks(options.rounds, alpha)
        plan = Probed(
            name, choice.design, choice.metric, choice.reason, looks, options.rounds, choice.loops
        )
        self.journal.write(plan)
        return plan

    def _measure(self, plan: Probed, sides: Sides, position: int, total: int) -> None:
        watcher, options = self.session.watcher, self.session.options
        if self.run_.ended(plan.benchmark) is not None:
            return
        sampling = Sampling(
            self.bench,
            sides,
            plan,
            options,
            self.journal.write,
            watcher,
            list(self.run_.rounds(plan.benchmark)),
        )
        if plan.benchmark == CONTROL:
            sampling.alone_rounds = _CONTROL_ALONE_ROUNDS
        watcher.begin(plan.benchmark, position, total, options.budget_s)
        sampling.run(lambda: self._level(plan.benchmark))
        if sampling.p_value is not None and sampling.p_value <= self._level(plan.benchmark):
            self.rejected.add(plan.benchmark)
        watcher.finish(plan.benchmark, sampling.deciding_rounds, sampling.estimate, sampling.reason)

    def _level(self, name: str) -> float:
        alpha = self.session.options.alpha
        if name == CONTROL:
            return alpha
        return local_alpha(self.family, len(self.rejected - {CONTROL, name}), alpha)
