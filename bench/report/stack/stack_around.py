"""What stands around a traced command: other targets' benchmarks, once or once a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from bench.core.program import session
from bench.core.sample import Side
from bench.core.target import Target
from bench.engine.store.accounts import StackRecord
from bench.formats.markdown import code, heading, link, plain, table
from bench.formats.text import seconds
from bench.report.output import Page
from bench.report.stack.stack_layers import compared, wall
from bench.report.summaries import PairFigure, PairSummary

REQUESTS = "requests"
_MINUTE_S = 60.0
_LEAST_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Around:
    """A layer around the scenarios of `target` that match; see `core/target.py`."""

    target: str
    scenario: str
    layer: str
    of: str
    benchmark: str
    each: str
    public: str = ""

    def is_around(self, record: StackRecord) -> bool:
        """Whether it stands around this command."""
        return self.target == record.target and fnmatchcase(record.scenario, self.scenario)


class _Found(NamedTuple):
    figure: PairFigure
    pair: PairSummary

    def seconds(self, side: Side) -> float:
        """The median of a side."""
        return (self.figure.base_s or 0.0) if side is Side.BASE else self.figure.head_s


def around_of(targets: Iterable[Target]) -> list[Around]:
    """What the targets' files say."""
    return [
        Around(
            target=target.name,
            scenario=one.scenario,
            layer=one.layer,
            of=one.target,
            benchmark=one.benchmark,
            each=one.each,
            public=one.public,
        )
        for target in targets
        for one in target.around
    ]


def around_blocks(
    record: StackRecord, around: Sequence[Around], pairs: Sequence[PairSummary], page: Page
) -> Iterator[str]:
    """The layers that were measured, a user's minute, and a line on others that are declared."""
    found = measured_around(record, around, pairs)
    if found:
        yield heading(3, "Layers around it, measured separately")
        yield (
            "What the command needs besides when it is used as a product, from runs of those "
            "layers. The sum is what they would add to the command's wall time."
        )
        yield table(("layer", "before", "after", "change"), _rows(found, record, page))
        yield from _standing_in(found, record)
        yield heading(3, "Where a user's minute goes")
        yield (
            "The command and the layers around it, as parts of 60 seconds of waiting; what takes "
            "less than half a second of them is one row."
        )
        yield _minute(found, record)
    yield not_measured_around(record, around, pairs)


def measured_around(
    record: StackRecord, around: Sequence[Around], pairs: Sequence[PairSummary]
) -> list[tuple[Around, _Found]]:
    """Each layer around a command for which there are figures, with the newest of them."""
    declared = [one for one in around if one.is_around(record)]
    found = [(one, _find(one, pairs, record)) for one in declared]
    return [(one, each) for one, each in found if each is not None]


def not_measured_around(
    record: StackRecord, around: Sequence[Around], pairs: Sequence[PairSummary]
) -> str:
    """Which layers are declared and have no figures on the same Python; "" for none."""
    declared = [one for one in around if one.is_around(record)]
    missing = [one for one in declared if _find(one, pairs, record) is None]
    return _not_measured(missing) if missing else ""


def _rows(
    found: Sequence[tuple[Around, _Found]], record: StackRecord, page: Page
) -> list[list[str]]:
    """A row for each layer, their sum, and all that a user waits for."""
    rows = [
        [f"{plain(one.layer)} ({_where(one, run, record, page)})", *_cells(_adds(one, run, record))]
        for one, run in found
    ]
    sums = _sums(found, record)
    if len(found) > 1:
        rows.append(["**all of them**", *_cells(sums)])
    rows.append(["**the command and all of them**", *_cells(_with_command(sums, record))])
    return rows


def _adds(one: Around, run: _Found, record: StackRecord) -> dict[Side, float]:
    """What a layer adds to the command's wall time, in seconds."""
    return {side: run.seconds(side) * _times(one, record, side) for side in Side}


def _sums(found: Sequence[tuple[Around, _Found]], record: StackRecord) -> dict[Side, float]:
    added = [_adds(one, run, record) for one, run in found]
    return {side: sum(each[side] for each in added) for side in Side}


def _with_command(sums: dict[Side, float], record: StackRecord) -> dict[Side, float]:
    whole = wall(record)
    head = whole.head or whole.base
    return {Side.BASE: sums[Side.BASE] + whole.base.mean, Side.HEAD: sums[Side.HEAD] + head.mean}


def _minute(found: Sequence[tuple[Around, _Found]], record: StackRecord) -> str:
    """Each layer's seconds of a minute, before and after; the largest after first."""
    parts = {
        one.name: {Side.BASE: one.base.mean, Side.HEAD: (one.head or one.base).mean}
        for one in compared(record)
    }
    for one, run in found:
        # The trace has a row for a service that answers from files: this is another one.
        parts[one.layer] = _adds(one, run, record)
    all_of_it = _with_command(_sums(found, record), record)
    scaled = {
        name: {side: values[side] / all_of_it[side] * _MINUTE_S for side in Side}
        for name, values in parts.items()
    }
    shown = {name: one for name, one in scaled.items() if max(one.values()) >= _LEAST_S}
    rest = {side: _MINUTE_S - sum(one[side] for one in shown.values()) for side in Side}
    ordered = sorted(shown.items(), key=lambda item: -item[1][Side.HEAD])
    rows = [
        [plain(name), *(f"{one[side]:.1f} s" for side in Side)]
        for name, one in [*ordered, ("all others", rest)]
    ]
    if len(record.of(Side.HEAD)) == 0:
        return table(("layer", "of a minute"), [[name, value] for name, value, _ in rows])
    return table(("layer", "before", "after"), rows)


def _standing_in(found: Sequence[tuple[Around, _Found]], record: StackRecord) -> Iterator[str]:
    """Which project stands for which, and what was measured on another machine."""
    public = dict.fromkeys((run.pair.target, one.of) for one, run in found if _stands_in(one, run))
    for own, private in public:
        yield (
            f"{plain(own)} stands for {plain(private)}, whose repository is private and which has "
            f"no data here: *before* and *after* of its rows are revisions of {plain(own)}."
        )
    other = dict.fromkeys(
        run.figure.machine for _, run in found if run.figure.machine != record.machine.name
    )
    for machine in other:
        yield (
            f"Rows with the words *another machine* were measured on {plain(machine)}, the command "
            f"on {plain(record.machine.name)}: their sum tells orders of magnitude."
        )


def _stands_in(one: Around, run: _Found) -> bool:
    return run.pair.target != one.of


def _cells(values: dict[Side, float]) -> list[str]:
    base, head = values[Side.BASE], values[Side.HEAD]
    sign = "+" if head > base else "−"
    return [seconds(base), seconds(head), f"{sign}{seconds(abs(head - base))}"]


def _find(one: Around, pairs: Sequence[PairSummary], record: StackRecord) -> _Found | None:
    """The newest figures of that benchmark on the same Python.

    Those of the same machine come before those of others, and there the target's own before those
    of the one that stands for it.
    """
    found = list(_candidates(one, pairs, record))
    return max(found, key=lambda each: _rank(one, each, record), default=None)


def _rank(one: Around, run: _Found, record: StackRecord) -> tuple[bool, bool, str]:
    here = run.figure.machine == record.machine.name
    return here, not _stands_in(one, run), run.figure.started_at


def _candidates(one: Around, pairs: Sequence[PairSummary], record: StackRecord) -> Iterator[_Found]:
    for pair in pairs:
        if pair.target in {one.of, one.public}:
            for figure in pair.figures:
                if (figure.benchmark, figure.python) == (one.benchmark, record.python):
                    yield _Found(figure, pair)


def _times(one: Around, record: StackRecord, side: Side) -> float:
    if one.each != REQUESTS:
        return 1.0
    counts = [run.counts.get(REQUESTS, 0) for run in record.of(side) or record.of(Side.BASE)]
    return sum(counts) / len(counts)


def _where(one: Around, found: _Found, record: StackRecord, page: Page) -> str:
    pair = found.pair
    words = f"{pair.target} {pair.pair.label}, {found.figure.benchmark}"
    target = page.link_to(page.output.root / pair.folder / "README.md")
    times = _times(one, record, Side.HEAD)
    told = [
        f"{times:g} times" if times != 1 else "",
        f"stands for {plain(one.of)}" if _stands_in(one, found) else "",
        "another machine" if found.figure.machine != record.machine.name else "",
    ]
    return ", ".join([link(words, target), *filter(None, told)])


def _not_measured(missing: Sequence[Around]) -> str:
    """One line; any target is named so that a clone of a private repository can be given."""
    by_target: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        by_target.setdefault((one.of, one.public), []).append(plain(one.layer))
    listed = "; ".join(
        f"{'; '.join(layers)} ({_commands(*targets)})" for targets, layers in by_target.items()
    )
    return f"Around it, but not measured on this Python: {listed}."


def _commands(name: str, public: str) -> str:
    own = code(session("bench", f"{name} base..head --repo PATH"))
    return f"{own}, or its public counterpart: {code(session('bench', public))}" if public else own
