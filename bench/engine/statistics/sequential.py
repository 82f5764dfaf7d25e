"""A test that may be looked at while rounds come in, and stopped, without its error rate growing.

Group-sequential two-sided Wilcoxon signed-rank test. At each look a part of alpha is spent (Lan &
DeMets 1983, with the spending function alpha * ln(1 + (e - 1)t) that resembles Pocock's 1977
boundary), and the critical value follows from the joint distribution of the normal scores at all
looks so far: increments of a Brownian motion at the information fractions t = look/maximum,
integrated recursively (Armitage, McPherson & Rowe 1969; Jennison & Turnbull 2000, chapter 19). The
same critical values invert to repeated confidence intervals (Jennison & Turnbull 1989), which hold
at all looks at once and so whenever and however measuring stops.

The scores are exact at each look alone (`signed_rank`); that their joint distribution is the normal
one is an approximation, checked by simulation in the tests.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from functools import cache, lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from bench.core.verdict import Assessment, Interval
from bench.engine.statistics.arrays import FloatArray, finite
from bench.engine.statistics.contention import NO_DOUBT, Doubt
from bench.engine.statistics.signed_rank import (
    largest_score,
    ratio_interval,
    score_of_averages,
    walsh_averages,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_NORMAL = NormalDist()
_SPACING = math.sqrt(2.0)
_NODES = 64
_NEWTON_STEPS = 60
_GRID_STEP = 0.01
_SMALLEST_LEVEL = 1e-10
_LARGEST_LEVEL = 0.5
_LARGE_EFFECT = math.log(1.5)
LARGE_EFFECT_ROUNDS = 6


def spent(fraction: float, alpha: float) -> float:
    """The part of `alpha` spent once `fraction` (0 to 1) of the information is in."""
    return alpha * math.log1p((math.e - 1) * fraction)


@cache
def _half_range_rule() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on (0, 1): the densities below are even and smooth."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return 0.5 * (nodes + 1), 0.5 * weights


class _Paths:
    """Sub-density of the Brownian motion over the paths that have not crossed a boundary yet.

    `points` are its positions on the positive half (it is even), `mass` density times quadrature
    weight there, counting both halves.
    """

    def __init__(self) -> None:
        self.time = 0.0
        self.points: FloatArray = np.zeros(1)
        self.mass: FloatArray = np.ones(1)

    def exit_mass(self, limit: float, time: float) -> tuple[float, float]:
        """Mass that is beyond +-`limit` at `time`, and its derivative with respect to `limit`."""
        scale = math.sqrt(time - self.time)
        near, far = (limit - self.points) / scale, (limit + self.points) / scale
        tails = [0.5 * math.erfc(x / math.sqrt(2)) for x in np.concatenate((near, far)).tolist()]
        mass = float(self.mass @ (np.array(tails[: near.size]) + np.array(tails[near.size :])))
        slope = -float(self.mass @ (_density(near) + _density(far))) / scale
        return mass, slope

    def limit_for(self, target: float, time: float) -> float:
        """The limit beyond which mass `target` lies at `time`.

        Newton's method on ln(mass), which is concave: after one step it approaches from one side.
        It starts at the edge of the surviving paths, where the mass beyond cannot underflow.
        """
        if not self.time:
            return math.sqrt(time) * -_NORMAL.inv_cdf(target / 2)
        limit = float(self.points[-1])
        for _ in range(_NEWTON_STEPS):
            mass, slope = self.exit_mass(limit, time)
            step = (math.log(mass) - math.log(target)) * mass / slope
            limit = max(limit - step, 0.0)
            if abs(step) < 1e-10:
                break
        return limit

    def advance(self, limit: float, time: float) -> None:
        """Move on to `time` and drop the paths beyond +-`limit`."""
        unit, weights = _half_range_rule()
        scale = math.sqrt(time - self.time)
        points = limit * unit
        near = _density((points[:, None] - self.points) / scale)
        far = _density((points[:, None] + self.points) / scale)
        # An even density: what starts on either half arrives on the positive half or its mirror.
        self.mass = limit * weights * ((near + far) @ self.mass) / scale
        self.points, self.time = points, time


def _density(x: FloatArray) -> FloatArray:
    density: FloatArray = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return density


@lru_cache(maxsize=65536)
def critical_values(looks: tuple[int, ...], maximum: int, alpha: float) -> tuple[float, ...]:
    """What the absolute normal score must reach at each look for a two-sided test of level `alpha`.

    `looks`: numbers of rounds, increasing; `maximum`: the number planned, at which all of `alpha`
    is spent. A look that is left out spends nothing: its share goes to the next one. A critical
    value depends on the looks up to its own only, so a plan can be continued as it goes.
    Lan & DeMets (1983). Raises `ValueError` for looks that do not increase from 1 to at most
    `maximum`, and for an alpha outside (0, 1).
    """
    _check_plan(looks, maximum, alpha)
    paths, used = _Paths(), 0.0
    values = []
    for look in looks:
        time = look / maximum
        total = spent(time, alpha)
        limit = paths.limit_for(total - used, time)
        paths.advance(limit, time)
        used = total
        values.append(limit / math.sqrt(time))
    return tuple(values)


def _check_plan(looks: Sequence[int], maximum: int, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    steps = (0, *looks)
    if not looks or any(a >= b for a, b in itertools.pairwise(steps)):
        raise ValueError(f"looks must increase from at least 1, not {tuple(looks)}")
    if looks[-1] > maximum:
        raise ValueError(f"a look at {looks[-1]} rounds is beyond the maximum of {maximum}")


def plan_looks(
    maximum: int, alpha: float, first: int = 10, spacing: float = _SPACING
) -> tuple[int, ...]:
    """Numbers of rounds at which to look: evenly spaced on a log scale, the last is `maximum`.

    The first is at least `first`, and late enough that rounds which all agree reach its critical
    value: an earlier look would spend error on a test that cannot reject. When not even `maximum`
    rounds can, that is the only look, and its interval will be unbounded. `alpha` is the level of
    one benchmark at the start (`local_alpha`), `spacing` the factor from one look to the next.

    Steps of sqrt(2), because simulation favours them over 2 (18 cases: standard deviation 0.005 to
    0.036, no difference, +2%, +5%; `settled` at mei 0.02, maximum 160): mean rounds 25.7 for steps
    of 2, 22.7 for sqrt(2), 21.6 for 2^(1/4) at alpha 0.05, and 37.0, 33.3, 31.4 at 0.05/13. The
    price is a last critical value of 2.34 instead of 2.23, and of 2.43 for 2^(1/4).

    Raises `ValueError` for a maximum or first look below 1, and for an alpha outside (0, 1).
    """
    if min(first, maximum) < 1:
        raise ValueError("the first look and the maximum must be at least 1")
    start = min(first, maximum)
    while start < maximum and not _reachable(start, maximum, alpha):
        start += 1
    if start == maximum:
        return (maximum,)
    steps = max(1, round(math.log(maximum / start) / math.log(spacing)))
    looks = (round(start * (maximum / start) ** (i / steps)) for i in range(steps + 1))
    return tuple(sorted(set(looks)))


def _reachable(look: int, maximum: int, alpha: float) -> bool:
    return largest_score(look) >= critical_values((look,), maximum, alpha)[0]


def assess(
    differences: FloatArray,
    looks: tuple[int, ...],
    maximum: int,
    alpha: float,
    doubt: Doubt = NO_DOUBT,
) -> Assessment:
    """The sequential test and the repeated confidence interval with the rounds there are now.

    `differences`: shape (n,), ln(head/base) of *all* rounds in the order they were measured; the
    earlier looks are its prefixes. `looks` is the plan, of which those up to n count.

    When n is not in `looks` (the budget of time ran out between two), n is one more look and spends
    what its own information fraction allows. Spending depends on n alone, so the error stays at
    most `alpha` as long as what ended the measuring does not depend on the differences: a clock
    does not. A run continued later must keep that n in its `looks`.

    `interval` is the repeated confidence interval (ratio head/base) with the critical value of the
    current look, widened by `doubt`; `p_value` the smallest level at which the test rejects at any
    look so far, rounded up by at most 1% and never below 1e-10, with `p_value <= alpha` exactly
    when it rejects at `alpha`. Both can disagree only if an earlier look rejected and the current
    one does not, or for doubt.
    Raises `ValueError` for an unusable plan, more than `maximum` rounds, or empty or infinite data.
    """
    values = finite(differences, "differences")
    used = (*(look for look in looks if look < values.size), values.size)
    critical = critical_values(used, maximum, alpha)
    scores = tuple(abs(score_of_averages(walsh_averages(values[:look]))) for look in used)
    return Assessment(
        rounds=values.size,
        interval=doubt.widen(ratio_interval(values, critical[-1]), critical[-1]),
        p_value=_p_value(scores, used, maximum, alpha),
        alpha=alpha,
    )


@cache
def _levels() -> tuple[float, ...]:
    """The levels a p-value is looked up in: 1% apart."""
    low, high = math.log(_SMALLEST_LEVEL), math.log(_LARGEST_LEVEL)
    return tuple(np.exp(np.arange(low, high, _GRID_STEP)).tolist())


def _p_value(
    scores: tuple[float, ...], looks: tuple[int, ...], maximum: int, alpha: float
) -> float:
    """Smallest level of the grid, or `alpha`, at which a score reaches its critical value.

    The critical values fall as the level rises, so the levels that reject are an upper set.
    """

    def rejects(level: float) -> bool:
        critical = critical_values(looks, maximum, level)
        return any(score >= limit for score, limit in zip(scores, critical, strict=True))

    levels = _levels()
    position = bisect_left(levels, True, key=rejects)  # noqa: FBT003 - the value looked for
    p_value = levels[position] if position < len(levels) else 1.0
    return min(p_value, alpha) if rejects(alpha) else p_value


def large_effect(base: FloatArray, head: FloatArray, differences: FloatArray) -> bool:
    """Whether the difference is so large that six rounds are enough to call it.

    All of these: at least 6 rounds; the ranges of `base` and `head` (seconds, shape (n,)) do not
    overlap; every ln(head/base) in `differences` is off by 1.5 times or more, in one direction.

    This rule is outside the spending of alpha: its error comes on top. It assumes that, with no
    real difference, rounds are independent and at most 20% of them are off by 1.5 times or more,
    half of them either way. Then the error is at most 2 * 0.1^6 = 0.000002 a benchmark, however
    often the rule is tried, since a later success includes the first 6 rounds. (Noise as measured
    is far smaller: at a standard deviation of 0.1 a round is off by that much once in 20,000.)
    Without the 20%, from independence and the coin that orders a round alone, the bound is
    2 / 2^6 = 3.1%.
    Raises `ValueError` for shapes that differ, and for empty or infinite data.
    """
    before, after = finite(base, "base"), finite(head, "head")
    values = finite(differences, "differences")
    if not before.size == after.size == values.size:
        raise ValueError("base, head and differences must have the same length")
    if values.size < LARGE_EFFECT_ROUNDS:
        return False
    slower = np.max(before) < np.min(after) and np.min(values) >= _LARGE_EFFECT
    faster = np.max(after) < np.min(before) and np.max(values) <= -_LARGE_EFFECT
    return bool(slower or faster)


def judge(
    differences: FloatArray,
    looks: tuple[int, ...],
    maximum: int,
    alpha: float,
    *,
    large: bool = False,
    doubt: Doubt = NO_DOUBT,
) -> tuple[Interval, float]:
    """Interval (ratio head/base) and p-value of a benchmark, however its measuring ended.

    `large`: `large_effect` ended it before the first look, where no sequential interval exists. The
    range of the n rounds then stands for it, which holds their median with probability
    1 - 2^(1-n), and the p-value is the bound of `large_effect`. Else this is `assess`, and raises
    what it raises.
    """
    if not large:
        found = assess(differences, looks, maximum, alpha, doubt)
        return found.interval, found.p_value
    ratios = sorted(np.exp(finite(differences, "differences")).tolist())
    interval = Interval(ratio=float(np.median(ratios)), low=ratios[0], high=ratios[-1])
    critical = -_NORMAL.inv_cdf(0.5 ** len(ratios))
    return doubt.widen(interval, critical), float(2 * 0.1 ** len(ratios))
