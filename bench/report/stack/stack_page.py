"""One user's command, layer by layer: where its time goes before and after, and what remains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.core.program import session
from bench.core.sample import Side
from bench.engine.store.accounts import ACCOUNTS_FOLDER, StackRecord
from bench.formats.figure_style import MARKER
from bench.formats.markdown import bullets, code, heading, image, plain
from bench.formats.text import counted, day, joined, seconds, share
from bench.report.figures.stack_figure import StackBar, draw_stack
from bench.report.output import Output, Page
from bench.report.stack.stack_around import Around, around_blocks
from bench.report.stack.stack_layers import StackLayer, compared, wall
from bench.report.stack.stack_tables import (
    LEAST,
    counts_table,
    layers_table,
    programs_table,
    summary,
)
from bench.report.summaries import PairSummary

STACK_COLUMNS = ("command", "revisions", "Python", "before", "after",
                 "largest layer (after)", "measured", "machine")  # fmt: skip
_PROGRAMS = 8
_REMAINS = 3


def stack_file(record: StackRecord) -> str:
    """The page of a traced command, from `results/` on."""
    return f"{ACCOUNTS_FOLDER}/{record.target}/{record.label}/{record.scenario}.md"


@dataclass(frozen=True)
class Operation:
    """A command of a target between two revisions: the newest trace of each Python and machine."""

    target: str
    label: str
    scenario: str
    records: tuple[StackRecord, ...]

    @property
    def page(self) -> str:
        """Its page, from `results/` on."""
        return stack_file(self.records[0])


def write_stack_pages(
    pairs: Sequence[PairSummary], around: Sequence[Around], output: Output
) -> list[list[str]]:
    """Write the pages of all traced commands; returns the index's rows, in `STACK_COLUMNS`."""
    operations = _operations(output)
    output.problems += output.stack_errors
    rows = []
    for operation in operations:
        page = output.page(operation.page)
        with output.guarded(output.data / ACCOUNTS_FOLDER / operation.records[-1].place):
            page.write(_blocks(operation, page, pairs, around))
            rows += [_index_row(operation, record) for record in operation.records]
    return rows


def _operations(output: Output) -> list[Operation]:
    found: dict[tuple[str, str, str], dict[tuple[str, str], StackRecord]] = {}
    for record in output.stacks:
        key = (record.target, record.label, record.scenario)
        found.setdefault(key, {})[record.machine.name, record.python] = record
    return [
        Operation(*key, tuple(records[one] for one in sorted(records)))
        for key, records in sorted(found.items())
    ]


def _index_row(operation: Operation, record: StackRecord) -> list[str]:
    whole = wall(record)
    return [
        plain(f"{operation.target} {operation.scenario}"),
        f"[{operation.label}]({operation.page})",
        record.python,
        seconds(whole.base.mean),
        seconds(whole.head.mean) if whole.head else "–",
        _largest(record),
        day(record.started_at),
        plain(record.machine.name),
    ]


def _blocks(
    operation: Operation, page: Page, pairs: Sequence[PairSummary], around: Sequence[Around]
) -> Iterator[str]:
    yield heading(1, f"{plain(operation.target)} {plain(operation.scenario)}: the whole stack")
    notes = dict.fromkeys(one.note for one in operation.records if one.note)
    yield (
        f"One command ({plain(operation.label)}), traced through all its processes. Each moment of "
        "its wall time is counted once, in the layer that the command waited for at that moment, "
        "so the layers add up to the wall time. These runs carry a recorder and were made apart "
        "from the rounds, so times differ from those on the page of a pair. "
        + " ".join(f"({plain(note)}.)" for note in notes)
    )
    yield _conditions(operation)
    yield _picture(operation, page)
    for record in operation.records:
        yield from _of_record(record)
        yield from around_blocks(record, around, pairs, page)
    yield heading(2, "How to read this")
    yield bullets(_reading(operation))


def _conditions(operation: Operation) -> str:
    """How many runs, when, on which network: what the figures rest on."""
    rests = []
    for record in operation.records:
        runs = {counted(len(record.of(side)), "traced run") for side in Side if record.of(side)}
        a_side = " a side" if record.of(Side.HEAD) else ""
        load = "not recorded" if record.load is None else f"{record.load:.1f}"
        rests.append(
            f"Python {record.python}: {joined(sorted(runs))}{a_side}, {day(record.started_at)}, "
            f"load of the machine {load}"
        )
    return f"{'; '.join(map(plain, rests))}. Network: {plain(operation.records[0].network)}."


def _picture(operation: Operation, page: Page) -> str:
    """The bars; the alternative text says what they show."""
    bars = [bar for record in operation.records for bar in _bars(record)]
    title = f"{operation.target} {operation.scenario}: wall time by layer"
    words = "Means of the traced runs. Layers add up to the wall time."
    name = f"{operation.scenario}.svg"
    page.output.write(page.file.with_name(name), draw_stack(title, words, bars))
    walls = [wall(record) for record in operation.records]
    side = " after" if walls[-1].head else ""
    told = joined(
        [" → ".join(seconds(one.mean) for one in (each.base, each.head) if one) for each in walls]
    )
    largest = _largest(operation.records[-1])
    return image(f"{title}: {told}; the largest layer{side} is {largest}", name)


def _largest(record: StackRecord) -> str:
    """The layer that takes most of the newest side, and its share."""
    whole, one = wall(record), max(compared(record), key=_after)
    return f"{one.name} ({share(_after(one) / _after(whole))})"


def _after(one: StackLayer) -> float:
    return (one.head or one.base).mean


def _bars(record: StackRecord) -> Iterator[StackBar]:
    layers = compared(record)
    for side in Side:
        if not record.of(side):
            continue
        spans = [(one.name, one.base if side is Side.BASE else one.head) for one in layers]
        parts = tuple((name, max(span.mean, 0.0)) for name, span in spans if span is not None)
        yield StackBar(f"{record.pair.side(side).label}  {record.python}", parts)


def _of_record(record: StackRecord) -> Iterator[str]:
    yield heading(2, f"Python {plain(record.python)} on {plain(record.machine.name)}")
    yield summary(record)
    yield layers_table(record)
    programs = programs_table(record, _PROGRAMS)
    if programs:
        yield heading(3, "Time waited for subprocesses, by program")
        yield programs
    counts = counts_table(record)
    if counts:
        yield heading(3, "Counts")
        yield counts
    yield heading(3, "Largest remaining layers")
    yield bullets(_remains(compared(record), wall(record)))


def _remains(layers: Sequence[StackLayer], whole: StackLayer) -> Iterator[str]:
    total = _after(whole)
    for one in sorted(layers, key=lambda each: -_after(each))[:_REMAINS]:
        yield (
            f"{plain(one.name)}: {seconds(_after(one))}, {share(_after(one) / total)} of the "
            f"command. Without it the command would take {seconds(total - _after(one))}."
        )


def _reading(operation: Operation) -> Iterator[str]:
    yield f"Layers below {LEAST:.2%} of the longer side are left out of the tables."
    yield (
        "*Ranges*: from the shortest to the longest run. Ranges that do not overlap are no "
        "verdict: with two runs a side that happens by chance to one layer in three, with three "
        "to one in ten, with five to one in 126. "
        f"{code(session(f'bench-{operation.target}'))} decides what is faster."
    )
    for record in operation.records:
        told = [
            f"{plain(record.pair.side(side).label)} {seconds(min(record.bare_s[side]))}"
            for side in Side
            if record.bare_s.get(side)
        ]
        if told:
            python = plain(record.python)
            yield f"Python {python}, shortest run without the recorder: {joined(told)}."
    yield f"This page is {MARKER}."
