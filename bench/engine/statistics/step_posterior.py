"""Where the largest step of a history lies: a posterior over its places, from noisy comparisons.

States 0 to n, and candidate k that leads from state k - 1 to state k. A comparison tells ln of the
time of a later state over that of an earlier one, with a standard error. The model: at most three
candidates have a step, each of a size from a normal distribution, and all others drift a little.
All hypotheses that the comparisons tell apart are weighed by their marginal likelihood, in closed
form (conjugate normal linear model: Bernardo & Smith 1994, section 5.2). With one step alone this
is the posterior of probabilistic bisection (Horstein 1963; Waeber, Frazier & Henderson 2013), as
git-bayesect keeps it over commits, for answers that are figures and no yes or no.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.engine.statistics.arrays import FloatArray

# How probable no step, one, two and three are before anything is seen.
_NONE = 0.2
_STEPS = (0.6, 0.15, 0.05)
# Hypotheses whose weight is this far below the best, in ln, are left out.
_NEGLIGIBLE = 16.0
_Places = tuple[int, ...]
IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StateComparison:
    """ln(last/first) of two states, first < last, and its standard error."""

    first: int
    last: int
    value: float
    error: float


@dataclass(frozen=True)
class Cell:
    """Candidates first + 1 to last, which no comparison tells apart.

    `probability`: that a step lies here; `size`: ln of what they change together if so, as
    expected.
    """

    first: int
    last: int
    probability: float
    size: float


@dataclass(frozen=True)
class StepPosterior:
    """By candidate (from index 0): the probability that its step is the largest the wanted way.

    `alone` is the part of hypotheses with one step, `among` that with several; `none` is the
    probability that there is no step. Together they add up to 1, less the probability that no step
    goes the wanted way.
    """

    alone: FloatArray
    among: FloatArray
    none: float
    cells: tuple[Cell, ...]

    @property
    def largest(self) -> FloatArray:
        """Both together."""
        return self.alone + self.among


@dataclass(frozen=True, kw_only=True)
class StepModel:
    """What is assumed: `prior` says how probable a step at each candidate is, in proportion.

    `scale` is the standard deviation of a step's size, `drift` that of what a candidate changes
    without one, both in ln; `sign` is 1 where slower steps are wanted, -1 for faster.
    Raises `ValueError` for a prior that is not positive and for a scale that is not.
    """

    prior: tuple[float, ...]
    scale: float
    drift: float
    sign: int

    def __post_init__(self) -> None:
        if not all(0 < one < math.inf for one in self.prior) or not self.prior:
            raise ValueError("each candidate needs a prior above 0")
        if not self.scale > 0 or self.drift < 0:
            raise ValueError("the scale must be positive, and the drift not negative")

    def posterior(self, comparisons: Sequence[StateComparison]) -> StepPosterior:
        """What the comparisons say; raises `ValueError` for one without an error."""
        if any(not 0 < one.error < math.inf for one in comparisons):
            raise ValueError("the standard error of a comparison must be positive")
        places = {state for one in comparisons for state in (one.first, one.last)}
        cuts = sorted({0, len(self.prior), *places})
        cells = list(itertools.pairwise(cuts))
        return _Weighing(self, cells, comparisons).posterior()


@dataclass(frozen=True)
class _Hypotheses:
    """Hypotheses with steps in as many cells each, (h, d), and ln of their weights, (h,)."""

    cells: IndexArray
    alone: bool
    weight: FloatArray
    precision: FloatArray
    pull: FloatArray

    def likely(self, least: float) -> _Hypotheses:
        """Those that weigh enough to count."""
        kept = self.weight > least
        return _Hypotheses(
            self.cells[kept],
            self.alone,
            self.weight[kept],
            self.precision[kept],
            self.pull[kept],
        )

    def sizes(self) -> tuple[FloatArray, FloatArray]:
        """What the steps are expected to be, (h, d), and their covariance, (h, d, d)."""
        covariance = np.linalg.inv(self.precision)
        return (covariance @ self.pull[:, :, None])[:, :, 0], covariance


class _Weighing:
    """All hypotheses over some cells: which have steps, and how many each."""

    def __init__(
        self, model: StepModel, cells: list[tuple[int, int]], comparisons: Sequence[StateComparison]
    ) -> None:
        self.model, self.cells = model, cells
        touched = np.array(
            [[one.first <= a and b <= one.last for a, b in cells] for one in comparisons],
            dtype=float,
        ).reshape(len(comparisons), len(cells))
        sizes = np.array([b - a for a, b in cells], dtype=float)
        variance = np.diag([one.error**2 for one in comparisons])
        variance += model.drift**2 * (touched * sizes) @ touched.T
        weighed = np.linalg.solve(variance, touched) if comparisons else touched
        self.information = touched.T @ weighed
        self.pull = weighed.T @ np.array([one.value for one in comparisons])
        ways = [_choices(model.prior[a:b], len(_STEPS)) for a, b in cells]
        self.ways: FloatArray = np.array(ways)

    def posterior(self) -> StepPosterior:
        """All of them together."""
        with np.errstate(divide="ignore"):
            found = list(self._hypotheses())
        peak = float(max(math.log(_NONE), *(np.max(one.weight) for one in found)))
        none, total = _NONE * math.exp(-peak), _NONE * math.exp(-peak)
        cells = len(self.cells)
        alone, among, present, moved = (np.zeros(cells) for _ in range(4))
        for one in (each.likely(peak - _NEGLIGIBLE) for each in found):
            mass = np.exp(one.weight - peak)[:, None]
            mean, covariance = one.sizes()
            total += float(np.sum(mass))
            largest = self._largest(mean, covariance)
            np.add.at(alone if one.alone else among, one.cells, mass * largest)
            np.add.at(present, one.cells, np.broadcast_to(mass, one.cells.shape))
            np.add.at(moved, one.cells, mass * mean)
        return StepPosterior(
            alone=self._spread(alone / total),
            among=self._spread(among / total),
            none=none / total,
            cells=tuple(
                Cell(a, b, float(one / total), float(size / one) if one else 0.0)
                for (a, b), one, size in zip(self.cells, present, moved, strict=True)
            ),
        )

    def _hypotheses(self) -> Iterator[_Hypotheses]:
        for several in range(1, min(len(_STEPS), len(self.cells)) + 1):
            chosen = np.array(list(itertools.combinations(range(len(self.cells)), several)))
            precision = self.information[chosen[:, :, None], chosen[:, None, :]]
            for steps in itertools.product(range(1, len(_STEPS) + 1), repeat=several):
                if sum(steps) <= len(_STEPS):
                    yield self._weigh(chosen, steps, precision)

    def _weigh(self, chosen: IndexArray, steps: _Places, precision: FloatArray) -> _Hypotheses:
        """So many steps in each of the chosen cells."""
        spread = np.array(steps) * self.model.scale**2
        precision = precision + np.diag(1 / spread)
        pull = self.pull[chosen]
        mean = np.linalg.solve(precision, pull[:, :, None])[:, :, 0]
        weight = np.log(self._prior(chosen, steps)) + 0.5 * (pull * mean).sum(axis=1)
        weight = weight - 0.5 * (np.linalg.slogdet(precision)[1] + np.log(spread).sum())
        return _Hypotheses(chosen, sum(steps) == 1, weight, precision, pull)

    def _prior(self, chosen: IndexArray, steps: _Places) -> FloatArray:
        """The prior of so many steps in these cells: all ways to choose their candidates."""
        count = sum(steps)
        ways: FloatArray = np.prod(self.ways[chosen, np.array(steps)], axis=1)
        everything = _choices(self.model.prior, count)[count]
        return _STEPS[count - 1] * ways / everything if everything else 0 * ways

    def _largest(self, mean: FloatArray, covariance: FloatArray) -> FloatArray:
        """P that each is the largest the wanted way, (h, d): products of pairwise probabilities."""
        signed = self.model.sign * mean
        variances = np.diagonal(covariance, axis1=1, axis2=2)
        found: FloatArray = _normal(signed / np.sqrt(variances))
        for one, other in itertools.permutations(range(mean.shape[1]), 2):
            between = variances[:, one] + variances[:, other] - 2 * covariance[:, one, other]
            found[:, one] *= _normal((signed[:, one] - signed[:, other]) / np.sqrt(between))
        return found / np.maximum(found.sum(axis=1, keepdims=True), 1.0)

    def _spread(self, by_cell: FloatArray) -> FloatArray:
        """From cells to their candidates, by the prior."""
        prior = np.array(self.model.prior)
        parts = [
            mass * prior[a:b] / prior[a:b].sum()
            for (a, b), mass in zip(self.cells, by_cell, strict=True)
        ]
        return np.concatenate(parts)


def _normal(scores: FloatArray) -> FloatArray:
    """The distribution function of the standard normal distribution."""
    found = [0.5 * math.erfc(one) for one in (-scores / math.sqrt(2)).ravel().tolist()]
    return np.array(found).reshape(scores.shape)


def _choices(weights: Sequence[float], most: int) -> list[float]:
    """The weight of all choices of 0 to `most` of them: elementary symmetric polynomials."""
    sums = [1.0] + [0.0] * most
    for weight in weights:
        for number in range(most, 0, -1):
            sums[number] += weight * sums[number - 1]
    return sums
