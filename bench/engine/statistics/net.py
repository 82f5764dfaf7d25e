"""What an import costs net of the interpreter's own start, as published import times have it."""

from __future__ import annotations

import math

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.arrays import FloatArray, finite

_RESAMPLES = 2000
_UNDEFINED = Interval(ratio=math.nan, low=math.nan, high=math.nan)


def net_interval(
    base: FloatArray,
    head: FloatArray,
    control_base: FloatArray,
    control_head: FloatArray,
    alpha: float,
    seed: int,
) -> tuple[float, float, Interval]:
    """Net seconds of base and of head, and the ratio of the two with a bootstrap interval.

    `base`, `head`: seconds of the rounds of the import, shape (n,), same order; `control_base`,
    `control_head`: seconds of the rounds of a bare interpreter in the two environments, shape (m,).
    Net is the median of the one minus the median of the other. The interval is the percentile
    bootstrap (Efron & Tibshirani 1993, chapter 13): rounds are drawn as pairs, those of the control
    apart from those of the import, 2000 times, from a generator seeded with `seed`.

    The ratio is nan, with both limits, when a net cost is not positive: the import then costs
    nothing that can be told from the start itself. A resample without a positive net head counts as
    ratio 0, one without a positive net base as infinity, and one with neither as 0 towards the low
    limit and infinity towards the high one: a cost barely above nothing shows in its interval.
    Raises `ValueError` for an alpha outside (0, 1), sides of different length, and empty or
    infinite data.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    rounds = _paired(base, head, "base and head")
    control = _paired(control_base, control_head, "the two sides of the control")
    base_net, head_net = (np.median(rounds, axis=1) - np.median(control, axis=1)).tolist()
    if base_net <= 0 or head_net <= 0:
        return base_net, head_net, _UNDEFINED
    generator = np.random.default_rng(seed)
    net = _resampled_medians(rounds, generator) - _resampled_medians(control, generator)
    low, high = _percentiles(net[0], net[1], alpha)
    ratio = head_net / base_net
    return base_net, head_net, Interval(ratio=ratio, low=min(low, ratio), high=max(high, ratio))


def _paired(base: FloatArray, head: FloatArray, name: str) -> FloatArray:
    first, second = finite(base, name), finite(head, name)
    if first.size != second.size:
        raise ValueError(f"{name} differ in length: {first.size} and {second.size}")
    return np.stack((first, second))


def _resampled_medians(rounds: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Medians of both sides, shape (2, resamples), of rounds of shape (2, n) drawn as pairs."""
    count = rounds.shape[1]
    drawn = generator.integers(count, size=(_RESAMPLES, count))
    ordered, half = np.sort(rounds[:, drawn], axis=2), count // 2  # in half the time of np.median
    medians: FloatArray = (ordered[..., (count - 1) // 2] + ordered[..., half]) / 2
    return medians


def _percentiles(base: FloatArray, head: FloatArray, alpha: float) -> tuple[float, float]:
    ratios = np.divide(head, base, out=np.full_like(head, np.inf), where=base > 0)
    ratios = np.maximum(ratios, 0.0)
    neither = (base <= 0) & (head <= 0)
    lower, upper = np.where(neither, 0.0, ratios), np.where(neither, np.inf, ratios)
    # Order statistics without interpolation: between infinities that would give nan.
    low = np.quantile(lower, alpha / 2, method="inverted_cdf")
    high = np.quantile(upper, 1 - alpha / 2, method="inverted_cdf")
    return float(low), float(high)
