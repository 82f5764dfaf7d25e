"""The parts of a self-check, in the order they are measured, with the engine's own means."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.engine.evaluation import of_design
from bench.engine.measure.probe import NotMeasurableError, probe
from bench.engine.measure.rounds import RoundFailedError, inside_s
from bench.engine.session.watcher import Course, Watcher
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Probed
from bench.formats.text import counted
from bench.validate.engine_runs import AA, RunTaker, Seconds, column
from bench.validate.selfcheck.commands import (
    BARE,
    BURN,
    LOOP,
    WORKS,
    ExpectedDesign,
    KnownCase,
    KnownCommands,
    aa_cases,
    benchmark_of,
    burn_case,
    probe_cases,
)
from bench.validate.selfcheck.injection import calibrate_burn
from bench.validate.selfcheck.lanes import numbers_of_lanes, take_on_lanes
from bench.validate.selfcheck.load import busy
from bench.validate.selfcheck.record import (
    BIAS,
    GROWING,
    LOADED,
    POWER,
    QUIET,
    VERIFY,
    Blocks,
    BurnCalibration,
    DesignSeries,
    ProbeRun,
    SelfCheck,
)
from bench.validate.selfcheck.settings import BIAS_RATIOS, POWER_RATIOS, SelfCheckSettings

_PROBES_AT_MOST_S = 120.0
_FEWEST_IN_BLOCK = 10
_LARGE = 4.0


@dataclass
class TimeLimit:
    """A clock that is out of time after `seconds`."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def reached(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self.began >= self.seconds


@dataclass(frozen=True)
class SelfCheckParts:
    """All parts of one self-check; what is done is in `check` at any time."""

    check: SelfCheck
    settings: SelfCheckSettings
    taker: RunTaker
    commands: KnownCommands

    @property
    def watcher(self) -> Watcher:
        """Who is told of progress."""
        return self.taker.watcher

    @property
    def designs(self) -> tuple[Design, ...]:
        """The designs this machine can run, the one that decides by default first."""
        return (Design.DUET, Design.PAIRS) if self.taker.taker.cpus else (Design.PAIRS,)

    def measure(self) -> None:
        """Measure everything."""
        settings, began = self.settings, time.monotonic()
        self._phase("calibrating the CPU-bound command")
        burn = calibrate_burn(
            self.taker, self.commands, settings.calibration_rounds, settings.process_s
        )
        self.check.calibration = burn
        self._phase("probing commands of every kind")
        self._probe_all(QUIET, burn)
        self._compare_designs(burn)
        self._lanes(burn)
        self._sizes(burn)
        self._power(burn)
        self._unchanged(burn, began)

    def _phase(self, text: str) -> None:
        self.watcher.phase(text)
        self.watcher.say(f"self-check: {text}")

    def _compare_designs(self, burn: BurnCalibration) -> None:
        settings = self.settings
        cases = [case for case in aa_cases(burn) if case.name in {BARE, BURN}]
        self._phase("comparing designs on the machine as it is")
        limit = TimeLimit(settings.part_s / 2)
        for case in cases:
            self._series(QUIET, case, self.designs, settings.design_rounds, limit)
        count = settings.load_per_cpu * (os.cpu_count() or 1)
        self._phase(f"comparing designs beside {count} busy processes of our own")
        with busy(self.commands.executable, count, settings.part_s + _PROBES_AT_MOST_S):
            limit = TimeLimit(settings.part_s)
            for case in cases:
                self._series(LOADED, case, self.designs, settings.design_rounds, limit)
            self.watcher.phase("probing commands of every kind beside them")
            self._probe_all(LOADED, burn)

    def _lanes(self, burn: BurnCalibration) -> None:
        (case,) = (case for case in aa_cases(burn) if case.name == BURN)
        for lanes in numbers_of_lanes(len(self.taker.taker.cpus)):
            self._phase(f"A/A duets on {counted(lanes, 'lane')} at once")
            rounds = self.settings.lane_rounds
            found = take_on_lanes(self.taker, self.commands, case, lanes=lanes, rounds=rounds)
            self.check.lanes.extend(found)

    def _sizes(self, burn: BurnCalibration) -> None:
        """Known ratios of every kind of work, in duet and in pairs."""
        settings = self.settings
        self._phase(f"known ratios up to {max(BIAS_RATIOS):g}, in duet and in pairs")
        made = {LOOP: burn}
        for work in WORKS[1:] if settings.works_rounds and Design.DUET in self.designs else ():
            made[work] = calibrate_burn(
                self.taker, self.commands, settings.works_rounds, settings.process_s, work
            )
        limit = TimeLimit(settings.sizes_s)
        for ratio in BIAS_RATIOS:
            rounds = settings.bias_rounds if ratio <= _LARGE else settings.bias_rounds // 2
            for number, (work, known) in enumerate(made.items()):
                if limit.reached:
                    self._cut(f"{BIAS} ×{ratio:g}", number, len(made), "kinds of work")
                    return
                case = burn_case(known, ratio, work)
                self._series(BIAS, case, self.designs, max(rounds, 1), limit)

    def _power(self, burn: BurnCalibration) -> None:
        settings = self.settings
        for ratio in POWER_RATIOS:
            case = burn_case(burn, ratio)
            self._phase(f"finding an injected {case.truth - 1:+.1%}")
            limit = TimeLimit(settings.part_s)
            if settings.verify_rounds:
                self._series(VERIFY, case, [Design.PAIRS], settings.verify_rounds, limit)
            for run in range(settings.power_repeats):
                if run and limit.reached:
                    self._cut(f"power {ratio:g}", run, settings.power_repeats, "repeats")
                    break
                course = Course(
                    name=f"power ×{ratio:g}",
                    position=run + 1,
                    total=settings.power_repeats,
                    budget_s=10.0,
                )
                self.watcher.begin(course)
                self._both_ways(POWER, case, run)
            self.watcher.phase(f"growing blocks at {case.truth - 1:+.1%}")
            self._blocks(GROWING, case, 0, settings.growing_samples, settings.growing_s)

    def _unchanged(self, burn: BurnCalibration, began: float) -> None:
        settings = self.settings
        self._phase(f"{settings.runs} A/A runs, by the engine and in blocks")
        limit = TimeLimit(settings.aa_s(time.monotonic() - began))
        for run in range(settings.runs):
            course = Course(
                name="A/A", position=run + 1, total=settings.runs, budget_s=settings.run_s
            )
            self.watcher.begin(course)
            for case in aa_cases(burn):
                if run and limit.reached:
                    self._cut("A/A", run, settings.runs, "whole runs")
                    return
                self._both_ways(AA, case, run)
            if (run + 1) % 5 == 0:
                self.watcher.say(f"A/A: {run + 1} of {settings.runs} runs")

    def _both_ways(self, phase: str, case: KnownCase, run: int) -> None:
        """The engine and blocks, in random order: both see the same machine."""
        settings = self.settings
        engine_first = random.Random(self.taker.next_taker().seed).random() < 0.5
        if engine_first:
            self._engine(phase, case, run)
        self._blocks(phase, case, run, settings.block_samples, settings.block_s)
        if not engine_first:
            self._engine(phase, case, run)

    def _engine(self, phase: str, case: KnownCase, run: int) -> None:
        """Measure a case to its verdict as a session would; a note when it failed."""
        options = self.settings.options
        looks = plan_looks(options.rounds, options.alpha)
        name, design = benchmark_of(case).name, self.designs[0]
        plan = Probed(
            benchmark=name,
            design=design,
            metric=Metric.CPU,
            reason="self-check",
            looks=looks,
            maximum=options.rounds,
        )
        try:
            found = self.taker.to_verdict(self.commands.sides(case), plan)
        except RoundFailedError as error:
            self.check.failures.append(f"{case.name}: {error}")
            return
        known = {"phase": phase, "case": case.name, "truth": case.truth, "run": run}
        self.check.engine.append(msgspec.structs.replace(found, **known))

    def _blocks(self, phase: str, case: KnownCase, run: int, most: int, limit_s: float) -> None:
        """All of base, then all of head, after one warm-up each, on any core: wall time.

        At most `most` samples a side, and so many that both blocks take about `limit_s` seconds,
        but at least 10.
        """
        sides, taker = self.commands.sides(case), self.taker.taker
        warm = [taker.alone(sides, side, pin=False).wall_s for side in Side]
        count = max(min(most, int(limit_s / sum(warm))), min(most, _FEWEST_IN_BLOCK))
        base, head = (
            column([taker.alone(sides, side, pin=False) for _ in range(count)], Metric.WALL)
            for side in Side
        )
        self.check.blocks.append(
            Blocks(phase=phase, case=case.name, truth=case.truth, run=run, base_s=base, head_s=head)
        )

    def _series(
        self, phase: str, case: KnownCase, designs: Sequence[Design], count: int, limit: TimeLimit
    ) -> None:
        """`count` rounds of each design, after a warm-up of each."""
        sides = dict.fromkeys(designs, self.commands.sides(case))
        taken: list[Round] = []
        for number, found in enumerate(islice(self.taker.in_turn(sides), 1, count + 1), start=1):
            taken += found
            if limit.reached and number < count:
                self._cut(f"{phase}, {case.name} ×{case.truth:.2f}", number, count, "rounds")
                break
        for design in designs:
            self.check.series.append(_design_series(phase, case, of_design(taken, design)))

    def _probe_all(self, phase: str, burn: BurnCalibration) -> None:
        for one in probe_cases(burn):
            self._probe(phase, one)

    def _probe(self, phase: str, one: ExpectedDesign) -> None:
        """Let the probe choose a design, on a QUIET or a LOADED machine."""
        case, chosen = one.case, None
        base, head = (
            self.commands.subject(words, side)
            for words, side in ((case.base, "base"), (case.head, "head"))
        )
        try:
            choice = probe(self.taker.taker, benchmark_of(case), base, head, wanted=None)
            chosen, reason = (choice.design, choice.metric), choice.reason
        except NotMeasurableError as error:
            reason = str(error)
            self.check.failures.append(f"{case.name}: {error}")
        self.check.probes.append(
            ProbeRun(
                case=case.name, expected=one.expected, chosen=chosen, reason=reason, phase=phase
            )
        )

    def _cut(self, what: str, done: int, wanted: int, unit: str) -> None:
        """Note that a part ran out of time."""
        note = f"{what}: {done} of {wanted} {unit}, then its time was up"
        self.check.cut_short.append(note)
        self.watcher.say(note)


def _alone(samples: Sequence[Sample]) -> Seconds:
    """What each used when the other side had ended; () where that is not known of all."""
    known = [round(one.alone_s, 9) for one in samples if one.alone_s is not None]
    return tuple(known) if len(known) == len(samples) else ()


def _design_series(phase: str, case: KnownCase, rounds: list[Round]) -> DesignSeries:
    base, head = [taken.base for taken in rounds], [taken.head for taken in rounds]
    return DesignSeries(
        phase=phase,
        case=case.name,
        truth=case.truth,
        design=rounds[0].design,
        base_cpu_s=column(base, Metric.CPU),
        head_cpu_s=column(head, Metric.CPU),
        base_wall_s=column(base, Metric.WALL),
        head_wall_s=column(head, Metric.WALL),
        inside_s=tuple(round(inside_s(taken), 9) for taken in rounds),
        base_alone_s=_alone(base),
        head_alone_s=_alone(head),
    )
