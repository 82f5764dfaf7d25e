"""What a terminal shows of an attribution."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from bench.core.verdict import Interval
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import Attribution
from bench.explain.attribute.search import Finding
from bench.formats.tables import render
from bench.formats.text import change, counted, joined
from bench.report.attribute.contributions import (
    Contributions,
    contributions_of,
    label_of,
    life_words,
    outcome,
    work_words,
)
from bench.report.attribute.sums import SUMS, GroupSum, PartsSum, SumBy, by_group, sum_words

_SUBJECT = 60


def screen_lines(attribution: Attribution, by: Collection[SumBy] = ()) -> Iterator[str]:
    """All scenarios commit by commit; with `by` added up by that instead."""
    found = contributions_of(attribution)
    for one in found:
        for words in (f"\n{one.scenario}, Python {one.python}: {outcome(one)}", *life_words(one)):
            yield words.replace("`", "")
        if by:
            yield from _sums(one, by)
        else:
            yield from _parts(one)
        if one.reach.proved:
            yield f"Proved to contribute nothing: {counted(len(one.reach.proved), 'commit')}."
        if one.work:
            yield work_words(one.work)
    if SumBy.GROUP in by:
        yield from _groups(attribution, found)
    yield f"\nThe attribution is {attribution.progress.words}."


def _parts(one: Contributions) -> Iterator[str]:
    rows = [
        [part.label, part.words, part.finding_word, part.subject[:_SUBJECT]] for part in one.parts
    ]
    if rows:
        columns = ("commits", "contribution", "finding", "what")
        yield from _table(columns, rows)


def _sums(one: Contributions, by: Collection[SumBy]) -> Iterator[str]:
    for kind, add_up in SUMS.items():
        if kind in by:
            yield from _table((kind, "contribution", "commits"), sum_rows(add_up(one)))


def sum_rows(sums: Sequence[PartsSum]) -> list[list[str]]:
    """A row a sum: whose, the product with its interval, how many commits."""
    return [[sum_words(one), _words(one.interval), str(one.commits)] for one in sums]


def _words(interval: Interval | None) -> str:
    return str(Finding.OPEN) if interval is None else change(interval)


def _groups(attribution: Attribution, found: Sequence[Contributions]) -> Iterator[str]:
    for one in by_group(attribution, found):
        yield f"\nGroup {one.group}, Python {one.python}. {group_words(one).replace('`', '')}"
        rows = [[label_of(commits), words] for commits, words in group_rows(attribution, one)]
        yield from _table(("commits", "contribution"), rows)


def group_words(one: GroupSum) -> str:
    """What its benchmarks did together; names in backticks."""
    names = joined([f"`{name}`" for name in one.benchmarks])
    return f"Geometric mean of {names}: {change(one.whole)}"


def group_rows(
    attribution: Attribution, one: GroupSum
) -> list[tuple[tuple[RangeCommit, ...], str]]:
    """A row a part: its commits, and the mean of what they did."""
    commits = attribution.asked.commits
    return [
        (tuple(commits[number - 1] for number in part.numbers), _words(part.interval))
        for part in one.parts
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    align = ["right" if name in {"contribution", "commits"} else "left" for name in columns[1:]]
    return render(columns, rows, "simple", align=align).splitlines()
