"""Where in a series a benchmark changed for certain."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from bench.core.result import Result
from bench.core.verdict import Interval
from bench.engine.statistics.steps import CERTAIN, step_between
from bench.formats.text import is_bounded
from bench.report.history.select_series import SeriesRuns

ANCHOR = -1


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change between two neighbouring measured points; `start` is `ANCHOR` for the anchor.

    `doubtful`: the control differs at one of them. `in_duets`: only the deciding rounds show it,
    not the sizes. Far from the anchor duets that do not tell their tails (before format 3) draw
    its size towards none, alike for both neighbours.
    """

    benchmark: str
    python: str
    start: int
    end: int
    change: Interval
    in_duets: bool
    doubtful: bool

    @property
    def size(self) -> float:
        """How large it is, whichever way it goes."""
        return abs(math.log(self.change.ratio))


def steps_of(shown: SeriesRuns, benchmark: str, python: str) -> list[Step]:
    """All certain steps of a benchmark on a Python, the largest first."""
    known: list[tuple[int, Result | None]] = [(ANCHOR, None)]
    for point in shown.by_python[python]:
        result = point.result(benchmark)
        # An interval without limits says nothing: the step is looked for across it.
        if result is not None and is_bounded(_size(result)):
            known.append((point.index, result))
    doubted = {point.index for point in shown.by_python[python] if point.is_doubtful}
    found = []
    for (start, one), (end, other) in itertools.pairwise(known):
        sized = step_between(_size(one), _size(other))
        change = sized or _decided(one, other)
        if change is not None:
            found.append(
                Step(
                    benchmark=benchmark,
                    python=python,
                    start=start,
                    end=end,
                    change=change,
                    in_duets=sized is None,
                    doubtful=not doubted.isdisjoint((start, end)),
                )
            )
    return sorted(found, key=lambda one: (-one.size, one.end))


def _size(result: Result | None) -> Interval:
    return CERTAIN if result is None or result.size is None else result.size.interval


def _decided(one: Result | None, other: Result | None) -> Interval | None:
    """The step in what the verdicts rest on, when both are the same kind of figure."""
    if other is None or other.interval is None:
        return None
    if one is None:
        return step_between(CERTAIN, other.interval)
    if one.interval is None or (one.design, one.metric) != (other.design, other.metric):
        return None
    return step_between(one.interval, other.interval)


def name_of(shown: SeriesRuns, index: int) -> str:
    """A point's label, or the anchor's."""
    return shown.anchor_label if index == ANCHOR else shown.label(index)
