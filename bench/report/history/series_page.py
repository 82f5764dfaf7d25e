"""The page of a series, and what the index says of it.

First what changed where, then every figure, then how it was obtained.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bench.core.program import session
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
from bench.formats.text import AA_HALF_WIDTH, counted, day, joined
from bench.report.figures.series_figure import draw_series
from bench.report.history.point_tables import gaps_section, points_section
from bench.report.history.select_series import SeriesPage, SeriesRuns
from bench.report.history.series_csv import series_csv
from bench.report.history.series_picture import picture_of
from bench.report.history.series_steps import name_of
from bench.report.history.step_tables import changes_section, overview_words, steps_section
from bench.report.history.triage_page import triage_file, write_triage
from bench.report.output import Output, Page
from bench.report.pair.control import DOUBTFUL, control_warning
from bench.report.pair.repeat import option_words
from bench.report.summaries import SeriesSummary


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
        1, f"{plain(page.target)} from {first.anchor_label} to {name_of(first, _last(first))}"
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


def _last(shown: SeriesRuns) -> int:
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
    known = shown.label(_last(shown)), shown.series.manifest.points.points[-1].label
    return "" if name in known else f" ({code(name)})"


def _machine(shown: SeriesRuns, file: Page, level: int) -> Iterator[str]:
    if not shown.runs:
        yield "Nothing of it has been measured yet."
        yield from gaps_section(shown, level)
        return
    yield from _state(shown)
    yield from _doubtful(shown)
    picture = file.picture(f"{shown.machine.name}/all.svg", picture_of(shown), draw_series)
    steps = overview_words(shown).replace("`", "") or "none"
    yield image(f"Time against {shown.anchor_label}. Largest certain steps: {steps}", picture)
    yield from steps_section(shown, level)
    yield from changes_section(shown, level)
    yield from points_section(shown, level)
    yield from gaps_section(shown, level)
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
