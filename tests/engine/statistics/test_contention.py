"""The contention factor: found again in simulated rounds, with an honest interval, sign-blind."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats
from support.simulated_rounds import margin

from bench.core.verdict import Interval
from bench.engine.statistics.contention import NO_DOUBT, Alone, Doubt, Duets, Factor, contention
from bench.engine.statistics.sequential import assess
from bench.engine.statistics.signed_rank import fixed_interval

RUNS = 300


def taken(
    chance: np.random.Generator, ratio: float, factor: float, duets: int, alone: int, own: float
) -> tuple[Duets, Alone]:
    """Rounds of a machine that drifts and has spells in which all is slower.

    Alone a base of 1 s and a head of `ratio` seconds; what they share of the core costs `factor`
    times as much, in about equal parts.
    """
    used, tails, alone_s = [], [], []
    kinds = _spread(duets, alone)
    drift = np.cumsum(chance.normal(0, 0.01, len(kinds)))
    places: tuple[list[int], list[int]] = ([], [])
    for place, kind in enumerate(kinds):
        places[kind].append(place)
        spell = np.where(chance.random(2) < 0.1, chance.exponential(0.2, 2), 0)
        noise = chance.normal(0, 0.05, 2) + spell
        if kind:
            alone_s.append(np.array([1, ratio]) * np.exp(drift[place] + noise))
            continue
        common = math.exp(drift[place] + noise[0])
        work = np.array([1, ratio]) * np.exp(chance.normal(0, own / math.sqrt(2), 2))
        short = int(work[1] < work[0])
        shared = work[short] * min(math.exp(chance.normal(0, 0.02)), work[1 - short] / work[short])
        tail = np.zeros(2)
        tail[1 - short] = work[1 - short] - shared
        both = np.empty(2)
        both[short], both[1 - short] = factor * work[short], factor * shared + tail[1 - short]
        used.append(both * common)
        tails.append(tail * common)
    return (
        Duets(np.array(used), np.array(tails), np.array(places[0])),
        Alone(np.array(alone_s), np.array(places[1])),
    )


def _spread(duets: int, alone: int) -> list[int]:
    kinds: list[int] = []
    for i in range(duets):
        kinds += [1, 0] if i * alone // duets > (i - 1) * alone // duets else [0]
    return kinds


def logs(factor: Factor, duets: Duets) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    used_s = factor.put_right(duets)
    return np.log(used_s[:, 1] / used_s[:, 0])


CASES = [
    (ratio, factor, *counts)
    for ratio in (1.0, 1.02, 1.1, 1.2, 2.0, 10.0)
    for factor, counts in ((1.15, (12, 6)), (1.3, (30, 30)))
]


@cache
def simulated(ratio: float, factor: float, duets: int, alone: int) -> list[tuple[float, Interval]]:
    """The ratio as measured, and the one put right, of many runs."""
    chance = np.random.default_rng([int(100 * ratio), duets])
    found = []
    for _ in range(RUNS):
        together, apart = taken(chance, ratio, factor, duets, alone, 0.01)
        known = contention(together, apart)
        assert known is not None
        size = fixed_interval(logs(known, together), 0.05)
        raw = float(np.median(together.used_s[:, 1] / together.used_s[:, 0]))
        found.append((raw, known.doubt(together).widen(size, 1.96)))
    return found


@pytest.mark.parametrize(("ratio", "factor", "duets", "alone"), CASES)
def test_size_is_unbiased(ratio: float, factor: float, duets: int, alone: int) -> None:
    """To 1% of the effect or 0.2 points, where duets as measured are off by a tenth and more."""
    found = simulated(ratio, factor, duets, alone)
    effect = abs(math.log(ratio))
    off = np.mean([math.log(size.ratio) for _, size in found]) - math.log(ratio)
    spread = np.std([math.log(size.ratio) for _, size in found]) / math.sqrt(RUNS)
    assert abs(off) < max(0.01 * effect, 0.002) + 3 * spread
    if effect:
        raw = np.mean([math.log(one) for one, _ in found])
        assert raw < 0.97 * math.log(ratio)


@pytest.mark.parametrize(("ratio", "factor", "duets", "alone"), CASES)
def test_interval_holds_the_ratio(ratio: float, factor: float, duets: int, alone: int) -> None:
    found = simulated(ratio, factor, duets, alone)
    held = np.mean([size.low <= ratio <= size.high for _, size in found])
    assert held >= 0.95 - margin(0.05, RUNS)


def test_no_difference_is_rejected_no_more_often() -> None:
    chance, looks = np.random.default_rng(5), (10, 20, 40)
    rejected = 0
    for _ in range(RUNS):
        together, apart = taken(chance, 1.0, 1.2, 40, 20, 0.02)
        known = contention(together, apart)
        assert known is not None
        values, doubt = logs(known, together), known.doubt(together)
        rejected += assess(values, looks, 40, 0.05, doubt).p_value <= 0.05
    assert rejected / RUNS <= 0.05 + margin(0.05, RUNS)


@pytest.mark.parametrize("ratio", [1.0, 1.1, 3.0])
def test_which_side_is_base_does_not_matter(ratio: float) -> None:
    """Round by round, so that under "no difference" each sign is still a fair coin."""
    chance = np.random.default_rng(7)
    together, apart = taken(chance, ratio, 1.2, 20, 10, 0.02)
    known = contention(together, apart)
    swap, other = chance.random(20) < 0.5, chance.random(10) < 0.5

    def swapped(values: np.ndarray, which: np.ndarray) -> np.ndarray:
        return np.where(which[:, None], values[:, ::-1], values)

    again = contention(
        Duets(swapped(together.used_s, swap), swapped(together.alone_s, swap), together.places),
        Alone(swapped(apart.used_s, other), apart.places),
    )
    assert known is not None
    assert again is not None
    assert again.log == pytest.approx(known.log, abs=1e-12)
    assert again.error == pytest.approx(known.error, abs=1e-12)
    flipped = Duets(together.used_s[:, ::-1], together.alone_s[:, ::-1], together.places)
    assert logs(known, flipped) == pytest.approx(-logs(known, together))


def test_without_a_tail_only_the_level_changes() -> None:
    used = np.array([[1.2, 1.2], [1.3, 1.25], [1.1, 1.2], [1.2, 1.21]])
    duets = Duets(used, np.zeros((4, 2)), np.arange(0, 8, 2))
    known = contention(duets, Alone(np.ones((4, 2)), np.arange(1, 9, 2)))
    assert known is not None
    assert known.ratio == pytest.approx(1.2, rel=0.03)
    assert logs(known, duets) == pytest.approx(np.log(used[:, 1] / used[:, 0]))
    assert known.doubt(duets).error == 0


def test_too_few_rounds_tell_no_factor() -> None:
    duets = Duets(np.ones((20, 2)), np.zeros((20, 2)), np.arange(20))
    assert contention(duets, Alone(np.ones((2, 2)), np.array([20, 21]))) is None
    assert contention(duets, Alone(np.ones((6, 2)), np.arange(20, 26))) is None


def test_doubt_widens() -> None:
    """By Student's quantile, in quadrature; where there is none, nothing changes."""
    size = Interval(1.1, 1.0, 1.2)
    assert NO_DOUBT.widen(size, 1.96) is size
    for freedom, close in ((2, 0.05), (3, 0.02), (5, 0.01), (20, 0.001)):
        exact = stats.t.ppf(0.975, freedom)
        assert Doubt(0.01, freedom).half_width(1.96) == pytest.approx(0.01 * exact, rel=close)
    wide = Doubt(0.1, 1000).widen(size, 1.96)
    assert math.log(wide.high / 1.1) == pytest.approx(math.hypot(0.196, math.log(1.2 / 1.1)), 1e-2)
    sharp = Doubt(0.001, 1).widen(size, 3.9)  # next to nothing, though little is known of it
    assert sharp.high == pytest.approx(1.2, 1e-3)
    assert wide.low < 1.0
    endless = Doubt(0.1, 5).widen(Interval(1.1, 0.0, math.inf), 1.96)
    assert (endless.low, endless.high) == (0.0, math.inf)
