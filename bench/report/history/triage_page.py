"""The triage of a series: what got faster or slower, by which commit, and what is not decided.

A page for people who look once a week: `results/triage/<day>-<target>-<series>.md`, dated by the
newest run of the series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.core.program import session
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, prose, table
from bench.formats.text import change, change_of, counted, day, joined, magnitude_with_direction
from bench.formats.text import verdict_words as words_of
from bench.report.history.select_series import SeriesPage, SeriesRuns
from bench.report.history.series_steps import (
    LevelChange,
    Step,
    changes_of,
    name_of,
    steps_of,
)
from bench.report.output import Page
from bench.report.pair.control import WARNING

FOLDER = "triage"
_SERIES = "history"
_MOST_COMMANDS = 5
_COLUMNS = ("change", "benchmark", "Python", "commit", "subject", "decided")


@dataclass(frozen=True)
class TriageFindings:
    """Certain steps that go either way, and changes of level that no step decides."""

    slower: tuple[Step, ...]
    faster: tuple[Step, ...]
    open: tuple[LevelChange, ...]

    @property
    def words(self) -> str:
        """`2 slower, 5 faster, 1 not decided`."""
        return f"{len(self.slower)} slower, {len(self.faster)} faster, {len(self.open)} not decided"


def triage_file(page: SeriesPage) -> str:
    """The page, from `results/` on; "" where nothing was measured yet."""
    moments = [run.run.manifest.started_at for one in page.machines for run in one.runs]
    if not moments:
        return ""
    return f"{FOLDER}/{day(max(moments))}-{page.target}-{page.label}.md"


def findings_of(shown: SeriesRuns) -> TriageFindings:
    """What a series on a machine shows, the largest first."""
    places = [(name, python) for python in shown.by_python for name in shown.benchmarks]
    steps = sorted(
        (step for name, python in places for step in steps_of(shown, name, python)),
        key=lambda one: -one.size,
    )
    levels = [level for name, python in places for level in changes_of(shown, name, python)]
    return TriageFindings(
        tuple(one for one in steps if one.change.ratio > 1),
        tuple(one for one in steps if one.change.ratio < 1),
        tuple(one for one in levels if not one.certain),
    )


def write_triage(series: SeriesPage, page: Page) -> None:
    """Write it."""
    page.write(_blocks(series, page))


def _blocks(series: SeriesPage, page: Page) -> Iterator[str]:
    title = page.file.name[: len("2026-01-01")]
    yield heading(1, f"Triage of {plain(series.target)}, {title}")
    history = page.output.root / series.target / _SERIES / series.label / "README.md"
    yield link("pictures and every figure", page.link_to(history))
    for shown in series.machines:
        if len(series.machines) > 1:
            yield heading(2, f"On {plain(shown.machine.name)}")
        yield from _machine(shown)
    yield heading(2, "How to read it")
    yield bullets(_reading())


def _machine(shown: SeriesRuns) -> Iterator[str]:
    found = findings_of(shown)
    points = shown.series.manifest.points.points
    ends = f"{code(shown.anchor_label)} to {code(name_of(shown, len(points) - 1))}"
    unfinished = "" if shown.is_complete else " The series is **not complete**."
    yield (
        f"{counted(len(points), 'point')} from {ends}, Python {joined(list(shown.by_python))}: "
        f"**{found.words}**.{unfinished}"
    )
    for words, steps in (("Got slower", found.slower), ("Got faster", found.faster)):
        if steps:
            yield heading(2, words)
            yield table(_COLUMNS, [_step(shown, one) for one in steps], numbers=False)
    if found.open:
        yield heading(2, "Not decided")
        yield table(_COLUMNS, [_level(shown, one) for one in found.open], numbers=False)
    yield heading(2, "From first to last")
    yield _whole(shown)
    commands = _commands(shown, found)
    if commands:
        yield heading(2, "To decide it, and to name the commit")
        yield fenced("\n".join(commands), "sh")


def _step(shown: SeriesRuns, step: Step) -> list[str]:
    doubt = f" {WARNING} its control differs" * step.doubtful
    decided = f"yes{doubt}" if _is_one(shown, step.start, step.end) else f"yes, not whose{doubt}"
    return [
        f"**{change(step.change)}**" if step.change.ratio > 1 else change(step.change),
        code(step.benchmark),
        step.python,
        _commit(shown, step.start, step.end),
        _subject(shown, step.end),
        decided,
    ]


def _level(shown: SeriesRuns, level: LevelChange) -> list[str]:
    return [
        magnitude_with_direction(level.ratio),
        code(level.benchmark),
        level.python,
        _commit(shown, level.start, level.end),
        _subject(shown, level.end),
        "no",
    ]


def _is_one(shown: SeriesRuns, start: int, end: int) -> bool:
    """Whether a single commit lies between two points."""
    return shown.series.manifest.points.selection.every == 1 and end - start == 1


def _commit(shown: SeriesRuns, start: int, end: int) -> str:
    if _is_one(shown, start, end):
        return code(name_of(shown, end))
    return f"{code(name_of(shown, start))} to {code(name_of(shown, end))}"


def _subject(shown: SeriesRuns, end: int) -> str:
    return prose(shown.series.manifest.points.points[end].subject)


def _whole(shown: SeriesRuns) -> str:
    """The last measured point of each benchmark against the anchor."""
    rows = []
    for name in shown.benchmarks:
        for python, points in shown.by_python.items():
            results = [(one, result) for one in points if (result := one.result(name)) is not None]
            if results:
                point, result = results[-1]
                label = code(shown.label(point.index))
                rows.append([code(name), python, label, change_of(result), words_of(result)])
    columns = ("benchmark", "Python", "last point", "change", "verdict")
    return table(columns, rows, numbers=("change",))


def _commands(shown: SeriesRuns, found: TriageFindings) -> list[str]:
    """What measures between two points that are not neighbours, or decides an open change."""
    target = shown.series.manifest.target
    open_steps: Sequence[Step | LevelChange] = [
        *(one for one in (*found.slower, *found.faster) if not _is_one(shown, one.start, one.end)),
        *found.open,
    ]
    lines = set()
    for one in open_steps:
        words = (
            f"{name_of(shown, one.start)}..{name_of(shown, one.end)} --benchmark {one.benchmark} "
            f"--python {one.python}"
        )
        single = _is_one(shown, one.start, one.end)
        lines.add(
            session(f"bench-{target}", words)
            if single
            else session("attribute", f"{target} {words}")
        )
    return sorted(lines)[:_MOST_COMMANDS]


def _reading() -> Iterator[str]:
    yield (
        "*Decided*: the intervals of two neighbouring points, each compared with the first "
        "revision, do not overlap; for two intervals of 95% around one ratio that happens in less "
        "than 1% of cases. *Not whose*: there are several commits between them."
    )
    yield (
        "*Not decided*: the level of the series changed and stayed, by a heuristic over all its "
        "points, and no two neighbours alone show it."
    )
