"""The parts of a selfcheck, in the order they are measured."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from bench.core.sample import Design
from bench.validate.selfcheck.calibrate import calibrate, count_instructions
from bench.validate.selfcheck.commands import BARE, BURN, Case, aa_cases, burn_case, probe_cases
from bench.validate.selfcheck.load import busy
from bench.validate.selfcheck.record import (
    AA,
    BIAS,
    GROWING,
    LOADED,
    POWER,
    QUIET,
    VERIFY,
    Calibration,
)
from bench.validate.selfcheck.settings import BIAS_RATIOS, POWER_RATIOS, Settings
from bench.validate.selfcheck.steps import Limit, Steps

_PROBES_AT_MOST_S = 120.0


@dataclass(frozen=True)
class Parts:
    """All parts of one selfcheck."""

    steps: Steps
    settings: Settings

    def measure(self) -> None:
        """Measure everything; what is done is in the recorder at any time."""
        settings, steps, began = self.settings, self.steps, time.monotonic()
        self._phase("calibrating the CPU-bound command")
        calibration = calibrate(steps, settings.calibration_rounds, settings.process_s)
        steps.recorder.calibration = calibration
        if settings.count_instructions:
            self._phase("counting instructions")
            count_instructions(steps, calibration)
        self._phase("probing commands of every kind")
        self._probe(QUIET, calibration)
        self._designs(calibration)
        self._bias(calibration)
        self._power(calibration)
        self._same(calibration, began)

    def _phase(self, text: str) -> None:
        self.steps.watcher.phase(text)
        self.steps.watcher.say(f"selfcheck: {text}")

    def _designs(self, calibration: Calibration) -> None:
        steps, settings = self.steps, self.settings
        cases = [case for case in aa_cases(calibration) if case.name in {BARE, BURN}]
        self._phase("comparing designs on the machine as it is")
        limit = Limit(settings.part_s / 2)
        for case in cases:
            steps.rounds(QUIET, case, steps.designs, settings.design_rounds, limit)
        count = settings.load_per_cpu * (os.cpu_count() or 1)
        self._phase(f"comparing designs beside {count} busy processes of our own")
        with busy(steps.commands.executable, count, settings.part_s + _PROBES_AT_MOST_S):
            limit = Limit(settings.part_s)
            for case in cases:
                steps.rounds(LOADED, case, steps.designs, settings.design_rounds, limit)
            steps.watcher.phase("probing commands of every kind beside them")
            self._probe(LOADED, calibration)

    def _probe(self, phase: str, calibration: Calibration) -> None:
        for one in probe_cases(calibration):
            self.steps.probe(phase, one)

    def _bias(self, calibration: Calibration) -> None:
        self._phase("known ratios up to 4, in duet and in pairs")
        limit = Limit(self.settings.part_s)
        for ratio in BIAS_RATIOS:
            case = burn_case(calibration, ratio)
            self.steps.rounds(BIAS, case, self.steps.designs, self.settings.bias_rounds, limit)

    def _power(self, calibration: Calibration) -> None:
        steps, settings = self.steps, self.settings
        for ratio in POWER_RATIOS:
            case = burn_case(calibration, ratio)
            self._phase(f"finding an injected {case.truth - 1:+.1%}")
            limit = Limit(settings.part_s)
            if settings.verify_rounds:
                pairs = [Design.PAIRS]
                steps.rounds(VERIFY, case, pairs, settings.verify_rounds, limit)
            for run in range(settings.power_repeats):
                if run and limit.reached:
                    steps.cut(f"power {ratio:g}", run, settings.power_repeats, "repeats")
                    break
                steps.watcher.begin(f"power ×{ratio:g}", run + 1, settings.power_repeats, 10)
                self._both_ways(POWER, case, run)
            steps.watcher.phase(f"growing blocks at {case.truth - 1:+.1%}")
            steps.blocks(
                GROWING, case, 0, most=settings.growing_samples, limit_s=settings.growing_s
            )

    def _same(self, calibration: Calibration, began: float) -> None:
        steps, settings = self.steps, self.settings
        self._phase(f"{settings.runs} A/A runs, the engine's way and in blocks")
        limit = Limit(settings.aa_s(time.monotonic() - began))
        for run in range(settings.runs):
            steps.watcher.begin("A/A", run + 1, settings.runs, settings.run_s)
            for case in aa_cases(calibration):
                if run and limit.reached:
                    steps.cut("A/A", run, settings.runs, "whole runs")
                    return
                self._both_ways(AA, case, run)
            if (run + 1) % 5 == 0:
                steps.watcher.say(f"A/A: {run + 1} of {settings.runs} runs")

    def _both_ways(self, phase: str, case: Case, run: int) -> None:
        """The engine and blocks, in random order: both see the same machine."""
        steps, settings = self.steps, self.settings
        most, limit_s = settings.block_samples, settings.block_s
        engine_first = steps.coin()
        if engine_first:
            steps.engine(phase, case, run)
        steps.blocks(phase, case, run, most=most, limit_s=limit_s)
        if not engine_first:
            steps.engine(phase, case, run)
