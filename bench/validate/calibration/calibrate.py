"""A/A runs of a target's benchmarks on one Python: what every pair goes through."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from bench.core.sample import Design, Metric, Round, Side
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.machine.noise import noise_since, read_counters
from bench.engine.measure.invocations import Subject
from bench.engine.measure.probe import NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import Bench, RoundFailedError, Sides, inside_s
from bench.engine.session.plan import Plan
from bench.engine.session.preparation import opened
from bench.engine.session.rounds_plan import sequential_plan
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Course, Watcher
from bench.engine.store.events import Closed, Ended, Event, Measured, Opened, Probed, Unavailable
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Journal, Run, read_run
from bench.validate.calibration.analysis import COMPARED, stretches
from bench.validate.calibration.lookup import calibration_folder

_FEWEST_COMPARED = 8
_MOST_COMPARED = 30
_SHARE_FOR_COMPARING = 0.4


@dataclass(frozen=True)
class Calibrator:
    """What is calibrated; `seconds` is measuring time for a benchmark, one run is the least."""

    plan: Plan
    seconds: float
    watcher: Watcher

    def run(self, interpreter: Interpreter, environments: Environments) -> Run:
        """Measure all benchmarks against themselves; an interrupted calibration goes on.

        Raises `BenchError`.
        """
        machine = describe_machine()
        folder = calibration_folder(
            self.plan.workspace.data, machine, self.plan.target.name, interpreter.version
        )
        with opened(self.plan, folder, interpreter, environments) as now:
            _Calibrating(self, now.run, now.journal, now.bench, now.base, now.head).run()
        return read_run(now.run.folder)


@dataclass
class _Calibrating:
    """A calibration under way; `taken` counts the stretches: each has a seed of its own."""

    calibrator: Calibrator
    run_: Run
    journal: Journal
    bench: Bench
    base: Subject
    head: Subject
    taken: int = field(default=0)

    def run(self) -> None:
        calibrator, started = self.calibrator, time.monotonic()
        self.journal.write(Opened(time.time(), resumed=bool(self.run_.events)))
        neighbourhood = Neighbourhood.now()
        for position, planned in enumerate(calibrator.plan.benchmarks, start=1):
            name = planned.declaration.name
            if self.run_.unavailable(name) is None and not self._is_done(name):
                total = len(calibrator.plan.benchmarks)
                calibrator.watcher.begin(
                    Course(
                        name=name,
                        position=position,
                        total=total,
                        budget_s=calibrator.seconds,
                        later_s=(total - position) * calibrator.seconds,
                    )
                )
                self._benchmark(planned)
                self.journal.sync()
        self.journal.write(
            Closed(
                time.time(),
                round(time.monotonic() - started, 3),
                round(self.bench.launcher.inside_s, 3),
                neighbourhood.busiest(),
            )
        )

    def _is_done(self, name: str) -> bool:
        found = list(stretches(self.run_.events, name))
        spent_s = sum(inside_s(taken) for one in found for taken in one.rounds)
        return len(found) > 1 and spent_s >= self.calibrator.seconds

    def _benchmark(self, planned: PlannedBenchmark) -> None:
        name, watcher = planned.declaration.name, self.calibrator.watcher
        try:
            plan = self._probe(planned)
            spent_s = self._compare(planned, plan)
            runs = 0
            while not runs or spent_s < self.calibrator.seconds:
                spent_s += self._engine(planned, plan)
                runs += 1
        except (NotMeasurableError, RoundFailedError) as error:
            sides = tuple(str(side) for side in error.sides)
            self.journal.write(Unavailable(name, sides, str(error)))
            watcher.say(f"{name}: not calibrated: {error}")
            return
        watcher.say(f"{name}: {runs} A/A run{'s' * (runs > 1)} in {spent_s:.0f} s")

    def _probe(self, planned: PlannedBenchmark) -> Probed:
        options, benchmark = self.calibrator.plan.options, planned.declaration
        choice = probe(self.bench, benchmark, self.base, self.head, options.design)
        plan = sequential_plan(choice, options, options.alpha)
        self.journal.write(plan)
        return plan

    def _sides(self, planned: PlannedBenchmark, plan: Probed, design: Design) -> Sides:
        return prepare_again(planned.declaration, self.base, self.head, design, plan.loops)

    def _compare(self, planned: PlannedBenchmark, plan: Probed) -> float:
        """Take turns between the designs that are valid; returns the seconds it took."""
        designs = tuple(Design) if plan.design is Design.DUET else (plan.design,)
        sides = {design: self._sides(planned, plan, design) for design in designs}
        counters, bench = read_counters(), self._next_bench()
        limit_s = self.calibrator.seconds * _SHARE_FOR_COMPARING
        rounds: list[Round] = []
        for index in range(_MOST_COMPARED):
            if index >= _FEWEST_COMPARED and sum(map(inside_s, rounds)) > limit_s:
                break
            for design in designs:
                pin = design is Design.DUET or plan.metric is not Metric.WALL
                rounds.append(bench.take(sides[design], design, index, pin=pin))
                self.journal.write(Measured(rounds[-1]))
        cpu_s = sum(one.base.cpu_s + one.head.cpu_s for one in rounds)
        self.journal.write(Ended(plan.benchmark, COMPARED, noise_since(counters, cpu_s)))
        return sum(map(inside_s, rounds))

    def _engine(self, planned: PlannedBenchmark, plan: Probed) -> float:
        """One run of the engine, from the first round to the verdict; returns its seconds."""
        calibrator, failed = self.calibrator, list[Unavailable]()

        def record(event: Event) -> None:
            if isinstance(event, Unavailable):
                failed.append(event)
            else:
                self.journal.write(event)

        sampling = Sampling(
            self._next_bench(),
            self._sides(planned, plan, plan.design),
            plan,
            calibrator.plan.options,
            record,
            calibrator.watcher,
            rounds=[],
            alone_rounds=0,
        )
        sampling.run(lambda: calibrator.plan.options.alpha)
        if failed:
            raise RoundFailedError(failed[0].reason, tuple(Side(one) for one in failed[0].sides))
        return sampling.spent_s

    def _next_bench(self) -> Bench:
        """The same bench with chances of its own for each stretch."""
        self.taken += 1
        return dataclasses.replace(self.bench, seed=self.bench.seed + self.taken)
