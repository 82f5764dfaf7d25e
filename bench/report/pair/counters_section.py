"""Counters beside time: an overview, where they disagree with time, and all figures collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.counts import Counter, Instrument, Names
from bench.core.result import Result
from bench.core.sample import Design, Round, Side
from bench.core.target import Kind
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate, of_design
from bench.engine.store.events import Counted
from bench.engine.store.run import Run
from bench.explain.counters.witness import disagreements, modules, undecided
from bench.formats.markdown import bullets, code, collapsed, document, plain, table
from bench.formats.text import change, counted, mebibytes, percent, seconds
from bench.report.pair.traffic import repeated, traffic_blocks

_INTRODUCTION = (
    "A second witness of what changed, not a proxy for time: each figure comes from one process a "
    "side after the timing, under a fixed hash seed, its child processes included. Instructions of "
    "one revision repeat within 0.1%, what is allocated within 1%; what differs by less is called "
    "the same. System calls "
    "of programs with threads vary by some per cent (futex, poll)."
)
_OVERVIEW = (
    ("instructions", Counter.INSTRUCTIONS),
    ("system calls", Counter.SYSTEM_CALLS),
    ("files opened", Counter.FILES_OPENED),
    ("Python memory, peak", Counter.PEAK_MEMORY),
    ("allocated in all", Counter.ALLOCATED),
)
_IN_BYTES = {Counter.PEAK_MEMORY, Counter.HELD_MEMORY, Counter.ALLOCATED}
_SAME = 0.001
_SAME_BY_COUNTER = {Counter.ALLOCATED: 0.01, Counter.ALLOCATIONS: 0.01}
_NAMES_SHOWN = 12
_KINDS_SHOWN = 12


@dataclass(frozen=True)
class _Counters:
    """Everything that was counted of a benchmark."""

    result: Result
    counted: dict[Instrument, Counted]
    rounds: list[Round]

    def figures(self, side: Side) -> dict[Counter, int]:
        tallies = [one.side(side) for one in self.counted.values()]
        return {
            counter: figure
            for tally in tallies
            if tally is not None
            for counter, figure in tally.figures.items()
        } | repeated(self.rounds, side)

    @property
    def names(self) -> dict[Counter, Names]:
        return {
            counter: names for one in self.counted.values() for counter, names in one.names.items()
        }

    @property
    def skipped(self) -> dict[Instrument, str]:
        return {one.instrument: one.skipped for one in self.counted.values() if one.skipped}


def counters_section(run: Run) -> str:
    """Markdown without a heading; "" when nothing can have been counted (scripts only)."""
    found = [
        _Counters(result, run.counted(result.name), _deciding(run, result))
        for result in evaluate(run).results
        if result.benchmark.kind is not Kind.SCRIPT and result.available
    ]
    if not found:
        return ""
    ready = [one for one in found if one.counted]
    if not ready:
        chosen = run.manifest.options.counters
        return "Not counted yet." if chosen else "Not counted (`--no-counters`)."
    return document(_blocks(ready, run.manifest.options.mei)).rstrip()


def _blocks(found: Sequence[_Counters], mei: float) -> Iterator[str]:
    yield _INTRODUCTION
    yield _overview(found)
    yield from traffic_blocks(
        {one.result.name: one.rounds for one in found},
        {one.result.name: (one.figures(Side.BASE), one.figures(Side.HEAD)) for one in found},
    )
    yield from _remarks(found, mei)
    yield from _skipped(found)
    yield from (_details(one) for one in found)


def _overview(found: Sequence[_Counters]) -> str:
    columns = ["benchmark", "time"]
    columns += [title for title, _counter in _OVERVIEW]
    columns.append("modules")
    rows = [_overview_row(one) for one in found]
    # An instrument that counted nothing has no column.
    kept = [i for i in range(len(columns)) if i < 2 or any(row[i] != "–" for row in rows)]
    return table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows])


def _overview_row(one: _Counters) -> list[str]:
    base, head = one.figures(Side.BASE), one.figures(Side.HEAD)
    cells = [_moved(counter, base, head) for _title, counter in _OVERVIEW]
    before, after = modules(base), modules(head)
    moved = "–" if before is None or after is None else f"{before} → {after}"
    time = change(one.result.size.interval if one.result.size else None)
    return [code(one.result.name), time, *cells, moved]


def _remarks(found: Sequence[_Counters], mei: float) -> Iterator[str]:
    against, beyond = [], []
    for one in found:
        sides = one.figures(Side.BASE), one.figures(Side.HEAD)
        name = code(one.result.name)
        if phrases := disagreements(one.result, *sides, mei):
            against.append(f"{name}: time says {one.result.verdict}; {'; '.join(phrases)}")
        if phrases := undecided(one.result, *sides, mei):
            beyond.append(f"{name}: {'; '.join(phrases)}")
    if against:
        yield "Where time and counters disagree:"
        yield bullets(against)
    else:
        yield _no_disagreement(found)
    if beyond:
        yield "Where time is undecided, and counters changed:"
        yield bullets(beyond)


def _no_disagreement(found: Sequence[_Counters]) -> str:
    decided = [one for one in found if one.result.verdict not in {None, Verdict.UNDECIDED}]
    if not decided:
        return "Time is undecided everywhere: there is nothing to hold the counters against."
    return f"No counter disagrees with time on {counted(len(decided), 'benchmark')} it decided."


def _skipped(found: Iterable[_Counters]) -> Iterator[str]:
    """What was not counted: one line a reason, with all it applies to."""
    reasons: dict[tuple[Instrument, str], list[str]] = {}
    for one in found:
        for instrument, reason in one.skipped.items():
            reasons.setdefault((instrument, reason), []).append(code(one.result.name))
    if reasons:
        yield "Skipped:"
        yield bullets(
            f"{instrument} of {', '.join(names)}: {plain(reason)}"
            for (instrument, reason), names in reasons.items()
        )


def _details(one: _Counters) -> str:
    base, head = one.figures(Side.BASE), one.figures(Side.HEAD)
    rows = [
        [
            counter.words,
            _figure(counter, base.get(counter)),
            _figure(counter, head.get(counter)),
            _moved(counter, base, head),
        ]
        for counter in Counter
        if counter in base or counter in head
    ]
    rows += _from_rounds(one.rounds)
    blocks = [table(("counter", "base", "head", "change"), rows), *_system_calls(one)]
    blocks += [_names(counter, one.names[counter]) for counter in Counter if counter in one.names]
    return collapsed(f"All counters of {code(one.result.name)}", *blocks)


def _from_rounds(rounds: Sequence[Round]) -> list[list[str]]:
    """Medians of what every timed process was charged with."""
    if not rounds:
        return []
    memory, faults = (
        [int(np.median([_charged(taken, side, which) for taken in rounds])) for side in Side]
        for which in ("memory", "faults")
    )
    median = f"median of {counted(len(rounds), 'round')}"
    return [
        *_cpu_time(rounds, median),
        [f"peak resident memory, {median}", *map(mebibytes, memory), _relative(*memory)],
        [f"page faults, {median}", *map(_grouped, faults), _relative(*faults)],
    ]


def _cpu_time(rounds: Sequence[Round], median: str) -> list[list[str]]:
    """What a process and those it waited for computed; where rounds ran alone, not at once."""
    if rounds[0].design is Design.DUET:
        return []
    base_s, head_s = (
        float(np.median([taken.sample(side).cpu_s for taken in rounds])) for side in Side
    )
    ratio = percent(head_s / base_s) if base_s else "–"
    return [[f"CPU time, {median}", seconds(base_s), seconds(head_s), ratio]]


def _charged(taken: Round, side: Side, which: str) -> int:
    sample = taken.sample(side)
    if which == "memory":
        return sample.peak_rss_bytes
    return sample.minor_faults + sample.major_faults


def _system_calls(one: _Counters) -> Iterator[str]:
    """Kinds whose number changed, the largest changes first."""
    found = one.counted.get(Instrument.SYSTEM_CALLS)
    if found is None or found.base is None or found.head is None:
        return
    base, head = found.base.system_calls, found.head.system_calls
    moved = {
        name: head.get(name, 0) - base.get(name, 0)
        for name in sorted(base.keys() | head.keys())
        if head.get(name, 0) != base.get(name, 0)
    }
    largest = sorted(moved, key=lambda name: -abs(moved[name]))[:_KINDS_SHOWN]
    if not largest:
        return
    rows = [
        [code(name), _grouped(base.get(name, 0)), _grouped(head.get(name, 0)), _signed(moved[name])]
        for name in largest
    ]
    left = len(moved) - len(largest)
    yield table(("system call", "base", "head", "change"), rows)
    if left:
        yield f"{counted(left, 'kind')} with smaller changes not shown."


def _names(counter: Counter, names: Names) -> str:
    lines = []
    for words, found in (("only head", names.appeared), ("only base", names.vanished)):
        if found:
            lines.append(f"{words} ({len(found)}): {', '.join(code(name) for name in found)}")
    if len(names.appeared) + len(names.vanished) > _NAMES_SHOWN:
        summary = f"{counter.words}: {len(names.appeared)} appeared, {len(names.vanished)} vanished"
        return collapsed(summary, bullets(lines))
    return f"{counter.words.capitalize()}:\n\n{bullets(lines)}"


def _deciding(run: Run, result: Result) -> list[Round]:
    return of_design(run.rounds(result.name), result.design) if result.design else []


def _figure(counter: Counter, value: int | None) -> str:
    if value is None:
        return "–"
    return mebibytes(value) if counter in _IN_BYTES else _grouped(value)


def _moved(counter: Counter, base: Mapping[Counter, int], head: Mapping[Counter, int]) -> str:
    same = _SAME_BY_COUNTER.get(counter, _SAME)
    return _relative(base.get(counter), head.get(counter), same)


def _relative(base: int | None, head: int | None, same: float = _SAME) -> str:
    if base is None or head is None:
        return "–"
    if base == head:
        return "same"
    if not base:
        return _signed(head)
    return "same" if abs(head / base - 1) < same else percent(head / base)


def _grouped(value: int) -> str:
    return f"{value:,}"


def _signed(value: int) -> str:
    return f"{value:+,}".replace("-", "−")
