"""Where in a series a benchmark changed for certain."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from bench.core.verdict import Interval
from bench.report.select_series import SeriesRuns
from bench.statistics.steps import CERTAIN, step_between

ANCHOR = -1


@dataclass(frozen=True)
class Step:
    """A change between two neighbouring measured points; `start` is `ANCHOR` for the anchor."""

    benchmark: str
    python: str
    start: int
    end: int
    change: Interval

    @property
    def size(self) -> float:
        """How large it is, whichever way it goes."""
        return abs(math.log(self.change.ratio))


def steps_of(shown: SeriesRuns, benchmark: str, python: str) -> list[Step]:
    """All certain steps of a benchmark on a Python, the largest first."""
    known = [(ANCHOR, CERTAIN)]
    for point in shown.by_python[python]:
        result = point.result(benchmark)
        if result is not None and result.size is not None:
            known.append((point.index, result.size.interval))
    found = [
        Step(benchmark, python, start, end, change)
        for (start, one), (end, other) in itertools.pairwise(known)
        if (change := step_between(one, other)) is not None
    ]
    return sorted(found, key=lambda one: (-one.size, one.end))


def name_of(shown: SeriesRuns, index: int) -> str:
    """A point's label, or the anchor's."""
    return shown.anchor_label if index == ANCHOR else shown.label(index)
