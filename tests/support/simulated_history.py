"""Histories with known steps, searched with the engine's own test on simulated rounds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.engine.statistics.sequential import assess, plan_looks
from bench.engine.statistics.spending import weighted_levels
from bench.engine.statistics.verdicts import decide, settled
from bench.explain.attribute.search import Finding, Part, Search, Seen, Stretch

ALPHA, LEAST = 0.05, 0.01
_ROUNDS = 160


@dataclass
class SimulatedHistory:
    """`steps` are true changes of time by candidate, `counted` those of the work that is seen.

    A measured pair takes rounds as a session does: sequentially, until `settled`.
    """

    steps: Sequence[float]
    counted: Sequence[float] | None
    chance: np.random.Generator
    noise: float = 0.012
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
            self.seen[stretch] = self._measured(stretch, level)
        return search.parts(self.seen)

    def _measured(self, stretch: Stretch, level: float) -> Seen:
        true = math.fsum(math.log1p(one) for one in self.steps[stretch.first : stretch.last])
        differences = self.chance.normal(true, self.noise, _ROUNDS)
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
