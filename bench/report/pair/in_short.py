"""A pair as the index tells of it: a row for each machine and layer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.formats.markdown import code, plain
from bench.report.pair.badge_words import badge_words
from bench.report.pair.conditions import short_conditions
from bench.report.pair.headline import pair_title, range_words, verdict_counts
from bench.report.pair.reasons import reasons_of
from bench.report.select_runs import OnMachine, PairRuns, Shown
from bench.report.summaries import PairFigure, PairRow, PairSummary

_LINK = re.compile(r" \(\[counters\]\([^)]*\)\)$")
_COLUMN_VERDICTS = {Verdict.BROKEN, Verdict.FASTER, Verdict.SLOWER}


def pair_summary(pair: PairRuns, unreadable: tuple[str, ...]) -> PairSummary:
    """The summary of a pair; `unreadable` are runs of it that are not shown, as Markdown."""
    manifest = pair.newest.run.manifest
    return PairSummary(
        target=pair.target,
        layer=manifest.layer,
        pair=pair.pair,
        newest=manifest.started_at,
        rows=tuple(row for on in pair.machines for row in _rows(pair, on)),
        figures=tuple(_figures(pair)),
        badge=badge_words(pair.newest_on.shown),
        why=_why(pair),
        unreadable=unreadable,
    )


def _why(pair: PairRuns) -> str:
    """What counters say of the largest change, on the first machine on which they do."""
    for on in pair.machines:
        for name, words in reasons_of(on.shown):
            return f"{code(name)}: {_LINK.sub('', words)}"
    return ""


def _rows(pair: PairRuns, on: OnMachine) -> Iterator[PairRow]:
    for layer in dict.fromkeys(layer for one in on.shown for layer in one.layers):
        runs = [one for one in on.shown if layer in one.layers]
        several = len({each.machine.name for each in pair.machines}) > 1
        where = f" on {plain(on.machine.name)}" if several else ""
        way = "" if on.dependencies == "own" else f", {code(f'--deps {on.dependencies}')}"
        unfinished = "" if all(one.is_complete for one in runs) else " (**not complete**)"
        slower, faster, other, is_bad = _verdicts(on, layer)
        yield PairRow(
            layer=layer,
            name=f"{plain(pair.target)} {pair_title(pair.pair)}",
            after=f"{where}{way}{unfinished}",
            slower=slower,
            faster=faster,
            other=other,
            conditions=short_conditions(runs),
            is_bad=is_bad or any(_fails(one) for one in runs),
        )


def _fails(one: Shown) -> bool:
    return one.run.gate is not None and bool(one.run.gate.newly_fails)


def _verdicts(on: OnMachine, layer: str) -> tuple[str, str, str, bool]:
    """Slower, faster and the rest: counts, by Python where they differ, and sizes."""
    runs = {
        one.name.removeprefix("Python "): results
        for one in on.shown
        if (results := [result for result in one.results if result.layer == layer])
    }
    others = {
        name: [one for one in results if one.verdict not in _COLUMN_VERDICTS]
        for name, results in runs.items()
    }
    slower, broken = _counted(runs, Verdict.SLOWER), _counted(runs, Verdict.BROKEN)
    bad = [] if broken == "–" else [f"🔴 **{broken} broken**"]
    bad += [] if slower == "–" else [f"**{slower}**"]
    return (
        ", ".join(bad) or "–",
        _counted(runs, Verdict.FASTER),
        _by_run({name: verdict_counts(left) if left else "–" for name, left in others.items()}),
        bool(bad),
    )


def _counted(runs: dict[str, list[Result]], verdict: Verdict) -> str:
    having = {
        name: [one for one in results if one.verdict is verdict] for name, results in runs.items()
    }
    everything = [one for results in having.values() for one in results]
    if not everything:
        return "–"
    counts = {name: f"{len(found)} of {len(runs[name])}" for name, found in having.items()}
    sizes = range_words(everything)
    return _by_run(counts) + (f" ({sizes})" if sizes else "")


def _by_run(cells: dict[str, str]) -> str:
    """One cell; what is the same in all runs stands once."""
    if len(set(cells.values())) <= 1:
        return next(iter(cells.values()), "–")
    return ", ".join(f"{name}: {words}" for name, words in cells.items())


def _figures(pair: PairRuns) -> Iterator[PairFigure]:
    """Those of each machine's first set of dependencies, which is the project's own if it can."""
    first = {on.machine.name: on for on in reversed(pair.machines)}
    for on in first.values():
        for one in on.shown:
            for result in one.results:
                if result.head_s is not None:
                    yield PairFigure(
                        benchmark=result.name,
                        python=one.python,
                        machine=on.machine.name,
                        started_at=one.run.manifest.started_at,
                        base_s=result.base_s,
                        head_s=result.head_s,
                    )
