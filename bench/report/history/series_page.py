"""The page of a series: what changed where, picture by picture, then every figure."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator

from bench.core.program import session
from bench.core.verdict import Verdict
from bench.engine.statistics.change_points import LEAST_LEVEL, LEAST_POINTS
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    fenced,
    heading,
    image,
    link,
    plain,
    prose,
)
from bench.formats.markdown import table as markdown_table
from bench.formats.text import AA_HALF_WIDTH, change, counted, day, joined, magnitude_with_direction
from bench.report.figures.series_figure import Dot, Level, Line, Panel, SeriesPicture, draw_series
from bench.report.history.select_series import SeriesPage, SeriesPoint, SeriesRuns
from bench.report.history.series_csv import series_csv
from bench.report.history.series_steps import (
    ANCHOR,
    LevelChange,
    Step,
    changes_of,
    name_of,
    steps_of,
)
from bench.report.history.triage_page import triage_file, write_triage
from bench.report.output import Output, Page
from bench.report.pair.control import DOUBTFUL, WARNING, control_warning
from bench.report.pair.repeat import option_words
from bench.report.summaries import SeriesSummary

_MOST_STEPS = 15
_DIFFERS = {Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI}


def series_file(page: SeriesPage) -> str:
    """Where the page is under `results/`."""
    return f"{page.target}/history/{page.label}/README.md"


def write_series_page(page: SeriesPage, output: Output) -> None:
    """Write the page, its pictures, `series.csv` and the triage."""
    file = output.page(series_file(page))
    file.write(_blocks(page, file))
    output.write(file.file.parent / "series.csv", series_csv(page))
    if triage := triage_file(page):
        write_triage(page, output.page(triage))


def series_summary(page: SeriesPage, unreadable: tuple[str, ...]) -> SeriesSummary:
    """What the index says of it: a row for each machine."""
    return SeriesSummary(
        target=page.target,
        label=page.label,
        ids=page.ids,
        rows=tuple(_index_row(page, shown) for shown in page.machines),
        page=series_file(page),
        triage=triage_file(page),
        unreadable=unreadable,
    )


def _index_row(page: SeriesPage, shown: SeriesRuns) -> tuple[str, ...]:
    return (
        plain(page.target),
        link(page.label, series_file(page)),
        str(len(shown.series.manifest.points.points)),
        joined(list(shown.by_python)) or "–",
        overview_words(shown) or "none",
        day(shown.series.manifest.started_at),
        plain(shown.machine.name),
        "yes" if shown.is_complete else "**no**",
    )


def _blocks(page: SeriesPage, file: Page) -> Iterator[str]:
    first = page.machines[0]
    points = first.series.manifest.points
    yield heading(
        1, f"{plain(page.target)} from {first.anchor_label} to {name_of(first, last(first))}"
    )
    index = link("all results", file.link_to(file.output.root / "README.md"))
    yield f"{plain(joined(first.layers))} · {link('series.csv', 'series.csv')} · {index}"
    yield (
        f"{_what(first)}{_head(first)}; each compared in pairs with the anchor "
        f"{code(first.anchor_label)} of {day(points.anchor.date)}. A ratio is a point's time "
        "divided by the anchor's."
    )
    for shown in page.machines:
        level = 2
        if len(page.machines) > 1:
            yield heading(2, f"On {shown.machine.name}")
            level = 3
        yield from _machine(shown, file, level)


def last(shown: SeriesRuns) -> int:
    """The index of the last point."""
    return len(shown.series.manifest.points.points) - 1


def _what(shown: SeriesRuns) -> str:
    points = shown.series.manifest.points
    number, every = len(points.points), points.selection.every
    if every == 1:
        return f"{counted(number, 'point')}, every commit along the first-parent history"
    if every:
        return (
            f"{counted(number, 'point')}, one in {every} of the {points.between} commits along the "
            "first-parent history and the last one"
        )
    kind = "release" if points.points[-1].source == "pypi" else "tagged version"
    return counted(number, kind)


def _head(shown: SeriesRuns) -> str:
    """The last point's name, where its label does not tell."""
    name = shown.series.manifest.points.points[-1].name
    known = shown.label(last(shown)), shown.series.manifest.points.points[-1].label
    return "" if name in known else f" ({code(name)})"


def _machine(shown: SeriesRuns, file: Page, level: int) -> Iterator[str]:
    if not shown.runs:
        yield "Nothing of it has been measured yet."
        yield from _gaps(shown, level)
        return
    yield from _state(shown)
    yield from _doubtful(shown)
    found = [
        step
        for python in shown.by_python
        for name in shown.benchmarks
        for step in steps_of(shown, name, python)
    ]
    folder = shown.machine.name
    picture = file.picture(f"{folder}/all.svg", picture_of(shown), draw_series)
    steps = overview_words(shown).replace("`", "") or "none"
    yield image(f"Time against {shown.anchor_label}. Largest certain steps: {steps}", picture)
    yield from _steps(shown, found, level)
    yield from _changes(shown, level)
    yield from _tables(shown, level)
    yield from _gaps(shown, level)
    yield from _reading(shown, level)
    yield from _obtained(shown, file, level)


def _state(shown: SeriesRuns) -> Iterator[str]:
    for python, points in shown.by_python.items():
        missing = sum(one.run is None and not one.why_not for one in points)
        unfinished = sum(one.run is not None and not one.run.is_complete for one in points)
        if missing or unfinished:
            yield (
                f"**Not complete**: on Python {python} {missing + unfinished} of {len(points)} "
                "points are still to be measured; the same command goes on with them."
            )
    if shown.others:
        ids = ", ".join(code(one.manifest.series_id) for one in shown.others)
        yield f"Shown is the newest series; others, which are not pooled with it: {ids}."


def _doubtful(shown: SeriesRuns) -> Iterator[str]:
    """The points whose control differs, with the cause looked for."""
    found = [
        f"{shown.label(point.index)}, Python {python}: "
        + prose(control_warning(point.run.run, point.run.evaluation))
        for python, points in shown.by_python.items()
        for point in points
        if point.is_doubtful and point.run is not None
    ]
    if found:
        yield f"**{DOUBTFUL}**: the control differs at {counted(len(found), 'point')}."
        yield bullets(found)


def picture_of(shown: SeriesRuns) -> SeriesPicture:
    """All benchmarks, a panel each."""
    target, pythons = shown.series.manifest.target, tuple(shown.by_python)
    labels = (shown.anchor_label, *(shown.label(index) for index in range(last(shown) + 1)))
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
            differs = result.verdict in _DIFFERS
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


def _steps(shown: SeriesRuns, found: list[Step], level: int) -> Iterator[str]:
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


def _changes(shown: SeriesRuns, level: int) -> Iterator[str]:
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


def _tables(shown: SeriesRuns, level: int) -> Iterator[str]:
    for python, points in shown.by_python.items():
        yield heading(level, f"Python {python}")
        yield table_of(shown, points)
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


def table_of(shown: SeriesRuns, points: tuple[SeriesPoint, ...]) -> str:
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
    words = f"**{words}**" if result.verdict in _DIFFERS else words
    return f"{words} {WARNING}" if point.is_doubtful else words


def _gaps(shown: SeriesRuns, level: int) -> Iterator[str]:
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


def _reading(shown: SeriesRuns, level: int) -> Iterator[str]:
    options = shown.series.manifest.options
    families = len(shown.runs)
    alpha = f"{options.alpha * 100:g}%"
    yield heading(level, "What the words are worth")
    yield (
        "Each point is a run by itself: the chance that any of its *faster* or *slower* is wrong "
        f"is at most {alpha}, over all its {counted(len(shown.benchmarks), 'benchmark')} together. "
        f"There is no correction over the points: of {counted(families, 'run')} in which nothing "
        f"changed at all, up to {families * options.alpha:.1f} would hold a wrong word on average. "
        "One point that stands out between two that agree may be such a word; a level that stays "
        "is not. A step is no test of its own: for two intervals of 95% around the same ratio the "
        "chance not to overlap is below 1%; two kinds of intervals are looked at, for each pair of "
        "neighbours."
    )
    yield (
        "Far from the anchor small steps are hidden: the size of a large change is known to within "
        "about 5%, because measuring stops soon after its verdict. A series that starts closer "
        "shows more. The project's own tests and the counters beside time were not run."
    )


def _obtained(shown: SeriesRuns, file: Page, level: int) -> Iterator[str]:
    manifest = shown.series.manifest
    points = manifest.points
    yield heading(level, "How it was obtained")
    controls = [
        one.evaluation.control.interval.half_width
        for one in shown.runs
        if one.evaluation.control is not None and one.evaluation.control.interval is not None
    ]
    half_width = (
        f" {AA_HALF_WIDTH} of the bare interpreter: {_half_widths(controls)}." if controls else ""
    )
    yield (
        f"{plain(points.origin[:1].upper() + points.origin[1:])}. All points take third-party "
        f"packages from before {day(manifest.date)}, unless a commit has a lock file. The last "
        "point is measured first, then the middle, then the middles of what is left. On "
        f"{plain(manifest.machine.cpu_model)}, {counted(manifest.machine.cpus, 'CPU')}.{half_width}"
    )
    words = (
        *session(
            f"bench-{manifest.target}", f"{points.anchor.label}..{points.points[-1].label}"
        ).split(),
        *points.selection.words,
        *(word for python in shown.by_python for word in ("--python", python)),
        *option_words(manifest.options),
    )
    yield fenced(shlex.join(words), "sh")
    data = file.link_to(shown.series.folder)
    runs = [
        link(f"{shown.label(point.index)} ({python})", file.link_to(point.run.run.folder))
        for python, of_python in shown.by_python.items()
        for point in of_python
        if point.run is not None
    ]
    yield f"Raw data: {link('the series', data)}; its runs:"
    yield collapsed(counted(len(runs), "run"), " · ".join(runs))


def _half_widths(half_widths: list[float]) -> str:
    low, high = min(half_widths), max(half_widths)
    return f"±{low * 100:.1f}% to ±{high * 100:.1f}%"


def overview_words(shown: SeriesRuns) -> str:
    """The largest certain steps, one a benchmark, for the index."""
    found: list[Step] = [
        step
        for python in shown.by_python
        for name in shown.benchmarks
        for step in steps_of(shown, name, python)[:1]
    ]
    ordered = sorted(found, key=lambda one: -one.size)
    seen: dict[str, str] = {}
    for step in ordered:
        size = magnitude_with_direction(step.change.ratio)
        words = f"{code(step.benchmark)} {size} ({_between(shown, step)})"
        seen.setdefault(step.benchmark, words)
    return ", ".join(list(seen.values())[:3])
