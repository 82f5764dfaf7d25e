"""Where a series changed, in words and tables: certain steps and change points."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bench.engine.statistics.change_points import LEAST_LEVEL, LEAST_POINTS
from bench.formats.markdown import code, heading, prose
from bench.formats.markdown import table as markdown_table
from bench.formats.text import change, magnitude_with_direction
from bench.report.history.select_series import SeriesRuns
from bench.report.history.series_steps import (
    LevelChange,
    Step,
    changes_of,
    name_of,
    steps_of,
)
from bench.report.pair.control import WARNING

_MOST_STEPS = 15


def overview_words(shown: SeriesRuns) -> str:
    """The largest certain steps, one a benchmark, for the index."""
    seen: dict[str, str] = {}
    for step in sorted(_all_steps(shown), key=lambda one: -one.size):
        size = magnitude_with_direction(step.change.ratio)
        words = f"{code(step.benchmark)} {size} ({_between(shown, step)})"
        seen.setdefault(step.benchmark, words)
    return ", ".join(list(seen.values())[:3])


def _all_steps(shown: SeriesRuns) -> list[Step]:
    return [
        step
        for python in shown.by_python
        for name in shown.benchmarks
        for step in steps_of(shown, name, python)
    ]


def steps_section(shown: SeriesRuns, level: int) -> Iterator[str]:
    """Certain steps between neighbours, the largest first."""
    found = _all_steps(shown)
    yield heading(level, "Steps")
    if not found:
        yield "The intervals of all neighbours overlap: no step is certain."
        return
    ordered = sorted(found, key=lambda one: -one.size)[:_MOST_STEPS]
    points = shown.series.manifest.points.points
    rows = [
        [
            code(step.benchmark),
            step.python,
            _between(shown, step),
            change(step.change),
            "duets only" if step.in_duets else "",
            str(step.end - step.start - 1) if step.end - step.start > 1 else "",
            prose(points[step.end].subject),
        ]
        for step in ordered
    ]
    columns = [
        "benchmark",
        "Python",
        "between",
        "change",
        "seen in",
        "unknown between",
        "subject of the later",
    ]
    kept = [at for at in range(len(columns)) if at < 4 or any(row[at] for row in rows)]
    yield (
        f"Where the intervals of neighbours do not overlap, the largest first{_cut(len(found))}. "
        "The limits of a change come from both intervals' far ends. *Duets only*: the intervals of "
        "the sizes, as drawn, do overlap, those that verdicts rest on do not; such a step is "
        "there, but may be larger than given."
        + f" {WARNING}: the control differs at one of the two."
        * any(one.doubtful for one in found)
    )
    yield markdown_table(
        [columns[at] for at in kept], [[row[at] for at in kept] for row in rows], numbers=False
    )


def _between(shown: SeriesRuns, step: Step) -> str:
    mark = f" {WARNING}" * step.doubtful
    return f"{name_of(shown, step.start)} → {name_of(shown, step.end)}{mark}"


def changes_section(shown: SeriesRuns, level: int) -> Iterator[str]:
    """Change points, where a benchmark has points enough for one."""
    if max(map(len, shown.by_python.values())) < LEAST_POINTS:
        return
    found = [
        one
        for python in shown.by_python
        for name in shown.benchmarks
        for one in changes_of(shown, name, python)
    ]
    yield heading(level, "Change points")
    yield (
        f"Where the level of a benchmark changed and stayed for {LEAST_LEVEL} points or more, by a "
        "heuristic over all points of its series: it finds changes that two neighbours alone "
        "cannot show. Its error is not controlled, as that of steps and verdicts is: in simulated "
        "series without any change up to 2 of 100 have a change point."
        + ("" if found else " There is none here.")
    )
    if found:
        ordered = sorted(found, key=lambda one: -abs(math.log(one.ratio)))[:_MOST_STEPS]
        columns = ("benchmark", "Python", "between", "change", "level, against the anchor",
                   "points of each", "certain step", "subject of the later")  # fmt: skip
        yield markdown_table(columns, [_change(shown, one) for one in ordered], numbers=False)


def _change(shown: SeriesRuns, one: LevelChange) -> list[str]:
    return [
        code(one.benchmark),
        one.python,
        f"{name_of(shown, one.start)} → {name_of(shown, one.end)}",
        magnitude_with_direction(one.ratio),
        f"{magnitude_with_direction(one.before)} → {magnitude_with_direction(one.after)}",
        f"{one.points_before} → {one.points_after}",
        "yes" if one.certain else "",
        prose(shown.series.manifest.points.points[one.end].subject),
    ]


def _cut(number: int) -> str:
    return f" ({_MOST_STEPS} of {number})" if number > _MOST_STEPS else ""
