"""Figures in words: the one place that decides how a number looks."""

from __future__ import annotations

import math

from bench.core.sample import Design, Metric
from bench.core.verdict import Interval, Verdict
from bench.evaluation import Result, Size

_TIMES_FROM = 1.2


def seconds(value: float | None) -> str:
    """Seconds with a fitting SI prefix and three digits, e.g. `34.2 ms`."""
    if value is None or not math.isfinite(value):
        return "–"
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if abs(value) >= factor:
            return f"{_three_digits(value / factor)} {unit}"
    return f"{value / 1e-9:.2g} ns"


def mebibytes(value: int | None) -> str:
    """Bytes as MiB."""
    return "–" if value is None else f"{value / 2**20:.1f} MiB"


def change(interval: Interval | None) -> str:
    """A ratio head/base with its interval: in per cent, or in times from 1.2 times on."""
    if interval is None or not math.isfinite(interval.ratio):
        return "–"
    if 1 / _TIMES_FROM <= interval.ratio <= _TIMES_FROM:
        return f"{percent(interval.ratio)} ({_percent_range(interval)})"
    faster = interval.ratio < 1
    times = 1 / interval.ratio if faster else interval.ratio
    limits = (interval.low, interval.high)
    low, high = sorted(_inverse(limit) if faster else limit for limit in limits)
    word = "faster" if faster else "slower"
    return f"{_times(times)}x {word} ({_times(low)}–{_times(high)})"


def percent(ratio: float) -> str:
    """A ratio as a signed change in per cent."""
    return "–" if not math.isfinite(ratio) else f"{(ratio - 1) * 100:+.1f}%".replace("-", "−")


def verdict_words(result: Result, mei: float) -> str:
    """The verdict as it stands in tables."""
    if result.verdict is None or result.interval is None:
        return "not measured"
    if result.verdict is Verdict.NO_DIFFERENCE:
        return f"no difference ≥ {mei * 100:g}%"
    if result.verdict is Verdict.BELOW_MEI:
        direction = "faster" if result.interval.ratio < 1 else "slower"
        return f"{direction}, but below {mei * 100:g}%"
    if result.verdict is Verdict.INCONCLUSIVE:
        width = result.interval.half_width
        return f"inconclusive ±{width * 100:.1f}%" if width < 1 else "inconclusive"
    return str(result.verdict)


def source_words(size: Size | None) -> str:
    """Which rounds and which clock a size comes from."""
    if size is None:
        return "–"
    clock = {Metric.CPU: "CPU time", Metric.WALL: "wall time", Metric.VALUE: "script's values"}
    if size.metric is Metric.VALUE and size.design is Design.DUET:
        return f"{size.rounds} duets, script's values in CPU time"
    rounds = "pairs" if size.design is Design.PAIRS else "duets"
    return f"{size.rounds} {rounds}, {clock[size.metric]}"


def _three_digits(value: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"


def _times(value: float) -> str:
    if not math.isfinite(value):
        return "∞"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _inverse(value: float) -> float:
    return 1 / value if value > 0 else math.inf


def _percent_range(interval: Interval) -> str:
    low, high = percent(interval.low), percent(interval.high)
    return f"{low} … {high}".replace("%", "") if "–" not in low + high else "unbounded"
