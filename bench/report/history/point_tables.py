"""Every figure of a series, a row for each point; and what has none, with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from bench.formats.markdown import bullets, code, heading, plain, prose
from bench.formats.markdown import table as markdown_table
from bench.formats.text import change, day, joined
from bench.report.history.select_series import SeriesPoint, SeriesRuns
from bench.report.pair.control import WARNING


def points_section(shown: SeriesRuns, level: int) -> Iterator[str]:
    """A table for each Python, and how to read it."""
    for python, points in shown.by_python.items():
        yield heading(level, f"Python {python}")
        yield _table(shown, points)
    yield (
        "Change against the anchor with its interval. Bold: the verdict is *faster* or *slower* "
        "(also below the minimum effect of interest); the others are "
        "*same* or *undecided*, as far as their interval reaches. In runs before "
        "format 3 a size beyond 1.2 times comes from pairs instead of duets, with an interval of "
        "95% for itself alone, which can be wider than what the verdict rests on. *Unbounded*: the "
        "budget ended before there were rounds enough for an interval."
        + f" {WARNING}: the control differs in this run, its verdicts are doubtful."
        * any(one.evaluation.doubtful for one in shown.runs)
    )


def _table(shown: SeriesRuns, points: tuple[SeriesPoint, ...]) -> str:
    """Points by benchmarks, as Markdown."""
    has_subjects = any(one.revision.subject for one in points)
    columns = ["point", "date", *(code(name) for name in shown.benchmarks)]
    rows = [
        [
            shown.label(one.index),
            day(one.revision.date),
            *(_cell(one, name) for name in shown.benchmarks),
            *([prose(one.revision.subject)] if has_subjects else []),
        ]
        for one in points
    ]
    columns += ["subject"] if has_subjects else []
    return markdown_table(columns, rows, numbers=not has_subjects)


def _cell(point: SeriesPoint, name: str) -> str:
    result = point.result(name)
    if result is None:
        if point.is_broken(name):
            return "🔴 **broken**"
        return "×" if point.is_gap(name) else "–"
    words = change(result.size.interval if result.size else None)
    words = f"**{words}**" if point.differs(name) else words
    return f"{words} {WARNING}" if point.is_doubtful else words


def gaps_section(shown: SeriesRuns, level: int) -> Iterator[str]:
    """What could not be measured, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for python, points in shown.by_python.items():
        for point in points:
            for what, reason in _missing(point):
                reasons.setdefault((f"Python {python}, {what}", reason), []).append(
                    shown.label(point.index)
                )
    if reasons:
        yield heading(level, "Not measured (×)")
        yield bullets(
            f"{plain(joined(labels))}, {what}: {plain(reason)}"
            for (what, reason), labels in reasons.items()
        )


def _missing(point: SeriesPoint) -> Iterator[tuple[str, str]]:
    if point.why_not:
        yield "not installed", point.why_not
    if point.run is not None:
        for result in point.run.results:
            if point.is_gap(result.name):
                yield code(result.name), result.reason
