"""Runs of the engine whose right answer is known: the record of one, how it is judged and taken.

A calibration takes them of a target's benchmarks against themselves (A/A), a self-check of commands
with a known ratio.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from bench.core.options import Options
from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.core.verdict import Interval, Verdict
from bench.engine.alone import as_alone
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.session.sampling import RoundPlace, Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics import sequential
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.contention import NO_DOUBT, Doubt
from bench.engine.statistics.verdicts import decide
from bench.engine.store.events import Ended, Event, Probed, Unavailable

AA = "A/A"
Seconds = tuple[float, ...]


class EngineRun(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark measured by the engine from its first round to its verdict.

    `truth` is the known ratio head/base, `phase` and `run` say why and when it was measured.
    `base_s` and `head_s` are seconds of the deciding metric, one a round, as if alone where that is
    known, and `doubt` what that leaves open of their ratio; `large` is whether it stopped early for
    a large effect. `elapsed_s` is the wall time from start to verdict, `inside_s`
    the part of it in which a measured process ran.
    """

    phase: str = AA
    case: str
    truth: float = 1.0
    run: int = 0
    design: Design
    metric: Metric
    looks: tuple[int, ...]
    maximum: int
    base_s: Seconds
    head_s: Seconds
    large: bool
    reason: str
    elapsed_s: float = 0.0
    inside_s: float = 0.0
    doubt: Doubt = NO_DOUBT


@dataclass(frozen=True)
class JudgedRun:
    """What the engine says of one run, tested by itself."""

    run: EngineRun
    verdict: Verdict
    interval: Interval

    @property
    def rejected(self) -> bool:
        """Whether "no difference" was rejected, also where the effect is below the MEI."""
        return self.verdict in {Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI}

    @property
    def covers(self) -> bool:
        """Whether the interval holds the known ratio."""
        return self.interval.low <= self.run.truth <= self.interval.high


def judge(run: EngineRun, options: Options) -> JudgedRun:
    """The verdict of a run at the options' alpha."""
    interval, p_value = sequential.judge(
        log_ratios(run.base_s, run.head_s),
        run.looks,
        run.maximum,
        options.alpha,
        large=run.large,
        doubt=run.doubt,
    )
    verdict = decide(interval, rejected=p_value <= options.alpha, mei=options.mei)
    return JudgedRun(run, verdict, interval)


def rejections(runs: Sequence[JudgedRun]) -> Rate:
    """How many runs rejected "no difference"."""
    return Rate(sum(one.rejected for one in runs), len(runs))


def log_ratios(base_s: Sequence[float], head_s: Sequence[float]) -> FloatArray:
    """ln(head/base) of each round."""
    values: FloatArray = np.log(np.array(head_s) / np.array(base_s))
    return values


def engine_run(rounds: Sequence[Round], plan: Probed, ended: Ended) -> EngineRun:
    """The record of a run from its rounds."""
    deciding = as_alone(rounds, plan)
    return EngineRun(
        case=plan.benchmark,
        design=plan.design,
        metric=plan.metric,
        looks=plan.looks,
        maximum=plan.maximum,
        base_s=column([one.base for one in deciding.rounds], plan.metric),
        head_s=column([one.head for one in deciding.rounds], plan.metric),
        doubt=deciding.doubt,
        large=ended.large_effect,
        reason=ended.reason,
    )


def column(samples: Sequence[Sample], metric: Metric) -> Seconds:
    """One clock of some samples, in whole nanoseconds."""
    return tuple(round(one.measured(metric), 9) for one in samples)


@dataclass
class RunTaker:
    """Takes runs of the engine, and rounds of several designs, each with chances of its own."""

    taker: RoundTaker
    options: Options
    watcher: Watcher
    taken: int = 0

    def next_taker(self) -> RoundTaker:
        """The same with another seed: nothing repeats the random numbers before it."""
        self.taken += 1
        return dataclasses.replace(self.taker, seed=self.taker.seed + self.taken)

    def to_verdict(
        self,
        sides: Sides,
        plan: Probed,
        record: Callable[[Event], object] = lambda _event: None,
        *,
        alone_rounds: int | None = None,
    ) -> EngineRun:
        """One run from its first round to its verdict; raises `RoundFailedError`."""
        ended: list[Ended] = []

        def keep(event: Event) -> None:
            if isinstance(event, Unavailable):
                raise RoundFailedError(event.reason, tuple(Side(one) for one in event.sides))
            if isinstance(event, Ended):
                ended.append(event)
            record(event)

        sampling = Sampling(
            place=RoundPlace(self.next_taker(), sides),
            plan=plan,
            options=self.options,
            record=keep,
            watcher=self.watcher,
            rounds=[],
        )
        if alone_rounds is not None:
            sampling.alone_rounds = alone_rounds
        started = time.monotonic()
        sampling.run(lambda: self.options.alpha)
        return msgspec.structs.replace(
            engine_run(sampling.rounds, sampling.plan, ended[-1]),
            elapsed_s=round(time.monotonic() - started, 4),
            inside_s=round(sampling.spent_s, 4),
        )

    def in_turn(
        self, sides: Mapping[Design, Sides], *, pin_pairs: bool = True
    ) -> Iterator[list[Round]]:
        """One round of each design, again and again: all designs see the same machine."""
        taker = self.next_taker()
        for index in itertools.count():
            yield [
                taker.take(one, design, index, pin=pin_pairs or design is Design.DUET)
                for design, one in sides.items()
            ]
