"""Bytes that benchmarks ask for in all, where that was asked: counted twice a side, and judged.

Under one hash seed a program that depends on nothing else asks for the same bytes each time, so
there is no test and no error rate to share: what repeats is known. That it does is seen each time.
"""

from __future__ import annotations

import msgspec

from bench.core.counts import Counter, Instrument
from bench.core.result import Allocated, Evaluation, Result
from bench.core.sample import Side
from bench.core.verdict import Interval
from bench.engine.statistics.verdicts import decide
from bench.engine.store.run import Run

EXACT = 0.001  # how far the counts of a side may lie apart, as a fraction


def with_allocated(evaluation: Evaluation, run: Run) -> Evaluation:
    """The same with what was counted of the benchmarks for which it was asked."""
    results = tuple(_with(result, run) for result in evaluation.results)
    return msgspec.structs.replace(evaluation, results=results)


def _with(result: Result, run: Run) -> Result:
    counted = run.counted(result.name).get(Instrument.ALLOCATIONS)
    if counted is None or not counted.asked:
        return result
    base, head = (
        tuple(tally.figures[Counter.ALLOCATED] for tally in counted.tallies(side)) for side in Side
    )
    mei = run.manifest.options.mei_memory_of(result.benchmark)
    found = judged(base, head, mei, counted.skipped)
    return msgspec.structs.replace(result, allocated=found)


def judged(
    base: tuple[int, ...], head: tuple[int, ...], mei: float, why_not: str = ""
) -> Allocated:
    """The verdict on bytes counted twice a side or more; none where they do not repeat.

    The interval reaches from the smallest head over the largest base to the other extreme: where
    all counts are equal it is one number.
    """
    if not (base and head):
        return Allocated(base=base, head=head, mei=mei, reason=why_not or "not counted")
    ratio = (sum(head) / len(head)) / (sum(base) / len(base))
    interval = Interval(ratio, min(head) / max(base), max(head) / min(base))
    varies = max(max(side) / min(side) for side in (base, head)) - 1
    if min(len(base), len(head)) < 2:
        why_not = why_not or "counted once: whether it repeats is not known"
    elif varies > EXACT:
        why_not = f"not exact: the counts of one side differ by {varies:.1%}"
    if why_not:
        return Allocated(base=base, head=head, mei=mei, interval=interval, reason=why_not)
    rejected = not interval.low <= 1 <= interval.high
    verdict = decide(interval, rejected=rejected, mei=mei, of_memory=True)
    return Allocated(base=base, head=head, mei=mei, interval=interval, verdict=verdict)
