"""From the events of a run to what can be said of each benchmark: pure, and the only place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import msgspec
import numpy as np

from bench.core.options import Options
from bench.core.result import CONTROL, Evaluation, Failures, Net, Result, Size, Wall
from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.core.target import Benchmark, Kind
from bench.core.verdict import Interval, Verdict
from bench.engine.allocated import with_allocated
from bench.engine.alone import AsAlone, as_alone
from bench.engine.means import group_means
from bench.engine.memory import floor_bytes, memories, with_memory
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.contention import Doubt
from bench.engine.statistics.few_rounds import exact_test, stratified_test
from bench.engine.statistics.multiplicity import holm, local_alpha
from bench.engine.statistics.net import net_interval
from bench.engine.statistics.sequential import judge
from bench.engine.statistics.signed_rank import fixed_interval, standard_error
from bench.engine.statistics.summary import median_s, robust_sd, surely_less_than_half
from bench.engine.statistics.verdicts import decide
from bench.engine.store.events import Ended, Probed, Unavailable
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run

# Where duets did not tell when their first side ended (before format 3), the size of a change
# beyond this ratio is taken from rounds in which each side had the core to itself.
_LARGE_RATIO = 1.2
_FEWEST_FOR_SIZE = 6
_MEANS_ALPHA = 0.05


def differences(rounds: list[Round], metric: Metric) -> FloatArray:
    """ln(head/base) of each round, shape (n,)."""
    base, head = times(rounds, Side.BASE, metric), times(rounds, Side.HEAD, metric)
    ratios: FloatArray = np.log(head / base)
    return ratios


def times(rounds: list[Round], side: Side, metric: Metric) -> FloatArray:
    """One side's figures in seconds, or bytes of peak memory, shape (n,)."""
    return np.array([taken.sample(side).measured(metric) for taken in rounds], dtype=np.float64)


def of_design(rounds: list[Round], design: Design) -> list[Round]:
    """The rounds of one design, in order."""
    return [taken for taken in rounds if taken.design is design]


def test_of_all(
    plan: Probed,
    deciding: FloatArray,
    pairs: list[Round],
    alpha: float,
    doubt: Doubt,
) -> tuple[Interval, float]:
    """The exact test of a fixed number of rounds: of the deciding design, and of pairs beside it.

    `deciding`: ln(head/base) of the rounds of the plan's design, shape (n,). `doubt` widens the
    interval.
    """
    if not plan.alone:
        interval, p_value = exact_test(deciding, plan.maximum, alpha)
    else:
        beside = differences(pairs[: plan.alone], plan.metric)
        interval, p_value = stratified_test((deciding, beside), (plan.maximum, plan.alone), alpha)
    return doubt.widen(interval, -NormalDist().inv_cdf(alpha / 2)), p_value


@dataclass(frozen=True)
class _Sequence:
    """A benchmark's deciding rounds with the plan they were taken under."""

    plan: Probed
    deciding: AsAlone
    large: bool
    alone: list[Round]

    @classmethod
    def of(cls, plan: Probed, rounds: list[Round], *, large: bool) -> Self:
        """Those of all rounds of a benchmark that decide."""
        deciding = as_alone(rounds, plan)
        return cls(plan, deciding, large, of_design(rounds, Design.PAIRS)[: plan.alone])

    @property
    def rounds(self) -> list[Round]:
        """The deciding rounds."""
        return self.deciding.rounds

    def judge(self, alpha: float) -> tuple[Interval, float]:
        """Interval and p-value of the planned test at a level."""
        plan, doubt = self.plan, self.deciding.doubt
        values = differences(self.rounds, plan.metric)
        if plan.exact and not self.large:
            return test_of_all(plan, values, self.alone, alpha, doubt)
        return judge(values, plan.looks, plan.maximum, alpha, large=self.large, doubt=doubt)

    def judge_control(self, alpha: float, mei: float) -> tuple[Interval, float, Verdict]:
        """Interval, p-value and verdict of the bare interpreter in a run of this error rate.

        That it differs is said at its part of the error rate; that it is the same, by an interval
        of 1 - `alpha` for itself, which needs no more rounds than any benchmark would alone.
        """
        interval, p_value = self.judge(alpha)[0], self.judge(self.plan.family_alpha or alpha)[1]
        rejected = p_value <= (self.plan.family_alpha or alpha)
        return interval, p_value, decide(interval, rejected=rejected, mei=mei)


@dataclass(frozen=True)
class _Family:
    """Benchmarks that share an error rate: those rejected by Holm, and the level he ends at."""

    names: tuple[str, ...]
    rejected: frozenset[str]
    level: float

    @classmethod
    def of(cls, names: Sequence[str], sequences: Mapping[str, _Sequence], alpha: float) -> Self:
        """Those of `names` that have no rounds yet count as well, with a p-value of 1."""
        shares = {sequences[name].plan.family_alpha or alpha for name in names if name in sequences}
        share = min(shares, default=alpha)
        p_values = {
            name: sequences[name].judge(share)[1] if name in sequences else 1.0 for name in names
        }
        rejected = holm(p_values, share) if names else frozenset()
        return cls(tuple(names), rejected, local_alpha(max(len(names), 1), len(rejected), share))


def evaluate(run: Run) -> Evaluation:
    """Estimate, test and decide everything that was measured in a run.

    Holm's procedure runs over all benchmarks of the run that could be measured, whether they have
    rounds yet or not; over those with a fixed number of rounds by themselves, at their part of the
    error rate. The control has a part of its own (`multiplicity.divide`); in runs without it, of
    the formats before 3, it is tested beside the others.
    """
    options = run.manifest.options
    alpha = options.alpha
    declared = {one.declaration.name: one.declaration for one in run.manifest.benchmarks}
    measurable = [
        one.declaration.name
        for one in run.manifest.benchmarks
        if one.declaration.name != CONTROL and run.unavailable(one.declaration.name) is None
    ]
    plans = {name: run.probed(name) for name in measurable}
    exact = [name for name, plan in plans.items() if plan is not None and plan.exact]
    sequences = {name: found for name in [*measurable, CONTROL] if (found := _sequence(run, name))}
    sequential = _Family.of([name for name in measurable if name not in exact], sequences, alpha)
    fixed = _Family.of(exact, sequences, alpha)

    def judged(name: str) -> tuple[Interval, float, Verdict]:
        mei = options.mei_of(declared[name])
        if name == CONTROL:
            return sequences[name].judge_control(alpha, mei)
        family = fixed if name in fixed.names else sequential
        interval, p_value = sequences[name].judge(family.level)
        verdict = decide(
            interval,
            rejected=name in family.rejected,
            mei=mei,
            of_memory=sequences[name].plan.metric is Metric.PEAK_RSS,
        )
        return interval, p_value, verdict

    floor = floor_bytes(run)
    memory, memory_level = memories(run, floor)
    results = tuple(
        with_memory(_result(run, one, sequences, judged), memory, floor)
        for one in run.manifest.benchmarks
    )
    control = next((result for result in results if result.is_control), None)
    only = sequential if sequential.names or not exact else fixed
    evaluation = Evaluation(
        results=results,
        level=only.level,
        family=len(measurable),
        exact_level=fixed.level if exact and only is sequential else None,
        memory_level=memory_level,
        means=group_means(results, _MEANS_ALPHA),
        doubtful=control is not None
        and control.verdict in {Verdict.FASTER, Verdict.SLOWER}
        and sequences[CONTROL].plan.family_alpha > 0,
    )
    return with_allocated(evaluation, run)


def _sequence(run: Run, name: str) -> _Sequence | None:
    plan = run.probed(name)
    if plan is None or run.unavailable(name) is not None:
        return None
    ended = run.ended(name)
    found = _Sequence.of(plan, run.rounds(name), large=bool(ended and ended.large_effect))
    return found if found.rounds else None


def _result(
    run: Run,
    one: PlannedBenchmark,
    sequences: dict[str, _Sequence],
    judged: Callable[[str], tuple[Interval, float, Verdict]],
) -> Result:
    name = one.declaration.name
    unavailable = run.unavailable(name)
    compared = run.compared(name)
    mei = run.manifest.options.mei_of(one.declaration)
    if unavailable is not None:
        result = _not_measured(one, unavailable, mei)
    elif name in sequences:
        result = _measured(
            one, mei, sequences[name], run.rounds(name), run.ended(name), judged(name)
        )
    else:
        result = Result(
            benchmark=one.declaration,
            layer=one.layer,
            verdict=None,
            reason="not measured yet",
            mei=mei,
        )
    return msgspec.structs.replace(
        result,
        net=_net(run, one.declaration, result.size, sequences),
        outputs=compared.outputs if compared else None,
        failures=failures_of(run, name),
        left_running=run.left_running(name),
    )


def _not_measured(one: PlannedBenchmark, unavailable: Unavailable, mei: float) -> Result:
    """Broken where it was seen to work on base alone."""
    where = " and ".join(unavailable.sides) or "both sides"
    return Result(
        benchmark=one.declaration,
        layer=one.layer,
        verdict=Verdict.BROKEN if unavailable.is_broken else None,
        reason=f"{where}: {unavailable.reason}",
        mei=mei,
        available=False,
        works_on=unavailable.works,
    )


def failures_of(run: Run, name: str) -> Failures | None:
    """How often each side failed while a benchmark was measured; None: never."""
    failed = run.failed(name)
    if not failed:
        return None
    return Failures(
        base=sum(Side.BASE in one.sides for one in failed),
        head=sum(Side.HEAD in one.sides for one in failed),
        tried=len(run.rounds(name)) + len(failed),
    )


def decide_now(
    one: PlannedBenchmark,
    plan: Probed,
    rounds: list[Round],
    ended: Ended,
    level: float,
    options: Options,
) -> Result:
    """What can be said of one benchmark when its measuring ends, at the level it has then."""
    sequence = _Sequence.of(plan, rounds, large=ended.large_effect)
    mei = options.mei_of(one.declaration)
    if one.declaration.name == CONTROL:
        told = sequence.judge_control(options.alpha, mei)
        return _measured(one, mei, sequence, rounds, ended, told)
    interval, p_value = sequence.judge(level)
    of_memory = plan.metric is Metric.PEAK_RSS
    verdict = decide(interval, rejected=p_value <= level, mei=mei, of_memory=of_memory)
    result = _measured(one, mei, sequence, rounds, ended, (interval, p_value, verdict))
    return with_memory(result)


def _measured(
    one: PlannedBenchmark,
    mei: float,
    sequence: _Sequence,
    rounds: list[Round],
    ended: Ended | None,
    judged: tuple[Interval, float, Verdict],
) -> Result:
    interval, p_value, verdict = judged
    plan = sequence.plan
    alone = of_design(rounds, Design.PAIRS)
    size = size_of(plan, sequence.deciding, alone, interval)
    sized = sequence.rounds if size.design is plan.design else alone
    own = standard_error(differences(sized, size.metric))
    size = msgspec.structs.replace(size, error=math.hypot(own, sequence.deciding.doubt.error))
    return Result(
        benchmark=one.declaration,
        layer=one.layer,
        verdict=verdict,
        reason=ended.reason if ended else "stopped before its end",
        mei=mei,
        design=plan.design,
        metric=plan.metric,
        rounds=len(sequence.rounds),
        p_value=p_value,
        interval=interval,
        size=size,
        base_s=_median_s(sized, Side.BASE, size.metric),
        head_s=_median_s(sized, Side.HEAD, size.metric),
        wall=_wall(alone, size) if plan.metric is not Metric.VALUE else None,
        noise=robust_sd(differences(sequence.rounds, plan.metric)),
        contention=sequence.deciding.factor.ratio if sequence.deciding.factor else None,
        base_rss_bytes=_peak_rss(sequence.rounds, Side.BASE),
        head_rss_bytes=_peak_rss(sequence.rounds, Side.HEAD),
        disturbance=ended.noise if ended else None,
        large_effect=sequence.large,
        only_inside=verdict is Verdict.FASTER
        and not (one.declaration.service or one.declaration.container)
        and _only_inside(sequence),
    )


def _median_s(rounds: list[Round], side: Side, metric: Metric) -> float | None:
    """One side's median in seconds; None for a figure that is no time."""
    return None if metric is Metric.PEAK_RSS else median_s(times(rounds, side, metric))


def _only_inside(sequence: _Sequence) -> bool:
    """Whether a script's process saved much less than its own values say.

    Then work has moved out of what is timed, or the clock that is read inside has changed.
    """
    plan, rounds = sequence.plan, sequence.rounds
    if plan.metric is not Metric.VALUE or not plan.loops:
        return False
    clock = Metric.CPU if plan.design is Design.DUET else Metric.WALL
    saved = times(rounds, Side.BASE, clock) - times(rounds, Side.HEAD, clock)
    inside = times(rounds, Side.BASE, Metric.VALUE) - times(rounds, Side.HEAD, Metric.VALUE)
    values = max(len(one.sample(side).values_s) for one in rounds for side in Side)
    calls = plan.loops * (values + 1)  # and a warm-up
    return surely_less_than_half(saved, inside * calls)


def size_of(plan: Probed, deciding: AsAlone, alone: list[Round], interval: Interval) -> Size:
    """The size to report: that of the verdict.

    Of a large one in duets whose tails are not known, that of `alone`.
    """
    large = not 1 / _LARGE_RATIO <= interval.ratio <= _LARGE_RATIO
    pulled = plan.design is Design.DUET and deciding.factor is None and large
    if pulled and len(alone) >= _FEWEST_FOR_SIZE:
        measured = fixed_interval(differences(alone, plan.metric), 0.05)
        return Size(interval=measured, design=Design.PAIRS, metric=plan.metric, rounds=len(alone))
    return Size(
        interval=interval, design=plan.design, metric=plan.metric, rounds=len(deciding.rounds)
    )


def _wall(alone: list[Round], size: Size) -> Wall | None:
    """Wall time of rounds with each side alone; where the size rests on it, the same figure."""
    if not alone:
        return None
    is_size = (size.design, size.metric) == (Design.PAIRS, Metric.WALL)
    return Wall(
        median_s(times(alone, Side.BASE, Metric.WALL)),
        median_s(times(alone, Side.HEAD, Metric.WALL)),
        size.interval if is_size else fixed_interval(differences(alone, Metric.WALL), 0.05),
        len(alone),
    )


def _net(
    run: Run, benchmark: Benchmark, size: Size | None, sequences: Mapping[str, _Sequence]
) -> Net | None:
    if size is None or benchmark.kind is not Kind.IMPORT or benchmark.name == CONTROL:
        return None

    def of(name: str) -> list[Round]:
        sequence = sequences.get(name)
        if sequence is not None and sequence.deciding.factor is not None:
            return sequence.rounds
        return of_design(run.rounds(name), size.design)

    control, rounds = of(CONTROL), of(benchmark.name)
    if not control or not rounds:
        return None
    base_s, head_s, interval = net_interval(
        times(rounds, Side.BASE, Metric.CPU),
        times(rounds, Side.HEAD, Metric.CPU),
        times(control, Side.BASE, Metric.CPU),
        times(control, Side.HEAD, Metric.CPU),
        alpha=0.05,
        seed=run.manifest.seed,
    )
    return Net(base_s, head_s, interval, size.design)


def _peak_rss(rounds: list[Round], side: Side) -> int:
    samples: list[Sample] = [taken.sample(side) for taken in rounds]
    return int(np.median([sample.peak_rss_bytes for sample in samples]))
