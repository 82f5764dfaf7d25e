"""The verdicts on peak memory of a run's benchmarks: of the rounds that were taken for time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec
import numpy as np

from bench.core.result import CONTROL, Memory, Result
from bench.core.sample import Round, Side
from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.memory import memory_test
from bench.engine.statistics.multiplicity import holm, local_alpha
from bench.engine.statistics.verdicts import decide
from bench.engine.store.events import Probed
from bench.engine.store.run import Run

_NONE: Mapping[str, Memory] = MappingProxyType({})
_NEAR = 1.02  # the process that starts the others may have grown a little meanwhile


def peaks(rounds: list[Round], side: Side) -> FloatArray:
    """One side's peaks in bytes, shape (n,)."""
    return np.array([one.sample(side).peak_rss_bytes for one in rounds], dtype=np.float64)


@dataclass(frozen=True)
class _Judged:
    """The rounds of a benchmark with the numbers at which its memory may be looked at."""

    rounds: list[Round]
    looks: tuple[int, ...]

    def test(self, alpha: float) -> tuple[Interval, float, int]:
        """Interval, p-value and the number of rounds used, at a level."""
        base, head = (peaks(self.rounds, side) for side in Side)
        return memory_test(base, head, self.looks, alpha)


def memories(run: Run, floor: int) -> tuple[dict[str, Memory], float | None]:
    """What can be said of the memory of each benchmark, and the final level of one.

    Holm's procedure runs over all benchmarks whose memory is judged, at the part of the error rate
    that memory has; those without rounds count as well, with a p-value of 1. Nothing, and no level,
    for runs without such a part (before format 3). `floor` is that of the run.
    """
    plans: dict[str, Probed] = {}
    for one in run.manifest.benchmarks:
        name = one.declaration.name
        plan = run.probed(name)
        if plan is not None and plan.memory_looks and run.unavailable(name) is None:
            plans[name] = plan
    if not plans:
        return {}, None
    alpha = min(plan.memory_alpha for plan in plans.values())
    judged = {name: found for name, plan in plans.items() if (found := _judged(run, name, plan))}
    p_values = {name: judged[name].test(alpha)[1] if name in judged else 1.0 for name in plans}
    rejected = holm(p_values, alpha)
    level = local_alpha(len(plans), len(rejected), alpha)
    options = run.manifest.options
    meis = {
        one.declaration.name: options.mei_memory_of(one.declaration)
        for one in run.manifest.benchmarks
    }
    return _told(judged, rejected, level, meis, floor), level


def floor_bytes(run: Run) -> int:
    """Up to which peak, in bytes, a process may be smaller than it is told to be.

    The bare interpreter has about the peak of the process that starts all others, or more. 0 in
    runs without its rounds.
    """
    control = run.rounds(CONTROL)
    largest = max(
        (max(one.base.peak_rss_bytes, one.head.peak_rss_bytes) for one in control), default=0
    )
    return int(largest * _NEAR)


def with_memory(result: Result, beside: Mapping[str, Memory] = _NONE, floor: int = 0) -> Result:
    """A result with what is known of its memory: `beside` time, or instead of it.

    `floor` is that of the run.
    """
    if not result.is_of_memory or result.verdict is None or result.interval is None:
        return msgspec.structs.replace(result, memory=beside.get(result.name))
    memory = Memory(
        base_bytes=result.base_rss_bytes or 0,
        head_bytes=result.head_rss_bytes or 0,
        verdict=result.verdict,
        interval=result.interval,
        p_value=1.0 if result.p_value is None else result.p_value,
        rounds=result.rounds,
        mei=result.mei,
    )
    memory = _above(memory, floor)
    return msgspec.structs.replace(result, memory=memory, verdict=memory.verdict)


def _above(memory: Memory, floor: int) -> Memory:
    """The same without "same" where a side may be smaller than it seems."""
    if min(memory.base_bytes, memory.head_bytes) > floor:
        return memory
    is_small = memory.verdict in {Verdict.SAME, Verdict.BELOW_MEI}
    verdict = Verdict.UNDECIDED if is_small else memory.verdict
    return msgspec.structs.replace(memory, verdict=verdict, floor_bytes=floor)


def _judged(run: Run, name: str, plan: Probed) -> _Judged | None:
    """None without rounds, and where a system does not tell of peaks."""
    rounds = run.rounds(name)
    told = all(one.base.peak_rss_bytes and one.head.peak_rss_bytes for one in rounds)
    return _Judged(rounds, plan.memory_looks) if rounds and told else None


def _told(
    judged: Mapping[str, _Judged],
    rejected: frozenset[str],
    level: float,
    meis: Mapping[str, float],
    floor: int,
) -> dict[str, Memory]:
    found = {}
    for name, one in judged.items():
        interval, p_value, used = one.test(level)
        is_rejected, mei = name in rejected, meis[name]
        verdict = decide(interval, rejected=is_rejected, mei=mei, of_memory=True)
        medians = [int(np.median(peaks(one.rounds[:used], side))) for side in Side]
        memory = Memory(
            base_bytes=medians[0],
            head_bytes=medians[1],
            verdict=verdict,
            interval=interval,
            p_value=p_value,
            rounds=used,
            mei=mei,
        )
        found[name] = _above(memory, floor)
    return found
