"""Figures in words: the one place that decides how a number looks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from bench.core.result import Allocated, Memory, Result, Size
from bench.core.sample import Design, Metric
from bench.core.verdict import Interval, Verdict

_TIMES_FROM = 1.2
# What a machine can resolve has two figures, and each has one name: the smallest change that 80% of
# runs find, and half the width of the interval of something compared with itself.
DETECTABLE = "minimum detectable effect"
DETECTABLE_COLUMN = "detectable"
AA_HALF_WIDTH = "A/A half-width"


def seconds(value: float | None) -> str:
    """Seconds with a fitting SI prefix and three digits, e.g. `34.2 ms`."""
    if value is None or not math.isfinite(value):
        return "–"
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if abs(value) >= factor:
            return f"{_three_digits(value / factor)} {unit}"
    return f"{value / 1e-9:.2g} ns"


def seconds_on_axis(values: Sequence[float]) -> list[str]:
    """Evenly spaced seconds with one unit and just the digits that tell them apart."""
    largest = max(map(abs, values), default=0.0)
    units = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))
    factor, unit = next(((f, u) for f, u in units if largest >= f), (1e-9, "ns"))
    step = min((b - a for a, b in itertools.pairwise(values)), default=largest) / factor
    digits = next((d for d in range(8) if abs(step - round(step, d)) < step * 1e-3), 8)
    return [f"{value / factor:.{digits}f} {unit}" for value in values]


def mebibytes(value: int | None) -> str:
    """Bytes as MiB."""
    return "–" if value is None else f"{value / 2**20:.1f} MiB"


def gibibytes(value: int) -> str:
    """Bytes as GiB."""
    return f"{value / 2**30:.1f} GiB"


def change(interval: Interval | None) -> str:
    """A ratio head/base with its interval: in per cent, or in times from 1.2 times on."""
    if interval is None or not math.isfinite(interval.ratio):
        return "–"
    if 1 / _TIMES_FROM <= interval.ratio <= _TIMES_FROM:
        return f"{percent(interval.ratio)} ({_percent_range(interval)})"
    return f"{magnitude_with_direction(interval.ratio)} ({_times_range(interval)})"


def is_bounded(interval: Interval) -> bool:
    """Whether there were enough rounds for both limits; too few leave them at 0 and infinity."""
    return interval.low > 0 and math.isfinite(interval.high)


def magnitude(ratio: float, *, in_times: bool = False) -> str:
    """A ratio without its interval: `+12.8%`, or from 1.2 times on `27.4x`; words say which way.

    `in_times`: below 1.2 times too, beside a ratio that is given so.
    """
    if not math.isfinite(ratio) or ratio <= 0:
        return "–"
    if 1 / _TIMES_FROM <= ratio <= _TIMES_FROM and not in_times:
        return percent(ratio)
    return f"{_times(max(ratio, 1 / ratio))}x"


def magnitude_with_direction(ratio: float) -> str:
    """`magnitude` that can stand alone: `27.4x faster`, `+12.8%`."""
    words = magnitude(ratio)
    return f"{words} {'faster' if ratio < 1 else 'slower'}" if words.endswith("x") else words


def amount(base: float | None, head: float | None, *, of_count: bool = False) -> str:
    """A change of memory or of a count, sized like one of time: `5.49 times less`, `+4.2%`."""
    if base is None or head is None:
        return "–"
    if base == head:
        return "same"
    if base <= 0 or head <= 0:
        return signed(head - base)
    words = magnitude(head / base)
    if not words.endswith("x"):
        return words
    less, as_much = ("fewer", "as many") if of_count else ("less", "as much")
    return f"{words[:-1]} times {less if head < base else as_much}"


def signed(difference: float) -> str:
    """A difference of counts with its sign and grouped digits."""
    return f"{difference:+,.0f}".replace("-", "−")


def before_after(base_s: float | None, head_s: float | None) -> str:
    """Both sides in one cell, the unit once where it is the same: `80.9 → 59.4 ms`."""
    base, head = seconds(base_s), seconds(head_s)
    figure, _, unit = base.partition(" ")
    return f"{figure if unit and head.endswith(f' {unit}') else base} → {head}"


def bytes_before_after(base: int, head: int) -> str:
    """Both sides' memory in one cell: `43.1 → 38.0 MiB`."""
    return f"{mebibytes(base).removesuffix(' MiB')} → {mebibytes(head)}"


def figures(result: Result) -> str:
    """Both sides' medians of what decides a benchmark, in one cell."""
    if result.is_of_memory and result.memory is not None:
        return bytes_before_after(result.memory.base_bytes, result.memory.head_bytes)
    if result.benchmark.is_tracked:
        return f"{_without_unit(result.base_s)} → {_without_unit(result.head_s)}"
    return before_after(result.base_s, result.head_s)


def change_of(result: Result) -> str:
    """The change of what decides a benchmark, with its interval."""
    interval = result.size.interval if result.size else None
    return memory_change(interval) if result.is_of_memory else change(interval)


def memory_change(interval: Interval | None) -> str:
    """`change` of memory, which is less and not faster: `2.36 times less`, and its limits."""
    words = change(interval)
    if interval is None or "x " not in words:
        return words
    size, _, limits = words.partition(" (")
    times = size.partition("x ")[0]
    limits = limits.replace("x faster", " times less").replace("x slower", " times as much")
    return f"{times} times {'less' if interval.ratio < 1 else 'as much'} ({limits}"


def memory_verdict(memory: Memory) -> str:
    """The verdict on memory as it stands in tables."""
    interval = memory.interval
    if memory.floor_bytes and memory.verdict is Verdict.UNDECIDED:
        return f"not seen below {mebibytes(memory.floor_bytes)}"
    return _words(memory.verdict, interval, memory.mei, "less memory", "more memory")


def allocated_verdict(allocated: Allocated) -> str:
    """The verdict on bytes asked for, with what it rests on, or why there is none."""
    if allocated.verdict is None or allocated.interval is None:
        return allocated.reason
    words = _words(
        allocated.verdict, allocated.interval, allocated.mei, "less memory", "more memory"
    )
    exact = len(set(allocated.base)) == len(set(allocated.head)) == 1
    return f"{words}, {'exact' if exact else 'to 0.1%'}"


def allocated_words(allocated: Allocated) -> str:
    """`allocated 9.8 → 12.3 MiB (+25.5%): more memory, exact`."""
    if allocated.interval is None:
        return f"allocated: {allocated.reason}"
    size = amount(1.0, allocated.interval.ratio)
    counts = bytes_before_after(allocated.base[0], allocated.head[0])
    return f"allocated {counts} ({size}): {allocated_verdict(allocated)}"


def plus_minus(interval: Interval | None) -> str:
    """The half width of an interval, e.g. `±1.6%`."""
    if interval is None or not is_bounded(interval) or not math.isfinite(interval.ratio):
        return "–"
    return f"±{interval.half_width * 100:.1f}%"


def share(value: float | None) -> str:
    """A fraction in per cent, e.g. `0.3%`."""
    return "–" if value is None or not math.isfinite(value) else f"{value * 100:.1f}%"


def probability(value: float | None) -> str:
    """A p-value with two digits, never 0."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 0.0001:
        return "< 0.0001"
    return f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def confidence(level: float) -> str:
    """The confidence that goes with an error level: 0.025 is `97.5%`."""
    return f"{(1 - level) * 100:.4g}%"


def duration(seconds_: float) -> str:
    """Minutes and seconds of work, e.g. `2 min 41 s`."""
    minutes, rest = divmod(round(seconds_), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def day(moment: str) -> str:
    """The day of an ISO 8601 moment."""
    return moment[:10]


def days(moments: Iterable[str]) -> str:
    """The days of some moments, from the first to the last: `2026-11-23 to 2026-11-30`."""
    found = sorted(set(map(day, moments)))
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 benchmark`, `3 benchmarks`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def percent(ratio: float) -> str:
    """A ratio as a signed change in per cent."""
    if not math.isfinite(ratio):
        return "–"
    words = f"{(ratio - 1) * 100:+.1f}%".replace("-", "−")
    return "0.0%" if words[1:] == "0.0%" else words


def effect(mei: float) -> str:
    """A minimum effect of interest, e.g. `2%`."""
    return f"{mei * 100:g}%"


def effects(results: Sequence[Result], *, prefix: str = "") -> str:
    """The minimum effects of some benchmarks: `±2%`, or in words where they are not one."""
    found = {one.mei for one in results}
    return f"{prefix}{effect(found.pop())}" if len(found) == 1 else "the minimum effect of each"


def verdict_words(result: Result) -> str:
    """The verdict as it stands in tables, with the minimum effect that it was judged by."""
    if result.verdict is Verdict.BROKEN:
        return "broken: fails on head"
    if result.verdict is None or result.interval is None:
        return "works on head only" if result.works_on_head_only else "not measured"
    if result.is_of_memory and result.memory is not None:
        return memory_verdict(result.memory)
    if result.is_control and result.verdict in {Verdict.FASTER, Verdict.SLOWER}:
        return "differs"
    return _words(result.verdict, result.interval, result.mei, "faster", "slower")


def _words(verdict: Verdict, interval: Interval, mei: float, less: str, more: str) -> str:
    """A verdict with an interval; `less` and `more` say which way a small change goes."""
    if verdict is Verdict.SAME:
        return f"same, within ±{effect(mei)}"
    if verdict is Verdict.BELOW_MEI:
        return f"{less if interval.ratio < 1 else more}, but below {effect(mei)}"
    if verdict is Verdict.UNDECIDED:
        bounded = is_bounded(interval) and interval.half_width < 1
        return f"undecided ({plus_minus(interval)})" if bounded else "undecided, needs more rounds"
    return str(verdict)


def source_words(size: Size | None) -> str:
    """Which rounds and which clock a size comes from."""
    if size is None:
        return "–"
    clock = {Metric.CPU: "CPU time", Metric.WALL: "wall time", Metric.VALUE: "script's values",
             Metric.PEAK_RSS: "peak memory"}  # fmt: skip
    if size.metric is Metric.VALUE and size.design is Design.DUET:
        return f"{size.rounds} duets, script's values in CPU time"
    rounds = "pairs" if size.design is Design.PAIRS else "duets"
    return f"{size.rounds} {rounds}, {clock[size.metric]}"


def _three_digits(value: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"


def _without_unit(value: float | None) -> str:
    """What a suite's own figure is: `1,204`, `0.125`."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else _three_digits(value)


def _times(value: float) -> str:
    if not math.isfinite(value):
        return "∞"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _times_range(interval: Interval) -> str:
    """Limits in times, in the direction of the ratio; in words where they go both ways."""
    if not is_bounded(interval):
        return "unbounded"
    if interval.low < 1 < interval.high:
        both = f"{_times(1 / interval.low)}x faster", f"{_times(interval.high)}x slower"
        return " … ".join(both if interval.ratio > 1 else reversed(both))
    limits = (interval.low, interval.high)
    low, high = sorted(1 / limit if interval.ratio < 1 else limit for limit in limits)
    return f"{_times(low)}–{_times(high)}"


def _percent_range(interval: Interval) -> str:
    if not is_bounded(interval):
        return "unbounded"
    return f"{percent(interval.low)} … {percent(interval.high)}".replace("%", "")


def millions(value: int | None) -> str:
    """A count in millions, e.g. `4,414.0 M`."""
    return "–" if value is None else f"{value / 1e6:,.1f} M".replace("-", "−")
