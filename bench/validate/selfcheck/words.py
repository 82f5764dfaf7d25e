"""Rates and ratios of a selfcheck in words."""

from __future__ import annotations

import math

from bench.core.verdict import Interval
from bench.engine.statistics.binomial import Rate
from bench.formats.text import percent
from bench.validate.selfcheck.analysis import apart, series_interval
from bench.validate.selfcheck.record import Series


def rate_words(rate: Rate) -> str:
    """A share with its exact limits."""
    if not rate.total:
        return "–"
    low, high = rate.limits
    return f"{rate.value * 100:.1f}% [{low * 100:.1f}–{high * 100:.1f}]"


def ratio_words(series: Series | None) -> str:
    """A series' ratio with its limits."""
    return "not measured" if series is None else _limits(series_interval(series))


def range_words(interval: Interval) -> str:
    """An interval in per cent."""
    return f"{percent(interval.ratio)} ({percent(interval.low)} … {percent(interval.high)})"


def pull_words(duet: Series | None, pairs: Series | None) -> str:
    """How duet's ratio lies to that of pairs."""
    if duet is None or pairs is None:
        return "–"
    times = series_interval(duet).ratio / series_interval(pairs).ratio
    if not math.isfinite(series_interval(duet).high * series_interval(pairs).high):
        return f"{percent(times)}, too few rounds"
    if not apart(duet, pairs):
        return f"{percent(times)}, intervals overlap"
    nearer = series_interval(duet).ratio < series_interval(pairs).ratio
    return f"{percent(times)}, {'pulled towards 1' if nearer else 'pushed away from 1'}"


def _limits(interval: Interval) -> str:
    if not math.isfinite(interval.high):
        return f"{interval.ratio:.3f} (too few rounds for limits)"
    return f"{interval.ratio:.3f} [{interval.low:.3f}–{interval.high:.3f}]"
