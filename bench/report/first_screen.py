"""`results/README.md`: what a reader must learn first, on one screen; all tables are behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.core.program import session
from bench.core.revision import Pair
from bench.formats.markdown import bullets, code, heading, link, plain, table
from bench.formats.text import counted, day
from bench.report.output import Page
from bench.report.summaries import PairSummary

EVERYTHING = "all.md"
MOST_LINES = 40
_COLUMNS = ("pair", "Python", "faster", "slower or broken", "conditions", "measured")
_TARGETS = 8
_BAD = 3


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What there is beside pairs: rows of the index, `counts` with words for one and for many.

    `studies` are lines of Markdown.
    """

    studies: Sequence[str] = ()
    stack: Sequence[Sequence[str]] = ()
    rankings: Sequence[Sequence[str]] = ()
    counts: Sequence[tuple[int, str, str]] = ()
    unreadable: int = 0


def first_screen(
    targets: Sequence[Sequence[PairSummary]], beside: Beside, page: Page
) -> Iterator[str]:
    """Markdown; `targets` are the pairs of each target, the newest first."""
    yield heading(1, "Results")
    yield (
        f"{link('All pairs and tables', EVERYTHING)} · one page to explore: "
        f"{code(session('site'))} · {page.docs('measure.md', 'how it is measured')}"
    )
    yield bullets(beside.studies)
    telling = [_telling(pairs) for pairs in targets[:_TARGETS]]
    rows = [_row(one) for one in telling]
    if rows:
        yield heading(2, "What got faster, and by how much")
        yield table(_COLUMNS, rows, numbers=False)
        yield bullets(_why(one) for one in telling if one.why)
    yield from _worse([one for pairs in targets for one in pairs])
    yield heading(2, "Is it certain? What is left?")
    yield bullets([_certain(page), *_left(beside), *_more(beside)])


def _telling(pairs: Sequence[PairSummary]) -> PairSummary:
    """The pair that spans most of the target's history, whenever it was measured."""
    return max(pairs, key=lambda one: (_span(one.pair), one.newest))


def _span(pair: Pair) -> float:
    """Seconds between its revisions; 0 where a date is not known."""
    try:
        base, head = (datetime.fromisoformat(one.date) for one in (pair.base, pair.head))
        return (head - base).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _row(one: PairSummary) -> list[str]:
    row = one.rows[0]
    pythons = dict.fromkeys(figure.python for figure in one.figures)
    return [
        link(row.name, f"{one.folder}/README.md") + row.after,
        ", ".join(pythons) or "–",
        row.faster,
        row.slower,
        row.conditions,
        day(one.newest),
    ]


def _why(one: PairSummary) -> str:
    return f"Why {plain(one.target)} changed: {one.why}."


def _worse(pairs: Sequence[PairSummary]) -> Iterator[str]:
    """The newest pairs in which something broke or got slower."""
    found = [
        (one, row)
        for one in sorted(pairs, key=lambda one: (one.newest, one.folder), reverse=True)
        for row in one.rows
        if row.is_bad
    ]
    if not found:
        return
    yield heading(2, "What broke or got slower")
    lines = [
        f"{link(row.name, f'{one.folder}/README.md')}: {row.slower}" for one, row in found[:_BAD]
    ]
    more = len(found) - _BAD
    yield bullets([*lines, *([f"{more} more: {link('all', EVERYTHING)}"] if more > 0 else [])])


def _certain(page: Page) -> str:
    return (
        "In each run the chance that any *faster* or *slower* is wrong is at most 5%, and the bare "
        f"interpreter is measured beside it as a control.{_detectable(page)}"
    )


def _detectable(page: Page) -> str:
    """Where a machine was calibrated: what it can detect."""
    if page.file.with_name("calibration") / "README.md" not in page.output.written:
        return ""
    return f" {link('Calibrations', 'calibration/README.md')} say how small a change is seen."


def _left(beside: Beside) -> Iterator[str]:
    """The largest layers of traced commands, and what could be saved."""
    for row in beside.stack[:2]:
        name, revisions, python, before, after, largest, *_ = row
        times = after if after != "–" else before
        yield (
            f"{name} ({revisions}, Python {python}) takes {times}; its largest layer: {largest}."
        )
    for row in beside.rankings[:1]:
        target, revision, scenario, _python, time, saving, *_ = row
        yield f"{target} {revision}, {scenario}: {saving} of {time} could still be deferred."


def _more(beside: Beside) -> Iterator[str]:
    """How much there is of everything else."""
    told = [counted(number, one, many) for number, one, many in beside.counts if number]
    if told:
        yield f"Also here: {', '.join(told)}: {link('all tables', EVERYTHING)}."
    if beside.unreadable:
        files = counted(beside.unreadable, "file")
        yield f"**{files} could not be read**: {link('which', EVERYTHING)}."
