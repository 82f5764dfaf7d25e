"""From the rounds of a calibration to its figures: pure.

A calibration is stored like any run, of a revision against itself. Its rounds fall into stretches,
each closed by an `Ended` event: first one in which the designs take turns, then runs of the engine
from the first round to the verdict, as many as there was time for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from bench.core.machine import Noise
from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.sample import Design, Metric, Round, Side
from bench.engine.evaluation import differences, of_design, times
from bench.engine.measure.rounds import inside_s
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.precision import Precision, detectable, scatter
from bench.engine.statistics.summary import median_s, robust_sd
from bench.engine.store.events import Ended, Event, Measured, Opened, Probed
from bench.engine.store.run import Run
from bench.validate.engine_runs import engine_run, judge, rejections

COMPARED = "designs compared"
_FEWEST = 6


@dataclass(frozen=True)
class CalibrationStretch:
    """Rounds of one benchmark that belong together."""

    rounds: tuple[Round, ...]
    ended: Ended


def stretches(events: Sequence[Event], benchmark: str) -> Iterator[CalibrationStretch]:
    """The stretches of a benchmark that came to their end; an interrupted one is left out."""
    rounds: list[Round] = []
    for event in events:
        if isinstance(event, Opened):
            rounds = []
        elif isinstance(event, Measured) and event.round.benchmark == benchmark:
            rounds.append(event.round)
        elif isinstance(event, Ended) and event.benchmark == benchmark:
            yield CalibrationStretch(tuple(rounds), event)
            rounds = []


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """One benchmark, measured against itself.

    `scatter`: of one deciding round (see `statistics.precision`); `median_s` and `round_s`: seconds
    of one side, and of a whole round; `wrong`: how many of the engine's runs called it changed;
    `designs`: what each design that is valid for it can do; `drift`: the largest ratio between the
    median times of two stretches, which says how much the machine's speed wandered.
    """

    benchmark: str
    design: Design
    metric: Metric
    median_s: float
    round_s: float
    scatter: float
    wrong: Rate
    designs: dict[Design, Precision]
    drift: float
    noise: tuple[Noise, ...]

    def smallest(self, options: Options, level: float) -> float:
        """The smallest effect a run with these options finds in 4 of 5 cases, as a fraction."""
        affordable = int(options.budget_s / self.round_s)
        return detectable(self.scatter, min(affordable, options.rounds), options.rounds, level)

    @property
    def better(self) -> Design:
        """The design that narrows an interval faster."""
        return min(self.designs, key=lambda one: self.designs[one].seconds_to_1_percent)


@dataclass(frozen=True)
class Calibration:
    """A calibration of one target on one Python and machine."""

    run: Run

    @property
    def at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.run.manifest.started_at)

    @cached_property
    def results(self) -> dict[str, Calibrated]:
        """Its benchmarks by name, the bare interpreter among them."""
        names = (one.declaration.name for one in self.run.manifest.benchmarks)
        found = ((name, _calibrated(self.run, name)) for name in names)
        return {name: one for name, one in found if one is not None}

    @property
    def wrong(self) -> Rate:
        """How often the engine called an unchanged benchmark changed, over all of them."""
        rates = [one.wrong for one in self.results.values()]
        return Rate(sum(one.count for one in rates), sum(one.total for one in rates))

    @property
    def control(self) -> Calibrated | None:
        """The bare interpreter."""
        return self.results.get(CONTROL)


def _calibrated(run: Run, name: str) -> Calibrated | None:
    plan, found = run.probed(name), list(stretches(run.events, name))
    if plan is None or run.unavailable(name) is not None:
        return None
    rounds = [taken for one in found for taken in of_design(list(one.rounds), plan.design)]
    if len(rounds) < _FEWEST:
        return None
    engine = [
        engine_run(one.rounds, plan, one.ended) for one in found if one.ended.reason != COMPARED
    ]
    return Calibrated(
        benchmark=name,
        design=plan.design,
        metric=plan.metric,
        median_s=median_s(_both_sides(rounds, plan.metric)),
        round_s=float(np.mean([inside_s(taken) for taken in rounds])),
        scatter=scatter(differences(rounds, plan.metric)),
        wrong=rejections([judge(one, run.manifest.options) for one in engine]),
        designs=_designs(found, plan),
        drift=_drift(found, plan),
        noise=tuple(one.ended.noise for one in found),
    )


def _both_sides(
    rounds: list[Round], metric: Metric
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.concatenate([times(rounds, side, metric) for side in Side])


def _designs(found: list[CalibrationStretch], plan: Probed) -> dict[Design, Precision]:
    """Each design's precision, from the stretch in which they took turns."""
    compared = [one for one in found if one.ended.reason == COMPARED]
    rounds = [taken for one in compared for taken in one.rounds]
    taken_by = {design: of_design(rounds, design) for design in Design}
    return {
        design: Precision(
            robust_sd(differences(taken, plan.metric)),
            float(np.mean([inside_s(one) for one in taken])),
        )
        for design, taken in taken_by.items()
        if len(taken) >= _FEWEST
    } or {plan.design: Precision(float("nan"), float("nan"))}


def _drift(found: list[CalibrationStretch], plan: Probed) -> float:
    rounds = [of_design(list(one.rounds), plan.design) for one in found]
    medians = [median_s(_both_sides(one, plan.metric)) for one in rounds if len(one) >= _FEWEST]
    return max(medians) / min(medians) if medians else 1.0
