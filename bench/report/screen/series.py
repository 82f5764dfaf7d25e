"""The plan of a series before it starts and its table afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.core.program import session
from bench.core.revision import Revision
from bench.engine.environments.interpreters import Interpreter
from bench.engine.store.series import Series
from bench.formats.tables import render
from bench.formats.text import change, day, effect
from bench.report.history.select_series import SeriesPoint, SeriesRuns, point_label
from bench.report.history.series_steps import name_of, steps_of
from bench.report.pair.control import DOUBTFUL, WARNING

_LISTED = 60


def describe_series(
    series: Series, interpreters: Sequence[Interpreter], missing: int, *, is_known: bool
) -> str:
    """What a session is about to do; `missing` counts points and Pythons to be measured."""
    manifest = series.manifest
    points, options = manifest.points, manifest.options
    total = len(points.points) * len(interpreters)
    names = list(manifest.benchmarks)
    most_min = len(names) * options.budget_s * missing / 60
    there = f"{total - missing} of {total} runs are there (series {manifest.series_id})"
    lines = [
        f"{manifest.target} {points.label} ({manifest.layer})",
        f"  anchor     {_revision(series, points.anchor)}",
        *_points(series),
        f"  source     {points.origin}",
        f"  packages   of before {manifest.date[:10]} for all points",
        f"  Python     {', '.join(one.version for one in interpreters)}",
        f"  benchmarks {', '.join(names)}",
        f"  decides    each point by itself, at α = {options.alpha:g} over its run, MEI "
        f"{effect(options.mei)}, at most {options.rounds} rounds and {options.budget_s:g} s a "
        f"benchmark (at most about {max(most_min, 1):.0f} min for all that is missing)",
        "  besides    nothing: a series runs neither tests nor counters",
        "  order      the last point, the middle, the middles of what is left; "
        f"`{session('report')}` draws what is there at any time",
        f"  begun      {there if is_known else 'now'}",
    ]
    return "\n".join(lines)


def _points(series: Series) -> list[str]:
    points = series.manifest.points.points
    lines = [_revision(series, one) for one in points]
    if len(lines) > _LISTED:
        lines = [
            *lines[: _LISTED // 2],
            f"… {len(lines) - _LISTED} more …",
            *lines[-_LISTED // 2 :],
        ]
    count = f"  {len(points)} points"
    return [f"{count if number == 0 else '':<13}{line}" for number, line in enumerate(lines)]


def _revision(series: Series, revision: Revision) -> str:
    subject = f"  {revision.subject[:70]}" if revision.subject else ""
    return f"{point_label(series, revision):<10} {day(revision.date)}{subject}"


def print_series(console: Console, shown: SeriesRuns) -> None:
    """Points by benchmarks for each Python, then the largest steps."""
    target = shown.series.manifest.target
    for python, points in shown.by_python.items():
        rows = [
            [
                shown.label(point.index),
                *(_cell(point, name) for name in shown.benchmarks),
            ]
            for point in points
        ]
        console.print()
        title = f"{target} against {shown.anchor_label}, Python {python}"
        console.print(Text(title, style="bold"))
        table = render(("point", *shown.benchmarks), rows, "simple")
        console.print(Text(table), no_wrap=True, crop=False, overflow="ignore")
        if any(point.is_doubtful for point in points):
            words = f"{DOUBTFUL}: the control differs at the points so marked; the page says more."
            console.print(Text(words))
        for name in shown.benchmarks:
            for step in steps_of(shown, name, python)[:1]:
                between = f"{name_of(shown, step.start)} → {name_of(shown, step.end)}"
                words = f"{name}: largest step {between}, {change(step.change)}"
                console.print(Text(words, style="dim"))


def _cell(point: SeriesPoint, name: str) -> str:
    result = point.result(name)
    if result is None or result.size is None:
        return "broken" if point.is_broken(name) else "×" if point.is_gap(name) else "–"
    return change(result.size.interval) + f" {WARNING}" * point.is_doubtful
