"""Tables of a traced command's layers, before and after: on its own page, and on its pair's."""

from __future__ import annotations

from collections.abc import Sequence

from bench.core.sample import Side
from bench.engine.store.accounts import StackRecord
from bench.formats.markdown import plain, table
from bench.formats.text import counted, joined, seconds, share
from bench.report.stack.stack_layers import Spread, StackLayer, compared, programs_of, wall

LEAST = 0.0001  # of the command: what is shorter is left out of the table
_MOVED = 3


def summary(record: StackRecord) -> str:
    """How many runs there are, and what moved most between the revisions."""
    whole = wall(record)
    runs = {counted(len(record.of(side)), "run") for side in Side if record.of(side)}
    text = f"Mean of {joined(sorted(runs))}{' a side' if whole.head else ''}."
    if whole.head is None:
        return text
    layers = compared(record)
    apart = [one for one in layers if one.head is not None and one.base.is_apart_from(one.head)]
    moved = sorted(apart, key=lambda one: -abs(_delta(one)))[:_MOVED]
    changes = joined([f"{one.name} ({signed_seconds(_delta(one))})" for one in moved])
    told = (
        f"Largest changes whose ranges do not overlap: {changes}."
        if moved
        else "The ranges of every layer overlap."
    )
    before, after = seconds(whole.base.mean), seconds(whole.head.mean)
    return f"{text} The command took {before} before, {after} after. {told}"


def layers_table(record: StackRecord) -> str:
    """All layers that are worth a row, and their sum."""
    whole = wall(record)
    worth = [one for one in compared(record) if _is_worth_a_row(one, whole)]
    return _table("layer", [*worth, whole], whole)


def programs_table(record: StackRecord, most: int) -> str:
    """What was waited for in child processes, by program; "" where there were none."""
    programs = programs_of(record)[:most]
    return _table("program", programs, wall(record)) if programs else ""


def counts_table(record: StackRecord) -> str:
    """What was counted; a range where it differs between runs; "" where nothing was."""
    names = dict.fromkeys(name for run in record.runs for name in run.counts)
    sides = [side for side in Side if record.of(side)]
    rows = [[plain(name), *(_all_counts(record, side, name) for side in sides)] for name in names]
    return table(("", *_sides(wall(record))), rows) if rows else ""


def _is_worth_a_row(one: StackLayer, whole: StackLayer) -> bool:
    """Whether it is more than rounding on one side at least."""
    least = LEAST * max(whole.base.mean, whole.head.mean if whole.head else 0.0)
    return max(one.base.mean, one.head.mean if one.head else 0.0) >= least


def _table(first: str, rows: Sequence[StackLayer], whole: StackLayer) -> str:
    """Both sides and their difference; of a single revision its time and share."""
    columns = (first, *_sides(whole), "share of after" if whole.head else "share")
    if whole.head is None:
        return table(columns, [_row(one, whole) for one in rows])
    return table((*columns, "change", "ranges"), [_row(one, whole) for one in rows])


def _sides(whole: StackLayer) -> tuple[str, ...]:
    return ("before", "after") if whole.head else ("time",)


def _row(one: StackLayer, whole: StackLayer) -> list[str]:
    after, total = one.head or one.base, whole.head or whole.base
    bold = "**" if one.name == whole.name else ""
    name = f"{bold}{plain(one.name)}{bold}"
    part = share(after.mean / total.mean) if total.mean else "–"
    if one.head is None:
        return [name, _with_spread(one.base), part]
    apart = "do not overlap" if one.base.is_apart_from(one.head) else "overlap"
    times = (_with_spread(one.base), _with_spread(one.head))
    return [name, *times, part, signed_seconds(_delta(one)), apart]


def _with_spread(span: Spread) -> str:
    if span.least == span.most:
        return seconds(span.mean)
    return f"{seconds(span.mean)} ({seconds(span.least)}–{seconds(span.most)})"


def _delta(one: StackLayer) -> float:
    return one.head.mean - one.base.mean if one.head else 0.0


def signed_seconds(value: float) -> str:
    """A difference of seconds with its sign."""
    return seconds(0.0) if not value else f"{'+' if value > 0 else '−'}{seconds(abs(value))}"


def _all_counts(record: StackRecord, side: Side, name: str) -> str:
    found = sorted({run.counts.get(name, 0) for run in record.of(side)})
    if not found:
        return "–"
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,}–{found[-1]:,}"
