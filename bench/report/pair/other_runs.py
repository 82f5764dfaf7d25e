"""What other runs of a pair on the same Python say, and why another one is shown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bench.core.result import Result
from bench.formats.text import change, counted, day, joined
from bench.report.pair.repeat import option_words
from bench.report.select_runs import Evaluated, Shown

_NAMED = 3


def other_runs(one: Shown) -> list[str]:
    """Sentences for the page of a pair, newest run first; the method page lists all runs."""
    shown = day(one.run.manifest.started_at)
    later = [other for other in one.others if _is_later(other, one)]
    words = [
        f"Measured again on {day(other.run.manifest.started_at)}, and not shown because that run "
        f"{_why_not(other, one)}: {_figures(other, one)}. The figures here are of {shown}."
        for other in later[:_NAMED]
    ]
    if len(later) > _NAMED:
        words.append(
            f"{counted(len(later) - _NAMED, 'more later run')}: on the page of the method."
        )
    counters = one.counted_in.run.manifest
    if one.counted_in is not one:
        words.append(
            f"Counters are of run {counters.run_id} of {day(counters.started_at)}: the one that is "
            "shown did not count, and differs in nothing else."
        )
    elif not one.is_counted and (older := _counted(one)):
        words.append(
            f"This run did not count. Run {older.run.manifest.run_id} of "
            f"{day(older.run.manifest.started_at)} did, with other environments or options: its "
            "counters are not shown."
        )
    return words


def _is_later(other: Evaluated, one: Shown) -> bool:
    later = other.run.manifest.started_at > one.run.manifest.started_at
    return other.is_complete and later and any(_shared(other, one))


def _shared(other: Evaluated, one: Shown) -> Iterator[Result]:
    """Its results for benchmarks that are shown and were decided or sized again."""
    names = {result.name for result in one.results}
    return (each for each in other.results if each.name in names and each.size is not None)


def _why_not(other: Evaluated, one: Shown) -> str:
    """`took only a part (--benchmark import-a), under another plan (--budget 5)`."""
    theirs = other.run.manifest.options
    chosen = [word for name in theirs.benchmarks for word in ("--benchmark", name)]
    chosen += [word for name in theirs.groups for word in ("--group", name)]
    words = f"took a part of the benchmarks (`{shlex.join(chosen)}`)" if chosen else "took fewer"
    if other.plan == one.plan:
        return f"{words} under the same plan"
    plans = [shlex.join(option_words(each.plan)) or "the defaults" for each in (other, one)]
    return f"{words} under another plan ({plans[0]}, here {plans[1]})"


def _figures(other: Evaluated, one: Shown) -> str:
    found = [
        f"`{each.name}` {change(each.size.interval)}, {each.verdict}"
        for each in _shared(other, one)
        if each.size is not None
    ]
    more = len(found) - _NAMED
    return joined([*found[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _counted(one: Shown) -> Evaluated | None:
    """The newest other run that counted."""
    return next((other for other in one.others if other.is_counted), None)
