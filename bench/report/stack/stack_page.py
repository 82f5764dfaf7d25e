"""One user's command, layer by layer: where its time goes before and after, and what remains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.core.sample import Side
from bench.engine.store.accounts import ACCOUNTS_FOLDER, StackRecord
from bench.formats.figure_style import MARKER
from bench.formats.markdown import bullets, code, heading, image, plain, table
from bench.formats.text import day, joined, seconds, share
from bench.report.figures.stack_figure import Bar, Bars, draw_stack
from bench.report.output import Output, Page
from bench.report.select_runs import Collection
from bench.report.stack.stack_around import Around, around_rows
from bench.report.stack.stack_layers import StackLayer, compared, wall
from bench.report.stack.stack_tables import (
    LEAST,
    counts_table,
    layers_table,
    programs_table,
    summary,
)

STACK_COLUMNS = ("command", "revisions", "Python", "before", "after", "largest layer", "measured",
                 "machine")  # fmt: skip
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
    collection: Collection, around: Sequence[Around], output: Output
) -> list[list[str]]:
    """Write the pages of all traced commands; returns the index's rows, in `STACK_COLUMNS`."""
    rows = []
    for operation in _operations(output):
        page = output.page(operation.page)
        page.write(_blocks(operation, page, collection, around))
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
    largest = max(compared(record), key=lambda one: (one.head or one.base).mean)
    part = (largest.head or largest.base).mean / (whole.head or whole.base).mean
    return [
        plain(f"{operation.target} {operation.scenario}"),
        f"[{operation.label}]({operation.page})",
        record.python,
        seconds(whole.base.mean),
        seconds(whole.head.mean) if whole.head else "–",
        f"{largest.name} ({share(part)})",
        day(record.started_at),
        plain(record.machine.name),
    ]


def _blocks(
    operation: Operation, page: Page, collection: Collection, around: Sequence[Around]
) -> Iterator[str]:
    yield heading(1, f"{plain(operation.target)} {plain(operation.scenario)}: the whole stack")
    notes = dict.fromkeys(one.note for one in operation.records if one.note)
    yield (
        f"One command of a user's, {plain(operation.label)}, followed through all its processes "
        "and back. Each moment of its wall time is counted once, in the layer that the user "
        "waited for just then, so the layers add up. "
        + " ".join(f"({plain(note)}.)" for note in notes)
    )
    bars = [bar for record in operation.records for bar in _bars(record)]
    name = f"{operation.scenario}.svg"
    title = f"{operation.target} {operation.scenario}: wall time by layer"
    picture = page.picture(name, Bars(title, tuple(bars)), draw_stack)
    yield image("Wall time by layer, before and after", picture)
    for record in operation.records:
        yield from _of_record(record)
        rows = around_rows(record, around, collection, page)
        if rows:
            yield heading(3, "Around it: layers measured by themselves")
            yield (
                "What stands around the command where it is used, from runs of the other layers. "
                "The sum is what each would add; what could not be measured here is named."
            )
            yield table(("layer", "before", "after", "difference", "from"), rows, numbers=False)
    yield heading(2, "How to read this")
    yield bullets(_reading(operation))


def _bars(record: StackRecord) -> Iterator[Bar]:
    layers = compared(record)
    for side in Side:
        if not record.of(side):
            continue
        spans = [(one.name, one.base if side is Side.BASE else one.head) for one in layers]
        parts = tuple((name, max(span.mean, 0.0)) for name, span in spans if span is not None)
        yield Bar(f"{record.pair.side(side).label}  {record.python}", parts)


def _of_record(record: StackRecord) -> Iterator[str]:
    yield heading(2, f"Python {plain(record.python)} on {plain(record.machine.name)}")
    yield summary(record)
    yield layers_table(record)
    programs = programs_table(record, _PROGRAMS)
    if programs:
        yield heading(3, "Waited for in subprocesses, by program")
        yield programs
    counts = counts_table(record)
    if counts:
        yield heading(3, "Counts")
        yield counts
    yield heading(3, "What remains")
    yield bullets(_remains(compared(record), wall(record)))


def _remains(layers: Sequence[StackLayer], whole: StackLayer) -> Iterator[str]:
    total = (whole.head or whole.base).mean
    ranked = sorted(layers, key=lambda one: -(one.head or one.base).mean)
    for one in ranked[:_REMAINS]:
        after = (one.head or one.base).mean
        yield (
            f"{plain(one.name)}: {seconds(after)}, {share(after / total)} of the command. Without "
            f"any of it the command would take {seconds(total - after)}."
        )


def _reading(operation: Operation) -> Iterator[str]:
    yield f"Layers below {LEAST:.2%} of the longer side are left out of the tables."
    yield (
        "*Runs apart*: no run before lies within the runs after. With two runs a side that "
        "happens by chance to one layer in three, with three to one in ten, with five to one in "
        "126: it is no verdict. "
        f"Verdicts are made by {code('nox -s bench-' + operation.target)}."
    )
    for record in operation.records:
        told = [
            f"of {plain(record.pair.side(side).label)} {seconds(min(record.bare_s[side]))}"
            for side in Side
            if record.bare_s.get(side)
        ]
        if told:
            python = plain(record.python)
            yield f"Python {python}, shortest runs without the recorder: {joined(told)}."
    yield f"Network: {plain(operation.records[0].network)}."
    yield f"This page is {MARKER}."
