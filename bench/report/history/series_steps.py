"""Where in a series a benchmark changed for certain."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from bench.core.result import Result
from bench.core.verdict import Interval
from bench.engine.statistics.change_points import change_points
from bench.engine.statistics.steps import CERTAIN, standard_error, step_between
from bench.formats.text import is_bounded
from bench.report.history.select_series import SeriesRuns

ANCHOR = -1
_LEVEL = 0.05


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


@dataclass(frozen=True, kw_only=True)
class LevelChange:
    """A change of level between two neighbouring measured points, by a heuristic over all of them.

    `before` and `after` are the levels (ratios to the anchor), over `points_before` and
    `points_after`, which begin and end at `first` and `last`. `certain`: there is a certain step
    between the same two points.
    """

    benchmark: str
    python: str
    first: int
    start: int
    end: int
    last: int
    before: float
    after: float
    points_before: int
    points_after: int
    certain: bool

    @property
    def ratio(self) -> float:
        """The level after it over that before it."""
        return self.after / self.before


def changes_of(shown: SeriesRuns, benchmark: str, python: str) -> list[LevelChange]:
    """The changes of level of a benchmark on a Python, in order.

    Points whose control differs are left out, and so is the anchor, which is 1 by definition.
    """
    known = [
        (point, result.size)
        for point in shown.by_python[python]
        if not point.is_doubtful
        and (result := point.result(benchmark)) is not None
        and result.size is not None
        and is_bounded(result.size.interval)
    ]
    found = change_points(
        [math.log(size.interval.ratio) for _, size in known],
        [
            standard_error(size.interval, point.run.evaluation.level if point.run else _LEVEL)
            for point, size in known
        ],
    )
    certain = {(one.start, one.end) for one in steps_of(shown, benchmark, python)}
    places = [point.index for point, _ in known]
    cuts = [0, *(one.at for one in found), len(known)]
    return [
        LevelChange(
            benchmark=benchmark,
            python=python,
            first=places[begin],
            start=places[one.at - 1],
            end=places[one.at],
            last=places[stop - 1],
            before=math.exp(one.before),
            after=math.exp(one.after),
            points_before=one.at - begin,
            points_after=stop - one.at,
            certain=(places[one.at - 1], places[one.at]) in certain,
        )
        for one, begin, stop in zip(found, cuts, cuts[2:], strict=False)
    ]


def name_of(shown: SeriesRuns, index: int) -> str:
    """A point's label, or the anchor's."""
    return shown.anchor_label if index == ANCHOR else shown.label(index)
