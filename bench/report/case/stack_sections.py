"""What a user waits for, by layer, and what process boundaries cost in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.sample import Side
from bench.engine.store.accounts import Saving, StackRecord
from bench.explain.trace.findings.words import title_of
from bench.formats.markdown import code, link, plain, table
from bench.formats.text import before_after, counted, joined, seconds, share
from bench.report.output import Page
from bench.report.pair.headline import revision_words
from bench.report.stack.stack_layers import Spread, StackLayer, compared, wall
from bench.report.stack.stack_page import stack_file
from bench.report.stack.stack_tables import signed_seconds

_LEAST = 0.01  # of the command: smaller layers are one row
_FINDINGS = 4
_RANGE = 2  # runs that have one
_FAR_S = 0.02


def waits_blocks(record: StackRecord, page: Page) -> Iterator[str]:
    """The layers of the traced command before and after; they add up to the wall time."""
    whole, layers = wall(record), compared(record)
    runs = len(record.of(Side.HEAD) or record.of(Side.BASE))
    target = page.link_to(page.output.root / stack_file(record))
    note = f" ({plain(record.note)})" if record.note else ""
    yield (
        f"One {code(record.scenario)}{note} at {plain(record.label)}, on Python {record.python}, "
        "followed through all its processes: each moment of the wall time is counted once, in the "
        f"layer that the command waited for. Means of {counted(runs, 'recorded run')} a side on "
        f"{plain(record.machine.name)} ({link('all of it', target)})."
    )
    worth = [one for one in layers if _longest(one) >= _LEAST * _longest(whole)]
    rest = _together([one for one in layers if one not in worth])
    rows = [_row(one, whole) for one in sorted(worth, key=lambda one: -_after(one).mean)]
    rows += [_row(rest, whole)] if rest else []
    yield table(("layer", "before → after", "share of after", "change", "ranges"),
                [*rows, _row(whole, whole)])  # fmt: skip


def _row(one: StackLayer, whole: StackLayer) -> list[str]:
    part = share(_after(one).mean / _after(whole).mean)
    name = f"**{plain(one.name)}**" if one is whole else plain(one.name)
    if one.head is None:
        return [name, seconds(one.base.mean), part, "–", "–"]
    moved = one.head.mean - one.base.mean
    apart = "do not overlap" if one.base.is_apart_from(one.head) else "overlap"
    if min(one.base.runs, one.head.runs) < _RANGE:
        apart = "–"
    times = before_after(one.base.mean, one.head.mean)
    return [name, times, part, signed_seconds(moved), apart]


def _together(layers: list[StackLayer]) -> StackLayer | None:
    """What is too small for rows of its own, so that rows add up; its range is not known."""
    if not layers:
        return None
    base = sum(one.base.mean for one in layers)
    head = sum(one.head.mean for one in layers if one.head) if layers[0].head else None
    return StackLayer(
        f"{counted(len(layers), 'smaller layer')} together",
        Spread(base, base, base, 1),
        None if head is None else Spread(head, head, head, 1),
    )


def _after(one: StackLayer) -> Spread:
    return one.head or one.base


def _longest(one: StackLayer) -> float:
    return max(one.base.mean, _after(one).mean)


def boundaries_blocks(record: StackRecord, page: Page, later: str) -> Iterator[str]:
    """What the rules of the trace found on the newest side; `later` says what came after it."""
    side = Side.HEAD if record.of(Side.HEAD) else Side.BASE
    found = [one for one in record.findings if one.side is side]
    if not found:
        return
    revision, whole = record.pair.side(side), _after(wall(record)).mean
    counts = record.of(side)[0].counts
    told = [f"{counts[name]} {name}" for name in ("processes", "requests", "connections")
            if name in counts]  # fmt: skip
    yield (
        f"Boundaries between processes, as traced in {plain(revision_words(revision))}"
        + (f" ({joined(told)} in one {code(record.scenario)})" if told else "")
        + f". Costs of different rows can overlap.{later}"
    )
    rows = [
        [
            title_of(one), seconds(one.cost_s), share(one.cost_s / whole),
            seconds(_saving_s(one.savings)), one.grounds,
        ]
        for one in found[:_FINDINGS]
    ]  # fmt: skip
    columns = (
        "boundary",
        "cost",
        "share",
        f"saved where a round trip takes {seconds(_FAR_S)}",
        "basis",
    )
    yield table(columns, rows)
    more = len(found) - _FINDINGS
    if more > 0:
        target = page.link_to(page.output.root / stack_file(record))
        yield f"{more} smaller ones are in the data of {link('the trace', target)}."


def _saving_s(savings: Sequence[Saving]) -> float:
    """What a change would save where a round trip takes so long, or nearly so."""
    return min(savings, key=lambda one: abs(one.round_trip_s - _FAR_S)).seconds
