"""A change split into the project's own and that of other packages: on the page and in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from bench.core.result import Result
from bench.engine.environments.dependencies import DependencyChange
from bench.engine.split import Split, belong_together, split_of
from bench.formats.markdown import code, heading, plain, table
from bench.formats.text import change, counted, joined, verdict_words
from bench.report.select_runs import Evaluated, PairRuns

_NAMED = 3
_IN_COLUMN = 2
_ABOUT = (
    "*Own* compares base with head's packages to head, *packages* compares base to base with "
    "head's packages: both were measured, each in a run with verdicts of its own. *In all* is the "
    "product of both, its interval that of independent ones (Zou & Donner 2008)."
)


def splits_of(runs: Sequence[Evaluated]) -> list[Split]:
    """The newest split of each machine and Python among some runs, the newest of all first."""
    found: dict[tuple[str, str], Split] = {}
    newest = sorted(runs, key=lambda one: one.run.manifest.started_at, reverse=True)
    for own in newest:
        for packages in newest:
            mine, theirs = own.run.manifest, packages.run.manifest
            if belong_together(mine, theirs):
                split = split_of((mine, own.evaluation), (theirs, packages.evaluation))
                found.setdefault((mine.machine.name, mine.python), split)
    return list(found.values())


def split_section(pair: PairRuns, level: int) -> Iterator[str]:
    """A table for each machine and Python that was measured with `--deps split`."""
    shown = [one for on in pair.machines for one in on.shown]
    splits = splits_of([run for one in shown for run in (one, *one.others)])
    if not splits:
        return
    yield heading(level, "Own and others'")
    several = len({one.own.machine.name for one in splits}) > 1
    for split in splits:
        where = f", {plain(split.own.machine.name)}" if several else ""
        yield f"Python {split.own.whole_python}{where}: {plain(changes_words(split.changes))}."
        rows = [[code(name), *cells] for name, *cells in _rows(split)]
        yield table(columns(split), rows)
    yield _ABOUT


def split_document(split: Split) -> dict[str, Any]:
    """A split for scripts; `whole` is null where the parts were not measured by one clock."""
    return {
        "packages_run": split.packages.run_id,
        "changes": msgspec.to_builtins(split.changes),
        "benchmarks": [
            {
                "name": one.name,
                "whole": msgspec.to_builtins(one.whole),
                "own": _figures(one.own),
                "packages": _figures(one.packages),
            }
            for one in split.parts
        ],
    }


def changes_words(changes: Sequence[DependencyChange]) -> str:
    """What the packages' part comes from: `requests 2.31 → 2.32`, or how many and some."""
    named = [_change(one) for one in changes[:_NAMED]]
    if len(changes) <= _NAMED:
        return joined(named)
    return f"{counted(len(changes), 'package')} differ, such as {joined(named)}"


def _change(one: DependencyChange) -> str:
    if one.head is None:
        return f"no {one.package}"
    return (
        f"{one.package} {one.base} → {one.head}" if one.base else f"{one.package} {one.head}, new"
    )


def columns(split: Split) -> tuple[str, ...]:
    """The head of the table; the last column names the packages, if they are few."""
    changes = split.changes
    named = [f"{one.package} {one.head or '(gone)'}" for one in changes]
    theirs = joined(named) if len(changes) <= _IN_COLUMN else counted(len(changes), "package")
    return "benchmark", "in all", "own", theirs


def _rows(split: Split) -> list[list[str]]:
    return [
        [one.name, change(one.whole), _cell(one.own), _cell(one.packages)] for one in split.parts
    ]


def _cell(result: Result) -> str:
    """The change, and the verdict where the change alone would say too much."""
    words = verdict_words(result)
    if result.size is None:
        return words
    return f"{change(result.size.interval)}, {words}"


def _figures(result: Result) -> dict[str, Any]:
    interval = result.size.interval if result.size else None
    return {"interval": msgspec.to_builtins(interval), "verdict": result.verdict}
