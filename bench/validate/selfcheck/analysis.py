"""From a selfcheck's raw data to rates, intervals and verdicts: pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.options import Options
from bench.core.sample import Design, Metric
from bench.core.verdict import Interval, Verdict
from bench.engine.statistics import sequential
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.peers import (
    Answer,
    asv_rule,
    hyperfine_rule,
    pyperf_rule,
    welch_interval,
)
from bench.engine.statistics.precision import Precision
from bench.engine.statistics.signed_rank import fixed_interval
from bench.engine.statistics.summary import robust_sd
from bench.engine.statistics.verdicts import decide
from bench.validate.selfcheck.record import AA, Blocks, Check, EngineRun, Series

ALL = "all three"
LEVEL = 0.05  # of the intervals that describe, in this report
_FEWEST_IN_BLOCK = 10

RULES: dict[str, Callable[[FloatArray, FloatArray], Answer]] = {
    "pyperf": pyperf_rule,
    "asv": asv_rule,
    "hyperfine": hyperfine_rule,
}


@dataclass(frozen=True)
class Judged:
    """What the engine says of one run; `width` is the larger half of its interval, relative."""

    run: EngineRun
    verdict: Verdict
    interval: Interval

    @property
    def decided(self) -> bool:
        """Whether "no difference" was rejected, below the MEI or not."""
        return self.verdict in {Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI}

    @property
    def covers(self) -> bool:
        """Whether the interval holds the injected ratio."""
        return self.interval.low <= self.run.truth <= self.interval.high


def judge(run: EngineRun, options: Options) -> Judged:
    """The verdict of a run tested by itself at the options' alpha."""
    interval, p_value = sequential.judge(
        ratios(run.base_s, run.head_s), run.looks, run.maximum, options.alpha, large=run.large
    )
    verdict = decide(interval, rejected=p_value <= options.alpha, mei=options.mei)
    return Judged(run, verdict, interval)


def judged(check: Check, phase: str, case: str = "", truth: float = 0.0) -> list[Judged]:
    """All runs of a phase: of one case and one injected ratio, or of all ("" and 0)."""
    return [
        judge(run, check.options)
        for run in check.engine
        if run.phase == phase and case in {"", run.case} and truth in {0.0, run.truth}
    ]


def blocks_of(check: Check, phase: str, case: str = "", truth: float = 0.0) -> list[Blocks]:
    """All blocks of a phase, chosen as in `judged`."""
    return [
        one
        for one in check.blocks
        if one.phase == phase and case in {"", one.case} and truth in {0.0, one.truth}
    ]


def ratios(base_s: Sequence[float], head_s: Sequence[float]) -> FloatArray:
    """ln(head/base) of each round."""
    values: FloatArray = np.log(np.array(head_s) / np.array(base_s))
    return values


def answers(blocks: Sequence[Blocks], rule: str) -> list[Answer]:
    """What a peer's rule says of each pair of blocks."""
    return [RULES[rule](np.array(one.base_s), np.array(one.head_s)) for one in blocks]


@dataclass(frozen=True)
class Reached:
    """How far growing blocks came: samples a side, seconds, the interval there, and whether
    it is as narrow as was wanted.
    """

    samples: int
    seconds: float
    interval: Interval
    narrow_enough: bool


def grow(blocks: Blocks, half_width: float) -> Reached:
    """The fewest samples a side whose Welch interval is as narrow; all of them if none is."""
    base, head = np.array(blocks.base_s), np.array(blocks.head_s)
    for count in range(min(_FEWEST_IN_BLOCK, base.size), base.size + 1):
        interval = welch_interval(base[:count], head[:count], LEVEL)
        enough = interval.half_width <= half_width
        if enough or count == base.size:
            break
    return Reached(count, float(base[:count].sum() + head[:count].sum()), interval, enough)


def precision(series: Series, metric: Metric) -> Precision:
    """The precision of one design and clock."""
    values = series_ratios(series, metric)
    return Precision(robust_sd(values), float(np.mean(series.inside_s)))


def series_ratios(series: Series, metric: Metric) -> FloatArray:
    """ln(head/base) of each round by one clock."""
    if metric is Metric.CPU:
        return ratios(series.base_cpu_s, series.head_cpu_s)
    return ratios(series.base_wall_s, series.head_wall_s)


def series_interval(series: Series, level: float = LEVEL) -> Interval:
    """The ratio of CPU times of a series with its interval at 1 - `level`."""
    return fixed_interval(series_ratios(series, Metric.CPU), level)


def series_of(check: Check, phase: str) -> list[Series]:
    """All series of a phase."""
    return [one for one in check.series if one.phase == phase]


def linearity(check: Check) -> float | None:
    """Instructions of a loop among the injected ones over those of a loop of the base.

    1 when the injected loops are the same work as the others; None when nothing was counted.
    """
    if len(check.counted) < 3:
        return None
    bare, base, more = sorted(check.counted, key=lambda one: one.loops)[:3]
    ordinary = (base.instructions - bare.instructions) / (base.loops - bare.loops)
    injected = (more.instructions - base.instructions) / (more.loops - base.loops)
    return injected / ordinary


def names(check: Check) -> list[str]:
    """The commands of the A/A runs, and ALL of them."""
    found = list(dict.fromkeys(run.case for run in check.engine if run.phase == AA))
    return [*found, ALL] if found else []


def wrong(runs: Sequence[Judged]) -> Rate:
    """Rejections among A/A runs."""
    return Rate(sum(one.decided for one in runs), len(runs))


def half_width(runs: Sequence[Judged]) -> float:
    """Median of the larger halves of the engine's intervals, relative."""
    return statistics.median(one.interval.half_width for one in runs)


def shares_inside(check: Check, name: str) -> list[float]:
    """Shares of A/A runs' wall time in which a measured process ran."""
    runs = [run for run in check.engine if run.phase == AA and run.case == name]
    return [run.inside_s / run.elapsed_s for run in runs]


def find_series(
    check: Check, phase: str, *, design: Design, case: str = "", truth: float = 0.0
) -> Series | None:
    """The series of a phase, design and case or injected ratio, if it was measured."""
    for one in series_of(check, phase):
        if one.design is design and case in {"", one.case} and truth in {0.0, one.truth}:
            return one
    return None


def apart(duet: Series, pairs: Series) -> bool:
    """Whether the two intervals do not overlap."""
    one, other = series_interval(duet), series_interval(pairs)
    return one.high < other.low or one.low > other.high
