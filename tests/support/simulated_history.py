"""Histories with known steps, searched with the engine's own test on simulated rounds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.core.verdict import Assessment, Interval
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.sequential import assess, critical_values, plan_looks
from bench.engine.statistics.spending import weighted_levels
from bench.engine.statistics.verdicts import decide, settled
from bench.explain.attribute.search import Finding, Part, Search, Seen, Stretch

ALPHA, LEAST = 0.05, 0.01
_ROUNDS = 160
_GRID = 8  # levels are rounded down to one of so many for each power of e


@dataclass
class SimulatedHistory:
    """`steps` are true changes of time by candidate, `counted` those of the work that is seen.

    A measured pair takes rounds as a session does: sequentially, until `settled`. `quick` has the
    scores and intervals of normal rounds whose spread is known, at the same critical values: the
    same decisions for a hundredth of the work.
    """

    steps: Sequence[float]
    counted: Sequence[float] | None
    chance: np.random.Generator
    noise: float = 0.012
    quick: bool = False
    rounds: int = 0
    seen: dict[Stretch, Seen] = field(default_factory=dict)

    def searched(self) -> list[Part]:
        """The parts, once nothing is left to measure."""
        known = self.counted is not None
        moved = itertools.accumulate(self.counted or (), initial=0.0)
        search = Search(
            work=tuple(moved) if known else (None,) * (len(self.steps) + 1),
            changed=tuple(known and abs(one) > 0 for one in self.counted or self.steps),
            least=LEAST,
        )
        levels = weighted_levels(search.weights, ALPHA)
        while (stretch := search.next(self.seen)) is not None:
            level = levels[stretch.first] if stretch.is_single else ALPHA
            measure = self._measured_quickly if self.quick else self._measured
            self.seen[stretch] = measure(stretch, level)
        return search.parts(self.seen)

    def _rounds(self, stretch: Stretch) -> FloatArray:
        true = math.fsum(math.log1p(one) for one in self.steps[stretch.first : stretch.last])
        return self.chance.normal(true, self.noise, _ROUNDS)

    def _measured_quickly(self, stretch: Stretch, level: float) -> Seen:
        level = math.exp(math.floor(math.log(level) * _GRID) / _GRID)
        sums, looks = np.cumsum(self._rounds(stretch)), plan_looks(_ROUNDS, level)
        rejected = False
        for look, limit in zip(looks, critical_values(looks, _ROUNDS, level), strict=True):
            mean, error = float(sums[look - 1]) / look, self.noise / math.sqrt(look)
            rejected = rejected or abs(mean) >= limit * error
            ends = (math.exp(mean + way * limit * error) for way in (0, -1, 1))
            found = Assessment(look, Interval(*ends), 0.0 if rejected else 1.0, level)
            if settled(found, mei=LEAST, local_alpha=level):
                break
        self.rounds += found.rounds
        return Seen(found.interval, decide(found.interval, rejected=rejected, mei=LEAST))

    def _measured(self, stretch: Stretch, level: float) -> Seen:
        differences = self._rounds(stretch)
        looks = plan_looks(_ROUNDS, level)
        for look in looks:
            found = assess(differences[:look], looks, _ROUNDS, level)
            if settled(found, mei=LEAST, local_alpha=level):
                break
        self.rounds += found.rounds
        rejected = found.p_value <= level
        return Seen(found.interval, decide(found.interval, rejected=rejected, mei=LEAST))


def named(parts: Sequence[Part]) -> dict[int, float]:
    """The candidates that were named, counted from 1, with their ratios."""
    return {
        one.stretch.last: one.seen.interval.ratio
        for one in parts
        if one.finding is Finding.STEP and one.seen is not None and one.seen.interval is not None
    }
