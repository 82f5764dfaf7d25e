"""A/A runs of a target's benchmarks on one Python: what every pair goes through."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.core.sample import Design, Metric, Round
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.machine.noise import noise_since, read_counters
from bench.engine.measure.probe import NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import RoundFailedError, Sides, inside_s
from bench.engine.session.open_run import OpenRun
from bench.engine.session.plan import Plan
from bench.engine.session.preparation import opened
from bench.engine.session.rounds_plan import sequential_plan
from bench.engine.session.unreported import unreported_run
from bench.engine.session.watcher import Course, Watcher
from bench.engine.store.events import Closed, Ended, Measured, Opened, Probed, Unavailable
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.formats.text import counted
from bench.validate.calibration.analysis import COMPARED, stretches
from bench.validate.calibration.lookup import calibration_folder
from bench.validate.engine_runs import RunTaker

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
        complete = unreported_run(self.plan, folder, environments)
        if complete is not None:
            self.watcher.say(f"{complete.manifest.run_id}: complete, and not measured again")
            return complete
        with opened(self.plan, folder, interpreter, environments, self.watcher.say) as now:
            taker = RunTaker(now.whole.taker, self.plan.options, self.watcher)
            _CalibrationUnderWay(self, now, taker).run()
            return now.read()


@dataclass(frozen=True)
class _CalibrationUnderWay:
    """A calibration whose run is open."""

    calibrator: Calibrator
    opened: OpenRun
    taker: RunTaker

    def run(self) -> None:
        calibrator, journal, started = self.calibrator, self.opened.journal, time.monotonic()
        run, benchmarks = self.opened.run, self.calibrator.plan.benchmarks
        journal.write(Opened(time.time(), resumed=bool(run.events)))
        neighbourhood = Neighbourhood.now()
        for position, planned in enumerate(benchmarks, start=1):
            name = planned.declaration.name
            if run.unavailable(name) is None and not self._is_done(name):
                calibrator.watcher.begin(
                    Course(
                        name=name,
                        position=position,
                        total=len(benchmarks),
                        budget_s=calibrator.seconds,
                        later_s=(len(benchmarks) - position) * calibrator.seconds,
                    )
                )
                self._benchmark(planned)
                journal.sync()
        journal.write(
            Closed(
                time.time(),
                round(time.monotonic() - started, 3),
                round(self.opened.whole.taker.launcher.inside_s, 3),
                neighbourhood.busiest(),
            )
        )

    def _is_done(self, name: str) -> bool:
        found = list(stretches(self.opened.run.events, name))
        spent_s = sum(inside_s(taken) for one in found for taken in one.rounds)
        return len(found) > 1 and spent_s >= self.calibrator.seconds

    def _benchmark(self, planned: PlannedBenchmark) -> None:
        name, watcher, journal = planned.declaration.name, self.taker.watcher, self.opened.journal
        try:
            plan = self._probe(planned)
            spent_s, runs = self._compare(planned, plan), 0
            while not runs or spent_s < self.calibrator.seconds:
                sides = self._sides(planned, plan, plan.design)
                spent_s += self.taker.to_verdict(
                    sides, plan, journal.write, alone_rounds=0
                ).inside_s
                runs += 1
        except (NotMeasurableError, RoundFailedError) as error:
            sides_failed = tuple(str(side) for side in error.sides)
            journal.write(Unavailable(name, sides_failed, str(error)))
            watcher.say(f"{name}: not calibrated: {error}")
            return
        watcher.say(f"{name}: {counted(runs, 'A/A run')} in {spent_s:.0f} s")

    def _probe(self, planned: PlannedBenchmark) -> Probed:
        options, now = self.calibrator.plan.options, self.opened
        place = now.whole
        choice = probe(place.taker, planned.declaration, place.base, place.head, options.design)
        plan = sequential_plan(choice, options, options.alpha, 1)
        now.journal.write(plan)
        return plan

    def _sides(self, planned: PlannedBenchmark, plan: Probed, design: Design) -> Sides:
        base, head = self.opened.whole.base, self.opened.whole.head
        return prepare_again(planned.declaration, base, head, design, plan.loops)

    def _compare(self, planned: PlannedBenchmark, plan: Probed) -> float:
        """Take turns between the designs that are valid; returns the seconds it took."""
        designs = tuple(Design) if plan.design is Design.DUET else (plan.design,)
        sides = {design: self._sides(planned, plan, design) for design in designs}
        limit_s = self.calibrator.seconds * _SHARE_FOR_COMPARING
        counters, rounds = read_counters(), list[Round]()
        in_turn = self.taker.in_turn(sides, pin_pairs=plan.metric is not Metric.WALL)
        for count, taken in zip(range(1, _MOST_COMPARED + 1), in_turn, strict=False):
            for one in taken:
                self.opened.journal.write(Measured(one))
            rounds += taken
            if count >= _FEWEST_COMPARED and sum(map(inside_s, rounds)) > limit_s:
                break
        cpu_s = sum(one.base.cpu_s + one.head.cpu_s for one in rounds)
        self.opened.journal.write(Ended(plan.benchmark, COMPARED, noise_since(counters, cpu_s)))
        return sum(map(inside_s, rounds))
