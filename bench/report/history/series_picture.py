"""What the picture of a series shows: a panel for each benchmark, a line for each Python."""

from __future__ import annotations

from bench.report.figures.series_figure import Dot, Level, Line, Panel, SeriesPicture
from bench.report.history.select_series import SeriesRuns
from bench.report.history.series_steps import ANCHOR, changes_of, steps_of


def picture_of(shown: SeriesRuns) -> SeriesPicture:
    """All benchmarks, a panel each."""
    target, pythons = shown.series.manifest.target, tuple(shown.by_python)
    points = range(len(shown.series.manifest.points.points))
    labels = (shown.anchor_label, *map(shown.label, points))
    return SeriesPicture(
        f"{target}: time compared with {shown.anchor_label}",
        labels,
        tuple(_python(one) for one in pythons),
        tuple(
            Panel(name, tuple(_line(shown, name, one) for one in pythons), _mei(shown, name))
            for name in shown.benchmarks
        ),
    )


def _mei(shown: SeriesRuns, name: str) -> float:
    """The minimum effect of interest of a benchmark of the series."""
    found = (result.mei for run in shown.runs for result in run.results if result.name == name)
    return next(found, shown.series.manifest.options.mei)


def _python(version: str) -> str:
    return f"Python {version}"


def _line(shown: SeriesRuns, name: str, python: str) -> Line:
    dots = [Dot(ANCHOR, 1.0, None, differs=False)]
    gaps = []
    for point in shown.by_python[python]:
        result = point.result(name)
        if result is not None and result.size is not None and result.size.interval.ratio > 0:
            interval = result.size.interval
            differs = point.differs(name)
            dots.append(Dot(point.index, interval.ratio, interval, differs, point.is_doubtful))
        elif point.is_gap(name):
            gaps.append(point.index)
    found = steps_of(shown, name, python)
    step = (found[0].start, found[0].end) if found else None
    return Line(_python(python), tuple(dots), tuple(gaps), step, _levels(shown, name, python))


def _levels(shown: SeriesRuns, name: str, python: str) -> tuple[Level, ...]:
    """The levels between change points, where there are any."""
    found = changes_of(shown, name, python)
    begun = [Level(one.first, one.start, one.before) for one in found]
    return (*begun, *(Level(one.end, one.last, one.after) for one in found[-1:]))
