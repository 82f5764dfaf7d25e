"""Why a benchmark is faster or slower, as counters say."""

from __future__ import annotations

from collections import Counter as Tallied
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from bench.core.counts import Counter, Names
from bench.core.result import Result
from bench.core.target import Kind
from bench.core.verdict import Verdict
from bench.explain.counters.witness import modules
from bench.formats.markdown import code
from bench.formats.text import joined
from bench.report.pair.counters_page import CountedBenchmark, counted_of, details_name, moved
from bench.report.select_runs import Shown

_PACKAGES_IN_REASON = 3


def reasons_of(shown: Sequence[Shown]) -> list[tuple[str, str]]:
    """By benchmark, what counters say of why it is faster or slower, the largest change first.

    Of several Pythons the newest tells.
    """
    return [
        (name, f"{words} ([counters]({details_name(one)}#{name}))")
        for name, (words, one) in told_by_counters(shown).items()
    ]


def told_by_counters(shown: Sequence[Shown]) -> dict[str, tuple[str, Shown]]:
    """The same, with the run that says so, and without a link to its counters."""
    found: dict[str, tuple[float, str, Shown]] = {}
    for one in reversed(shown):
        for each in counted_of(one):
            name, size = each.result.name, each.result.size
            if not _is_decided(each.result) or name in found or size is None:
                continue
            words = joined(list(_reasons(each)))
            if words:
                found[name] = abs(np.log(size.interval.ratio)), words, one
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    return {name: (words, one) for name, (_, words, one) in ordered}


def without_reason(shown: Sequence[Shown], told: Collection[str]) -> Iterator[str]:
    """Which other benchmarks are faster or slower, and why counters do not say why."""
    counted = {
        each.result.name
        for one in shown
        for each in counted_of(one)
        if any(not found.skipped for found in each.counted.values())
    }
    left: dict[str, list[str]] = {}
    decided = {each.name: each for one in shown for each in one.results if _is_decided(each)}
    for result in decided.values():
        if result.name not in told:
            left.setdefault(_why_not(result, counted), []).append(code(result.name))
    for why, names in left.items():
        yield f"{joined(names)}: {why}"


def _why_not(result: Result, counted: Collection[str]) -> str:
    if result.benchmark.kind is Kind.SCRIPT:
        return "scripts are not counted"
    return "no counter explains it" if result.name in counted else "not counted, or not in time"


def _is_decided(result: Result) -> bool:
    return result.verdict in {Verdict.FASTER, Verdict.SLOWER} and not result.is_control


def _reasons(one: CountedBenchmark) -> Iterator[str]:
    base, head = one.sides
    before, after = modules(base), modules(head)
    if before is not None and after is not None and before != after:
        yield f"modules imported {before} → {after}{_packages_words(one, after < before)}"
    for words, counter in (
        ("instructions", Counter.INSTRUCTIONS),
        ("system calls", Counter.SYSTEM_CALLS),
        ("Python memory at the peak", Counter.PEAK_MEMORY),
    ):
        change = moved(counter, base, head)
        if " times " in change:
            yield f"{change} {words}"
        elif change not in {"–", "same"}:
            yield f"{words} {change}"


def _packages_words(one: CountedBenchmark, fewer: bool) -> str:  # noqa: FBT001
    """Which packages most of the modules belong to that only one side imports."""
    most: list[tuple[str, int]] = []
    for kind in (Counter.MODULES_THIRD_PARTY, Counter.MODULES_OWN, Counter.MODULES_STANDARD):
        names = one.names.get(kind, Names())
        only = names.vanished if fewer else names.appeared
        most += Tallied(name.partition(".")[0] for name in only).most_common(_PACKAGES_IN_REASON)
    most = most[:_PACKAGES_IN_REASON]
    if not most:
        return ""
    listed = ", ".join(f"{code(name)} {count}" for name, count in most)
    return f" ({'no longer' if fewer else 'newly'} imported, by package: {listed})"
