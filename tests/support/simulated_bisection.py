"""Histories with known steps, bisected on simulated pairs."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.verdicts import decide
from bench.explain.bisect.search import Bisection, BisectKnown, Purpose, StateAnswer, StateQuestion

LEAST, ERROR = 0.01, 0.05
BETWEEN_RUNS = 0.002
_TOO_MANY = 60


@dataclass
class SimulatedBisection:
    """`steps` are true changes by candidate; states in `broken` can't be measured.

    Each pair is as precise as its question asks for: where measuring ends, the interval has a half
    width of half of the precision, or of half of the effect.
    """

    steps: Sequence[float]
    chance: np.random.Generator
    prior: Sequence[float] = ()
    broken: Collection[int] = ()
    asked: list[StateQuestion] = field(default_factory=list)

    def searched(self) -> BisectKnown:
        """What is known once nothing is left to ask."""
        search = Bisection(
            prior=tuple(self.prior) or (1 / len(self.steps),) * len(self.steps),
            least=LEAST,
            error=ERROR,
        )
        answers: list[StateAnswer] = []
        while (question := (known := search.known(answers)).next) is not None:
            assert len(self.asked) < _TOO_MANY
            self.asked.append(question)
            answers.append(self.measured(question))
        return known

    def measured(self, question: StateQuestion) -> StateAnswer:
        """As a session would measure it."""
        pair = question.first, question.last
        if not {*pair}.isdisjoint(self.broken):
            return StateAnswer(
                first=pair[0], last=pair[1], interval=None, verdict=None, level=ERROR,
                reason="it does not build",
            )  # fmt: skip
        true = math.fsum(math.log1p(one) for one in self.steps[pair[0] : pair[1]])
        width = question.precision
        if question.purpose is not Purpose.SIDE:
            width = max(width, abs(true) / 4) if abs(true) > 2 * width else width
        error = width / NormalDist().inv_cdf(1 - ERROR / 2)
        seen = true + self.chance.normal(0, math.hypot(error, BETWEEN_RUNS))
        interval = Interval(math.exp(seen), math.exp(seen - width), math.exp(seen + width))
        rejected = not interval.low <= 1 <= interval.high
        verdict = decide(interval, rejected=rejected, mei=question.precision)
        return StateAnswer(
            first=pair[0], last=pair[1], interval=interval, verdict=verdict, level=ERROR
        )
