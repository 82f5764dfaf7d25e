"""From a self-check's raw data to rates, intervals and verdicts: pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.sample import Design, Metric
from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.contention import Alone, Duets, contention
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
from bench.formats.text import is_bounded
from bench.validate.engine_runs import AA, JudgedRun, judge, log_ratios
from bench.validate.selfcheck.record import BIAS, POWER, Blocks, DesignSeries, SelfCheck

ALL = "all three"
CRITICAL = 1.96
LEVEL = 0.05  # of the intervals that describe, in this report
_FEWEST_IN_BLOCK = 10

RULES: dict[str, Callable[[FloatArray, FloatArray], Answer]] = {
    "pyperf": pyperf_rule,
    "asv": asv_rule,
    "hyperfine": hyperfine_rule,
}


def judged(check: SelfCheck, phase: str, case: str = ALL, truth: float = 0.0) -> list[JudgedRun]:
    """All runs of a phase: of one case and one injected ratio, or of all (ALL and 0)."""
    return [
        judge(run, check.options)
        for run in check.engine
        if run.phase == phase and case in {ALL, run.case} and truth in {0.0, run.truth}
    ]


def blocks_of(check: SelfCheck, phase: str, case: str = ALL, truth: float = 0.0) -> list[Blocks]:
    """All blocks of a phase, chosen as in `judged`."""
    return [
        one
        for one in check.blocks
        if one.phase == phase and case in {ALL, one.case} and truth in {0.0, one.truth}
    ]


def cases(check: SelfCheck) -> list[str]:
    """The commands of the A/A runs, and ALL of them."""
    found = list(dict.fromkeys(run.case for run in check.engine if run.phase == AA))
    return [*found, ALL] if found else []


def injected(check: SelfCheck) -> list[float]:
    """The ratios that were to be found."""
    return list(dict.fromkeys(run.truth for run in check.engine if run.phase == POWER))


def found_slower(runs: Sequence[JudgedRun]) -> list[JudgedRun]:
    """Runs in which the injected difference was found."""
    return [one for one in runs if one.verdict is Verdict.SLOWER]


def said(blocks: Sequence[Blocks], rule: str, *answers: Answer) -> Rate:
    """How often the rule of another tool gives one of these answers on pairs of blocks."""
    given = [RULES[rule](np.array(one.base_s), np.array(one.head_s)) for one in blocks]
    return Rate(sum(answer in answers for answer in given), len(given))


def half_width(runs: Sequence[JudgedRun]) -> float:
    """Median of the larger halves of the engine's intervals, relative."""
    return statistics.median(one.interval.half_width for one in runs)


def shares_inside(check: SelfCheck, case: str) -> list[float]:
    """Shares of A/A runs' wall time in which a measured process ran."""
    runs = [run for run in check.engine if run.phase == AA and case in {ALL, run.case}]
    return [run.inside_s / run.elapsed_s for run in runs]


@dataclass(frozen=True)
class GrownBlocks:
    """How far growing blocks came: samples a side, seconds, the interval there, and whether
    it is as narrow as was wanted.
    """

    samples: int
    seconds: float
    interval: Interval
    narrow_enough: bool


def grow(blocks: Blocks, wanted: float) -> GrownBlocks:
    """The fewest samples a side whose Welch interval is as narrow; all of them if none is."""
    base, head = np.array(blocks.base_s), np.array(blocks.head_s)
    for count in range(min(_FEWEST_IN_BLOCK, base.size), base.size + 1):
        interval = welch_interval(base[:count], head[:count], LEVEL)
        enough = interval.half_width <= wanted
        if enough or count == base.size:
            break
    return GrownBlocks(count, float(base[:count].sum() + head[:count].sum()), interval, enough)


def series_of(check: SelfCheck, phase: str) -> list[DesignSeries]:
    """All series of a phase."""
    return [one for one in check.series if one.phase == phase]


def find_series(
    check: SelfCheck, phase: str, design: Design, case: str = ALL, truth: float = 0.0
) -> DesignSeries | None:
    """The series of a phase, design and case or injected ratio, if it was measured."""
    for one in series_of(check, phase):
        if one.design is design and case in {ALL, one.case} and truth in {0.0, one.truth}:
            return one
    return None


def precision(series: DesignSeries, metric: Metric) -> Precision:
    """The precision of one design and clock."""
    values = _ratios(series, metric)
    return Precision(robust_sd(values), float(np.mean(series.inside_s)))


def series_interval(series: DesignSeries, level: float = LEVEL) -> Interval:
    """The ratio of CPU times of a series with its interval at 1 - `level`."""
    return fixed_interval(_ratios(series, Metric.CPU), level)


def differ(one: DesignSeries, other: DesignSeries) -> bool:
    """Whether the intervals of two series do not overlap."""
    a, b = series_interval(one), series_interval(other)
    return a.high < b.low or a.low > b.high


@dataclass(frozen=True)
class SeenSize:
    """A known change as duets show it, as measured and put right, and as pairs do: 95% each."""

    case: str
    truth: float
    as_measured: Interval
    put_right: Interval
    pairs: Interval

    @property
    def off(self) -> float:
        """How far duets, put right, lie from pairs: a log ratio."""
        return math.log(self.put_right.ratio / self.pairs.ratio)

    @property
    def half_width(self) -> float:
        """Of the 95% interval of `off`."""
        halves = (math.log(one.high / one.low) / 2 for one in (self.put_right, self.pairs))
        return math.hypot(*halves)

    @property
    def agrees(self) -> bool:
        """Whether the difference may be chance."""
        return abs(self.off) <= self.half_width


def sizes(check: SelfCheck) -> list[SeenSize]:
    """All known changes that both designs have bounded intervals of."""
    found = []
    for duet in series_of(check, BIAS):
        pairs = find_series(check, BIAS, Design.PAIRS, duet.case, duet.truth)
        if duet.design is not Design.DUET or pairs is None:
            continue
        right = _put_right(duet, pairs)
        measured, alone = series_interval(duet), series_interval(pairs)
        if right is not None and all(map(is_bounded, (measured, right, alone))):
            found.append(SeenSize(duet.case, duet.truth, measured, right, alone))
    return found


def _put_right(duet: DesignSeries, pairs: DesignSeries) -> Interval | None:
    if not duet.base_alone_s:
        return None
    used, tails, alone = (
        np.column_stack(both)
        for both in (
            (duet.base_cpu_s, duet.head_cpu_s),
            (duet.base_alone_s, duet.head_alone_s),
            (pairs.base_cpu_s, pairs.head_cpu_s),
        )
    )
    duets = Duets(used, tails, np.arange(len(used)) * 2)
    factor = contention(duets, Alone(alone, np.arange(len(alone)) * 2 + 1))
    if factor is None:
        return None
    base_s, head_s = factor.put_right(duets).T
    found = fixed_interval(log_ratios(base_s.tolist(), head_s.tolist()), LEVEL)
    return factor.doubt(duets).widen(found, CRITICAL)


def bias_of(seen: Sequence[SeenSize], *, put_right: bool = True) -> tuple[float, float]:
    """By which part of an effect duets miss it, and half of the 95% interval of that.

    The slope of the log ratio of both designs over that of pairs, weighted by its precision.
    """
    effects = np.array([math.log(one.pairs.ratio) for one in seen])
    weights = np.array([1 / one.half_width**2 for one in seen])
    off = [one.off for one in seen]
    if not put_right:
        off = [math.log(one.as_measured.ratio / one.pairs.ratio) for one in seen]
    information = float(np.sum(weights * effects**2))
    slope = float(np.sum(weights * effects * np.array(off))) / information
    return slope, 1 / math.sqrt(information)


def _ratios(series: DesignSeries, metric: Metric) -> FloatArray:
    if metric is Metric.CPU:
        return log_ratios(series.base_cpu_s, series.head_cpu_s)
    return log_ratios(series.base_wall_s, series.head_wall_s)
