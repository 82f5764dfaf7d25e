"""What an optimisation gained, by scenario and Python: the whole, and the steps one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bench.core.variants import python_order
from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.products import product
from bench.explain.optimize.record import (
    BranchRecord,
    FirstUse,
    Gain,
    ImportsRecord,
    Optimization,
    OptimizationEvent,
    StepRecord,
)

_BETTER = {Verdict.FASTER, Verdict.LESS_MEMORY}


def presented(optimization: Optimization) -> Optimization:
    """The same for a reader: the kept steps are numbered 1, 2, 3, and the others after them.

    On disk they have the numbers in which they were tried.
    """
    ordered = [*optimization.kept, *optimization.dropped]
    places = {step.number: place for place, step in enumerate(ordered, 1)}

    def renumbered(event: OptimizationEvent) -> OptimizationEvent:
        if isinstance(event, StepRecord):
            return replace(event, number=places[event.number])
        if isinstance(event, BranchRecord):
            return replace(event, steps=tuple(places.get(one, one) for one in event.steps))
        if isinstance(event, FirstUse):
            return replace(event, step=places.get(event.step, event.step))
        return event

    events = tuple(map(renumbered, optimization.events))
    return Optimization(optimization.folder, optimization.asked, events)


@dataclass(frozen=True)
class StepGain:
    """A kept step and what was measured of it; None where it changes nothing that is loaded."""

    step: StepRecord
    gain: Gain | None

    @property
    def ratio(self) -> float:
        """Head over base; 1 where nothing was measured."""
        return self.gain.interval.ratio if self.gain and self.gain.interval else 1.0


@dataclass(frozen=True)
class StepCourse:
    """A scenario on one Python, from the revision to the branch's tip.

    A step is measured on the scenarios that load what it changes: on others it counts as nothing.
    """

    scenario: str
    python: str
    whole: Gain | None
    steps: tuple[StepGain, ...]

    @property
    def sum(self) -> Interval | None:
        """The steps' ratios multiplied; None where none of them was measured."""
        found: Interval | None = None
        for one in self.steps:
            if one.gain is not None and one.gain.interval is not None:
                found = product(found, one.gain.interval) if found else one.gain.interval
        return found

    @property
    def agrees(self) -> bool | None:
        """Whether the interval of the sum and that of the whole overlap; None: not both known."""
        whole, together = self.whole, self.sum
        if whole is None or whole.interval is None or together is None:
            return None
        return together.low <= whole.interval.high and whole.interval.low <= together.high

    @property
    def base_s(self) -> float | None:
        """Seconds before: of the whole, or where that was not measured of the first step."""
        if self.whole is not None and self.whole.base_s is not None:
            return self.whole.base_s
        found = (one.gain.base_s for one in self.steps if one.gain is not None)
        return next((seconds for seconds in found if seconds is not None), None)

    @property
    def end(self) -> float:
        """The ratio of the whole, or of the steps where that was not measured."""
        if self.whole is not None and self.whole.interval is not None:
            return self.whole.interval.ratio
        return self.sum.ratio if self.sum is not None else 1.0

    @property
    def after_s(self) -> float | None:
        """Seconds after: of the whole, or where that was not measured what the steps come to."""
        if self.whole is not None and self.whole.head_s is not None:
            return self.whole.head_s
        return self.base_s * self.end if self.base_s is not None else None

    @property
    def saved_s(self) -> float:
        """How many seconds less; 0 where nothing is known."""
        return (self.base_s or 0.0) - (self.after_s or 0.0)

    @property
    def is_faster(self) -> bool:
        """Whether the whole was decided to be faster."""
        return self.whole is not None and self.whole.verdict in _BETTER


@dataclass(frozen=True)
class Prediction:
    """What a step was predicted to save in a scenario on one Python, and what it saved (s).

    `predicted_s` is scaled to the processes that were timed: recorded ones may take longer.
    """

    step: StepRecord
    scenario: str
    python: str
    predicted_s: float
    gain: Gain

    @property
    def saved_s(self) -> float | None:
        """Seconds, of the time that the process takes in these rounds."""
        if self.gain.interval is None or self.gain.base_s is None:
            return None
        return self.gain.base_s * (1 - self.gain.interval.ratio)

    @property
    def limits_s(self) -> tuple[float, float] | None:
        """The saving's limits, the smaller first."""
        if self.gain.interval is None or self.gain.base_s is None:
            return None
        found = (1 - self.gain.interval.high, 1 - self.gain.interval.low)
        return found[0] * self.gain.base_s, found[1] * self.gain.base_s

    def is_within(self, fraction: float) -> bool:
        """Whether it is off by no more than this part of what was saved."""
        saved = self.saved_s
        return saved is not None and abs(self.predicted_s - saved) <= fraction * abs(saved)

    @property
    def is_inside(self) -> bool:
        """Whether it lies inside the interval of what was saved."""
        limits = self.limits_s
        return limits is not None and limits[0] <= self.predicted_s <= limits[1]


def courses_of(optimization: Optimization) -> tuple[StepCourse, ...]:
    """Every scenario on every Python for which there is a figure, as asked for."""
    whole = {_key(one): one for one in (optimization.whole.gains if optimization.whole else ())}
    by_step = [{_key(gain): gain for gain in step.gains} for step in optimization.kept]
    found = []
    for scenario in optimization.asked.scenarios:
        for python in sorted(optimization.asked.pythons, key=python_order):
            key = scenario, python
            steps = tuple(
                StepGain(step, gains.get(key))
                for step, gains in zip(optimization.kept, by_step, strict=True)
            )
            if key in whole or any(one.gain is not None for one in steps):
                found.append(StepCourse(scenario, python, whole.get(key), steps))
    return tuple(found)


def predictions_of(optimization: Optimization) -> tuple[Prediction, ...]:
    """Each prediction of a kept step beside what was measured, by step and scenario.

    Only on the Python that scenarios are recorded on: it is of that one.
    """
    found = []
    for place, step in enumerate(optimization.kept):
        for gain in step.gains:
            predicted_s = step.predicted_s.get(gain.scenario, 0.0)
            recorded = _recorded_before(optimization, gain, place)
            if predicted_s > 0 and recorded is not None:
                scale = _scale(optimization, gain, place, recorded)
                found.append(
                    Prediction(step, gain.scenario, gain.python, predicted_s * scale, gain)
                )
    return tuple(found)


def _recorded_before(optimization: Optimization, gain: Gain, place: int) -> ImportsRecord | None:
    """What the scenario was predicted from: the newest recording before the step."""
    recorded = optimization.imports(gain.scenario, gain.python)
    return next((one for one in reversed(recorded) if one.after <= place), None)


def _scale(optimization: Optimization, gain: Gain, place: int, recorded: ImportsRecord) -> float:
    """By how much the process took longer, or less, in the rounds than it was expected to.

    Steps that were kept since the recording have made it faster, as predicted.
    """
    since = optimization.kept[recorded.after : place]
    expected_s = recorded.process_s - sum(one.predicted_s.get(gain.scenario, 0.0) for one in since)
    return gain.base_s / expected_s if gain.base_s and expected_s > 0 else 1.0


def best(courses: Sequence[StepCourse]) -> StepCourse | None:
    """The one that saves most seconds: what the pictures of one scenario show."""
    known = [one for one in courses if one.base_s is not None]
    return max(known, key=lambda one: one.saved_s, default=None)


def _key(gain: Gain) -> tuple[str, str]:
    return gain.scenario, gain.python
