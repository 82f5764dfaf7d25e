"""Take rounds of one benchmark until the sequential test has its verdict or the budget is spent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import NormalDist
from typing import Protocol

import msgspec
import numpy as np

from bench.core.options import Options
from bench.core.sample import Design, Metric, Round, Side
from bench.core.target import Benchmark
from bench.core.verdict import Interval
from bench.engine.alone import AsAlone, as_alone
from bench.engine.evaluation import differences, of_design, test_of_all, times
from bench.engine.machine.noise import noise_since, read_counters
from bench.engine.measure.outputs import RoundOutputs
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides, inside_s
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.binomial import surely_above
from bench.engine.statistics.sequential import LARGE_EFFECT_ROUNDS, assess, large_effect
from bench.engine.statistics.signed_rank import fixed_interval
from bench.engine.statistics.summary import robust_sd
from bench.engine.statistics.verdicts import settled
from bench.engine.store.events import (
    Compared,
    Ended,
    Event,
    Failed,
    LeftRunning,
    Measured,
    Probed,
    Unavailable,
)

# Rounds in which each side runs by itself, for honest wall times, and their number for each duet
# until there are as many. Spread among the duets they tell the contention factor as well.
_ALONE_FIRST, _ALONE_SHARE = 6, 0.6
_ALONE_AT_MOST = 20  # for the factor, before a verdict is given with a size that it leaves vague
_FACTOR_PRECISION, _CRITICAL = 0.05, 1.96  # of what changed, in log units; at least of e times
_OVERDRAFT = 4
_SHOW_EVERY_S = 0.25
_MOST_NAMES = 5  # of processes that were left running


class _FailsTooOftenError(Exception):
    """More rounds failed than the benchmark's declaration allows."""

    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(unavailable.words)
        self.unavailable = unavailable


@dataclass(frozen=True)
class RoundPlace:
    """Where rounds of a benchmark are taken: what starts its processes there. `outputs` hears of
    what they print.
    """

    taker: RoundTaker
    sides: Sides
    outputs: RoundOutputs | None = None


class Company(Protocol):
    """Other places, in which rounds of the same benchmark can be taken at the same time."""

    def free(self) -> int:
        """How many of them have nothing else to do."""

    def at_once(self, steps: Sequence[Callable[[RoundPlace], _Taken]]) -> list[_Taken]:
        """The results of these, one in the benchmark's own place and each other in another."""


@dataclass(frozen=True)
class _Due:
    """A round that comes next; `attempt` counts how often it has failed."""

    design: Design
    index: int
    attempt: int
    pin: bool


@dataclass(frozen=True)
class _Taken:
    """What came of it: the round, or why there is none. `left`: what it left running."""

    due: _Due
    elapsed_s: float
    round: Round | None = None
    error: RoundFailedError | None = None
    left: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Sampling:
    """One benchmark on its way to a verdict.

    `rounds` and `failed` are those a resumed run had already. A round in which a side fails is
    dropped and counted. `ended` stays None where too many have failed. Where only duets fail, as
    with an exclusive lock, the rest is taken in pairs: `plan` says so. With `company`, several
    rounds are taken at once, between two analyses. With an `interval_alpha` the interval is one of
    that level, whatever the level of the test.
    """

    place: RoundPlace
    plan: Probed
    options: Options
    record: Callable[[Event], None]
    watcher: Watcher
    rounds: list[Round]
    failed: list[Failed] = field(default_factory=list)
    company: Company | None = None
    left_running: list[str] = field(default_factory=list)
    alone_rounds: int = _ALONE_FIRST
    interval_alpha: float = 0.0
    p_value: float | None = None
    reason: str = ""
    ended: Ended | None = None
    _shown: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if self.plan.exact:
            self.alone_rounds = self.plan.alone

    def run(self, local_alpha: Callable[[], float]) -> None:
        """Measure until there is a verdict or nothing left to spend.

        `local_alpha` tells the level this benchmark is tested at now. What fails too often is
        recorded as unavailable, with the reason.
        """
        counters, own_s = read_counters(), self.place.taker.own_cpu_s()
        try:
            large = self._take_all(local_alpha)
        except _FailsTooOftenError as error:
            self.reason = error.unavailable.words
            self.record(error.unavailable)
            return
        self._record_outputs()
        if self.left_running:
            self.record(LeftRunning(self.plan.benchmark, tuple(self.left_running)))
        noise = noise_since(counters, self.place.taker.own_cpu_s() - own_s)
        self.ended = Ended(self.plan.benchmark, self.reason, noise, large)
        self.record(self.ended)

    def _record_outputs(self) -> None:
        found = self.place.outputs.compared() if self.place.outputs else None
        if found is not None:
            self.record(Compared(self.plan.benchmark, found))

    def _take_all(self, local_alpha: Callable[[], float]) -> bool:
        """Every round there is to take; returns whether the rule for large effects ended it."""
        try:
            self.reason, large = self._decide(local_alpha)
        except _FailsTooOftenError as error:
            if not self._only_duets_fail():
                raise
            while len(self._of(Design.PAIRS)) < self.alone_rounds:
                self._take([Design.PAIRS])
            reason = f"base and head do not work at the same time ({error.unavailable.reason})"
            self.plan = msgspec.structs.replace(
                self.plan, design=Design.PAIRS, reason=reason, alone=0
            )
            self.record(self.plan)
            return self._take_all(local_alpha)
        return large

    def _only_duets_fail(self) -> bool:
        """Whether each side seems to work by itself, and only together they do not."""
        duets = {one.design for one in self.failed} == {Design.DUET}
        may_be_alone = self.alone_rounds > 0 and self.plan.metric is not Metric.VALUE
        return duets and self.plan.design is Design.DUET and may_be_alone

    @property
    def benchmark(self) -> Benchmark:
        """As it is declared."""
        return self.place.sides.benchmark

    @property
    def spent_s(self) -> float:
        """Seconds of measuring so far, those before an interruption included."""
        taken_s = sum(inside_s(taken) for taken in self.rounds)
        return taken_s + sum(one.elapsed_s for one in self.failed)

    @property
    def deciding_rounds(self) -> int:
        """How many rounds of the deciding design there are."""
        return len(self._of(self.plan.design))

    @property
    def estimate(self) -> Interval | None:
        """The ratio so far, with the interval that would hold if this were the only look."""
        deciding = self._deciding()
        if not deciding.rounds:
            return None
        found = fixed_interval(differences(deciding.rounds, self.plan.metric), self.options.alpha)
        return deciding.doubt.widen(found, _CRITICAL)

    def _deciding(self) -> AsAlone:
        """The rounds that may decide: where duets turned into pairs, there can be more."""
        return as_alone(self.rounds, self.plan)

    def _of(self, design: Design) -> list[Round]:
        return of_design(self.rounds, design)

    def _take(self, designs: Sequence[Design]) -> None:
        """A round of each of these, at once. What follows a failed one of its design is forgotten:
        rounds stand in their order.
        """
        due = [self._due(design, designs[:at].count(design)) for at, design in enumerate(designs)]
        steps = [partial(_take, one) for one in due]
        if self.company is None or len(steps) == 1:
            taken = [step(self.place) for step in steps]
        else:
            taken = self.company.at_once(steps)
        failed: set[Design] = set()
        for one in taken:
            if one.due.design in failed:
                continue
            if one.error is not None:
                failed.add(one.due.design)
                self._drop(one.due, one.error, one.elapsed_s)
            if one.round is not None:
                self._keep(one.round, one.left)

    def _due(self, design: Design, after: int) -> _Due:
        index = len(self._of(design)) + after
        pin = design is Design.DUET or self.plan.metric not in {Metric.WALL, Metric.PEAK_RSS}
        pin = pin and not self.benchmark.container
        attempt = sum((one.design, one.index) == (design, index) for one in self.failed)
        return _Due(design, index, attempt, pin)

    def _keep(self, taken: Round, left: Sequence[str]) -> None:
        new = [one for one in left if one not in self.left_running]
        self.left_running += new[: max(0, _MOST_NAMES - len(self.left_running))]
        self.record(Measured(taken))
        self.rounds.append(taken)
        self._show()

    def _drop(self, due: _Due, error: RoundFailedError, elapsed_s: float) -> None:
        """Count a failed round, of which nothing is used; raises when there are too many."""
        design = due.design
        failed = Failed(
            benchmark=self.plan.benchmark,
            design=design,
            index=due.index,
            sides=error.sides or tuple(Side),
            reason=str(error),
            elapsed_s=round(elapsed_s, 4),
        )
        self.record(failed)
        self.failed.append(failed)
        allowed = self.benchmark.failures_allowed
        of_design = [one for one in self.failed if one.design is design]
        tried = len(self._of(design)) + len(of_design)
        count = {side: sum(side in one.sides for one in of_design) for side in Side}
        sides = tuple(side for side in Side if surely_above(count[side], tried, allowed))
        if sides:
            reason = f"failed in {count[sides[0]]} of {tried} rounds: {error}"
            works = tuple(side for side in Side if count[side] <= allowed * tried)
            raise _FailsTooOftenError(Unavailable(self.plan.benchmark, sides, reason, works))

    def _alone_is_due(self, deciding: AsAlone, level: float) -> bool:
        """Whether a round in which each side runs by itself comes next, before another duet.

        First there are some for wall times. Later they are taken where the size is less certain for
        the contention factor than for the duets themselves, which makes the most of the time.
        """
        plan, duets = self.plan, len(deciding.rounds)
        if plan.design is not Design.DUET or plan.metric is Metric.VALUE or not self.alone_rounds:
            return False
        alone = len(self._of(Design.PAIRS))
        if alone < self.alone_rounds:
            return alone <= _ALONE_SHARE * duets
        if plan.exact or alone >= duets or deciding.factor is None:
            return False
        noise = robust_sd(differences(deciding.rounds, plan.metric))
        critical = -NormalDist().inv_cdf(level / 2)
        return deciding.doubt.half_width(critical) > critical * noise / math.sqrt(duets)

    def _size_is_vague(self, deciding: AsAlone) -> bool:
        """Whether more rounds alone would make much of the size, which the verdict waits for."""
        if len(self._of(Design.PAIRS)) >= _ALONE_AT_MOST:
            return False
        change = abs(float(np.median(differences(deciding.rounds, self.plan.metric))))
        return deciding.doubt.half_width(_CRITICAL) > _FACTOR_PRECISION * max(1.0, change)

    def _decide(self, local_alpha: Callable[[], float]) -> tuple[str, bool]:
        while True:
            deciding = self._deciding()
            stop = self._stop(deciding, local_alpha)
            if stop:
                return stop, stop == "large effect"
            self._take(self._next(deciding, local_alpha()))

    def _next(self, deciding: AsAlone, level: float) -> list[Design]:
        """The rounds that come next: as many as there are places for, up to the next analysis."""
        count = len(deciding.rounds)
        ends = next((look for look in self.plan.looks if look > count), self.plan.maximum)
        # Only of what works twice at once: pairs may be taken because the program locks others out.
        company = self.company if self.plan.design is Design.DUET else None
        places = 1 + (company.free() if company else 0)
        alone = self._alone_is_due(deciding, level)
        duets = max(1 - alone, min(places - alone, ends - count))
        return [Design.PAIRS] * alone + [self.plan.design] * duets

    def _stop(self, deciding: AsAlone, local_alpha: Callable[[], float]) -> str:
        """Why to stop now; "" to go on."""
        rounds = deciding.rounds
        if self.plan.exact:
            return self._stop_when_all_are_in(deciding, local_alpha())
        count = len(rounds)
        fewest = self.benchmark.rounds
        if count < max(fewest, 1):
            return ""
        out_of_rounds = count >= self.plan.maximum
        # Before the first look nothing can be decided: to get there, a budget may be overdrawn, on
        # a busy machine by as much as that slows all down.
        overdraft = _OVERDRAFT if count < self.plan.looks[0] and not fewest else 1
        out_of_time = self.spent_s >= self.options.budget_s * overdraft
        if self._is_large(deciding) and (out_of_time or not self._size_is_vague(deciding)):
            return "large effect"
        is_look = count in self.plan.looks or out_of_rounds or out_of_time
        if is_look and self._is_settled(deciding, local_alpha()):
            return "settled"
        if out_of_rounds:
            return f"all {self.plan.maximum} rounds taken"
        if not out_of_time:
            return ""
        return f"budget of {self.options.budget_s:g} s spent"

    def _is_settled(self, deciding: AsAlone, level: float) -> bool:
        values, plan = differences(deciding.rounds, self.plan.metric), self.plan
        wide = self.interval_alpha or level
        found = assess(values, plan.looks, plan.maximum, wide, deciding.doubt)
        self.p_value = found.p_value
        mei = self.options.mei_of(self.benchmark)
        return settled(found, mei=mei, local_alpha=level) and not self._size_is_vague(deciding)

    def _stop_when_all_are_in(self, deciding: AsAlone, level: float) -> str:
        """The same for a fixed number of rounds, which no budget ends."""
        rounds = deciding.rounds
        if len(rounds) >= self.plan.maximum:
            values = differences(rounds, self.plan.metric)
            alone = self._of(Design.PAIRS)
            _, self.p_value = test_of_all(self.plan, values, alone, level, deciding.doubt)
            return f"all {self.plan.maximum} rounds taken, as planned"
        is_over = self._is_large(deciding) and not self._size_is_vague(deciding)
        return "large effect" if is_over else ""

    def _is_large(self, deciding: AsAlone) -> bool:
        """Whether the rule for large effects ends it, before its first look."""
        rounds, metric = deciding.rounds, self.plan.metric
        if not LARGE_EFFECT_ROUNDS <= len(rounds) < self.plan.looks[0]:
            return False
        return large_effect(
            times(rounds, Side.BASE, metric),
            times(rounds, Side.HEAD, metric),
            differences(rounds, metric),
        )

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._shown < _SHOW_EVERY_S:
            return
        self._shown = now
        self.watcher.progress(self.deciding_rounds, self.estimate, self.spent_s)


def _take(due: _Due, place: RoundPlace) -> _Taken:
    started = time.monotonic()
    try:
        taken = place.taker.take(
            place.sides, due.design, due.index, pin=due.pin, attempt=due.attempt
        )
    except RoundFailedError as error:
        if place.outputs:
            place.outputs.forget()
        return _Taken(due, time.monotonic() - started, error=error)
    left = place.taker.launcher.left
    return _Taken(due, time.monotonic() - started, round=taken, left=left)
