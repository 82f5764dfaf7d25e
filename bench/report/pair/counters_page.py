"""Counters beside time: an overview, where they disagree with time, and the figures of each."""

from __future__ import annotations

import re
from collections import Counter as Tallied
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.counts import Counter, Instrument, Names
from bench.core.result import Result
from bench.core.sample import Round, Side
from bench.core.target import Kind
from bench.core.verdict import Verdict
from bench.engine.evaluation import of_design
from bench.engine.store.events import Counted
from bench.engine.store.run import Run
from bench.explain.counters.witness import disagreements, modules, undecided
from bench.formats.markdown import bullets, code, document, heading, link, plain, table
from bench.formats.text import amount, change, counted, day, mebibytes, signed
from bench.report.output import Output, Page
from bench.report.pair.traffic import repeated, traffic_blocks
from bench.report.select_runs import Evaluated, PairRuns, Shown

_INTRODUCTION = (
    "Each figure comes from one process a side after the timing, under a fixed hash seed, with its "
    "child processes. Counters say what changed; they are no measure of time. Instructions of "
    "one revision repeat within 0.1%, allocations within 1%: what differs by less is called the "
    "same. System calls of programs with threads vary by some per cent."
)
_OVERVIEW = (
    ("instructions", Counter.INSTRUCTIONS),
    ("system calls", Counter.SYSTEM_CALLS),
    ("files opened", Counter.FILES_OPENED),
    ("Python memory, peak", Counter.PEAK_MEMORY),
    ("allocated", Counter.ALLOCATED),
)
_IN_BYTES = {Counter.PEAK_MEMORY, Counter.HELD_MEMORY, Counter.ALLOCATED}
_SAME = 0.001
_SAME_BY_COUNTER = {Counter.ALLOCATED: 0.01, Counter.ALLOCATIONS: 0.01}
_NAMES_SHOWN = 8
_KINDS_SHOWN = 6


@dataclass(frozen=True)
class CountedBenchmark:
    """Everything that was counted of a benchmark."""

    result: Result
    counted: dict[Instrument, Counted]
    rounds: list[Round]

    def figures(self, side: Side) -> dict[Counter, int]:
        """All counters of a side."""
        tallies = [one.side(side) for one in self.counted.values()]
        return {
            counter: figure
            for tally in tallies
            if tally is not None
            for counter, figure in tally.figures.items()
        } | repeated(self.rounds, side)

    @property
    def sides(self) -> tuple[dict[Counter, int], dict[Counter, int]]:
        """The counters of base and of head."""
        return self.figures(Side.BASE), self.figures(Side.HEAD)

    @property
    def names(self) -> dict[Counter, Names]:
        """What only one side has, by counter."""
        return {
            counter: names for one in self.counted.values() for counter, names in one.names.items()
        }

    @property
    def skipped(self) -> dict[Instrument, str]:
        """Why an instrument was not used."""
        return {one.instrument: one.skipped for one in self.counted.values() if one.skipped}


def counted_of(one: Evaluated) -> list[CountedBenchmark]:
    """All benchmarks of a run that can be counted (scripts can't), counted or not yet."""
    run = one.counted_in.run if isinstance(one, Shown) else one.run
    return [
        CountedBenchmark(result, run.counted(result.name), _deciding(one.run, result))
        for result in one.evaluation.results
        if result.benchmark.kind is not Kind.SCRIPT and result.available
    ]


def write_counters_pages(pair: PairRuns, output: Output, folder: str, title: str) -> None:
    """Write the page of all runs, and for each run one with every counter of each benchmark."""
    page = output.page(f"{folder}/counters.md")
    page.write(_page_blocks(pair, page, title))
    for on in pair.machines:
        for one in on.shown:
            if details := counters_details(one):
                own = output.page(f"{folder}/{details_name(one)}")
                back = link("overview", "counters.md")
                name = f"{one.name}, {on.machine.name}"
                own.write(
                    (heading(1, f"Counters of {title}, {name}"), back, _INTRODUCTION, details)
                )


def _page_blocks(pair: PairRuns, page: Page, title: str) -> Iterator[str]:
    yield heading(1, f"Counters of {title}")
    yield page.back()
    yield _INTRODUCTION
    for on in pair.machines:
        for one in reversed(on.shown):
            yield heading(2, f"{one.name}, {on.machine.name}")
            if one.counted_in is not one:
                yield _of_another_run(one)
            yield counters_section(one) or "Scripts are not counted."
            if any(each.counted for each in counted_of(one)):
                yield link("All counters of each benchmark", details_name(one))


def _of_another_run(one: Shown) -> str:
    """Whose counters these are, where the run that is shown has none."""
    other = one.counted_in.run.manifest
    return (
        f"Counted in run {code(other.run_id)} of {day(other.started_at)}, which differs from the "
        f"one that is shown ({code(one.run.manifest.run_id)}, {day(one.run.manifest.started_at)}) "
        "in nothing but that."
    )


def details_name(one: Shown) -> str:
    """The file with every counter of a run: its machine and its name tell it from the others."""
    words = f"{one.run.manifest.machine.name} {one.name.removeprefix('Python ')}"
    return f"counters-{re.sub(r'[^a-z0-9.]+', '-', words.lower())}.md"


def counters_details(one: Evaluated) -> str:
    """Every counter of each benchmark, as Markdown; "" when nothing was counted."""
    blocks: list[str] = []
    for each in counted_of(one):
        if each.counted:
            blocks += (heading(2, plain(each.result.name)), *_details(each))
    return document(blocks).rstrip() if blocks else ""


def counters_section(one: Evaluated) -> str:
    """What counters say of a run, as Markdown without a heading.

    "" when nothing can have been counted (scripts only).
    """
    found = counted_of(one)
    if not found:
        return ""
    ready = [each for each in found if each.counted]
    if not ready:
        chosen = one.run.manifest.options.counters
        return "Not counted yet." if chosen else "Not counted (`--no-counters`)."
    return document(_blocks(ready)).rstrip()


def _blocks(found: Sequence[CountedBenchmark]) -> Iterator[str]:
    yield _overview(found)
    yield from traffic_blocks(
        {one.result.name: one.rounds for one in found},
        {one.result.name: one.sides for one in found},
    )
    yield from _remarks(found)
    yield from _skipped(found)


def _overview(found: Sequence[CountedBenchmark]) -> str:
    """Without the columns of what was counted of no benchmark."""
    rows, columns = [], ["benchmark", "time", *(title for title, _ in _OVERVIEW), "modules"]
    for one in found:
        base, head = one.sides
        before, after = modules(base), modules(head)
        time = change(one.result.size.interval if one.result.size else None)
        cells = [moved(counter, base, head) for _title, counter in _OVERVIEW]
        imported = "–" if before is None or after is None else f"{before} → {after}"
        rows.append([code(one.result.name), time, *cells, imported])
    kept = [at for at in range(len(columns)) if any(row[at] != "–" for row in rows)]
    return table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows])


def _remarks(found: Sequence[CountedBenchmark]) -> Iterator[str]:
    against, beyond = [], []
    for one in found:
        name = code(one.result.name)
        if phrases := disagreements(one.result, *one.sides):
            against.append(f"{name}: time says {one.result.verdict}; {'; '.join(phrases)}")
        if phrases := undecided(one.result, *one.sides):
            beyond.append(f"{name}: {'; '.join(phrases)}")
    if against:
        yield "Where time and counters disagree:"
        yield bullets(against)
    else:
        yield _no_disagreement(found)
    if beyond:
        yield "Where time is undecided, and counters changed:"
        yield bullets(beyond)


def _no_disagreement(found: Sequence[CountedBenchmark]) -> str:
    decided = [one for one in found if one.result.verdict not in {None, Verdict.UNDECIDED}]
    if not decided:
        return "Time is undecided everywhere: there is no verdict to compare the counters with."
    all_ = "all " if len(decided) > 1 else ""
    return f"Counters agree with {all_}{counted(len(decided), 'verdict')}."


def _skipped(found: Iterable[CountedBenchmark]) -> Iterator[str]:
    """What was not counted: one line a reason, with all it applies to."""
    reasons: dict[tuple[Instrument, str], list[str]] = {}
    for one in found:
        for instrument, reason in one.skipped.items():
            # The seconds differ from benchmark to benchmark; the reason is one.
            short = "no time left for it" if "would take" in reason else reason
            reasons.setdefault((instrument, short), []).append(code(one.result.name))
    if reasons:
        yield "Skipped:"
        yield bullets(
            f"{instrument} of {', '.join(names)}: {plain(reason)}"
            for (instrument, reason), names in reasons.items()
        )


def _details(one: CountedBenchmark) -> list[str]:
    rows = counter_rows(one)
    blocks = [table(("counter", "base", "head", "change"), rows), *_system_calls(one)]
    blocks += [_names(counter, one.names[counter]) for counter in Counter if counter in one.names]
    return blocks


def counter_rows(one: CountedBenchmark) -> list[list[str]]:
    """Every counter with its figure on base and on head, and its change, in words."""
    base, head = one.sides
    rows = [
        [
            counter.words,
            _figure(counter, base.get(counter)),
            _figure(counter, head.get(counter)),
            moved(counter, base, head),
        ]
        for counter in Counter
        if counter in base or counter in head
    ]
    return rows + _from_rounds(one.rounds)


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
        [f"peak resident memory, {median}", *map(mebibytes, memory), amount(*memory)],
        [f"page faults, {median}", *map(_grouped, faults), amount(*faults, of_count=True)],
    ]


def _charged(taken: Round, side: Side, which: str) -> int:
    sample = taken.sample(side)
    if which == "memory":
        return sample.peak_rss_bytes
    return sample.minor_faults + sample.major_faults


def _system_calls(one: CountedBenchmark) -> Iterator[str]:
    """Kinds whose number changed, the largest changes first."""
    found = one.counted.get(Instrument.SYSTEM_CALLS)
    if found is None or found.base is None or found.head is None:
        return
    base, head = found.base.system_calls, found.head.system_calls
    changed = {
        name: head.get(name, 0) - base.get(name, 0)
        for name in sorted(base.keys() | head.keys())
        if head.get(name, 0) != base.get(name, 0)
    }
    largest = sorted(changed, key=lambda name: -abs(changed[name]))[:_KINDS_SHOWN]
    if not largest:
        return
    rows = [
        [
            code(name),
            _grouped(base.get(name, 0)),
            _grouped(head.get(name, 0)),
            signed(changed[name]),
        ]
        for name in largest
    ]
    left = len(changed) - len(largest)
    yield table(("system call", "base", "head", "change"), rows)
    if left:
        yield f"{counted(left, 'kind')} with smaller changes not shown."


def _names(counter: Counter, names: Names) -> str:
    """Single names, or where there are many their packages; `rounds.jsonl` has all of them."""
    lines = [
        f"{words} ({len(found)}): {_names_or_packages(found)}"
        for words, found in (("only head", names.appeared), ("only base", names.vanished))
        if found
    ]
    return f"{counter.words.capitalize()}:\n\n{bullets(lines)}"


def _names_or_packages(names: Sequence[str]) -> str:
    if len(names) <= _NAMES_SHOWN:
        return ", ".join(code(name) for name in names)
    packages = Tallied(name.partition(".")[0] for name in names).most_common()
    shown = [
        code(name) if count == 1 else f"{code(name)} {count}"
        for name, count in packages[:_NAMES_SHOWN]
    ]
    more = sum(count for _, count in packages[_NAMES_SHOWN:])
    return f"{', '.join(shown)}{f', {more} of other packages' if more else ''}"


def _deciding(run: Run, result: Result) -> list[Round]:
    return of_design(run.rounds(result.name), result.design) if result.design else []


def _figure(counter: Counter, value: int | None) -> str:
    if value is None:
        return "–"
    return mebibytes(value) if counter in _IN_BYTES else _grouped(value)


def moved(counter: Counter, base: Mapping[Counter, int], head: Mapping[Counter, int]) -> str:
    """By how much a counter changed; `same` where it repeats no better."""
    before, after = base.get(counter), head.get(counter)
    same = _SAME_BY_COUNTER.get(counter, _SAME)
    if before and after is not None and abs(after / before - 1) < same:
        return "same"
    return amount(before, after, of_count=counter not in _IN_BYTES)


def _grouped(value: int) -> str:
    return f"{value:,}"
