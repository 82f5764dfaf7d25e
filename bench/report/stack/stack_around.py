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
from bench.report.summaries import PairFigure, PairSummary

REQUESTS = "requests"


@dataclass(frozen=True, kw_only=True)
class Around:
    """A layer around the scenarios of `target` that match; see `core/target.py`."""

    target: str
    scenario: str
    layer: str
    of: str
    benchmark: str
    each: str

    def is_around(self, record: StackRecord) -> bool:
        """Whether it stands around this command."""
        return self.target == record.target and fnmatchcase(record.scenario, self.scenario)


class _Found(NamedTuple):
    figure: PairFigure
    pair: PairSummary


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
        )
        for target in targets
        for one in target.around
    ]


def around_blocks(
    record: StackRecord, around: Sequence[Around], pairs: Sequence[PairSummary], page: Page
) -> Iterator[str]:
    """A table of the layers that were measured, and a line on the others that are declared."""
    declared = [one for one in around if one.is_around(record)]
    found = [(one, _find(one, pairs, record)) for one in declared]
    rows = _rows([(one, each) for one, each in found if each is not None], record, page)
    if rows:
        yield heading(3, "Layers around it, measured separately")
        yield (
            "What the command needs besides when it is used as a product, from runs of those "
            "layers. The sum is what they would add to the command's wall time."
        )
        yield table(("layer", "before", "after", "change"), rows)
    yield not_measured_around(record, around, pairs)


def not_measured_around(
    record: StackRecord, around: Sequence[Around], pairs: Sequence[PairSummary]
) -> str:
    """Which layers are declared and have no figures on the same machine and Python; "" for none."""
    declared = [one for one in around if one.is_around(record)]
    missing = [one for one in declared if _find(one, pairs, record) is None]
    return _not_measured(missing) if missing else ""


def _rows(
    found: Sequence[tuple[Around, _Found]], record: StackRecord, page: Page
) -> list[list[str]]:
    """A row for each layer, and their sum."""
    rows: list[list[str]] = []
    sums = dict.fromkeys(Side, 0.0)
    for one, run in found:
        times = {side: _times(one, record, side) for side in Side}
        values = {
            Side.BASE: (run.figure.base_s or 0.0) * times[Side.BASE],
            Side.HEAD: (run.figure.head_s) * times[Side.HEAD],
        }
        for side, value in values.items():
            sums[side] += value
        where = _where(run, times[Side.HEAD], page)
        rows.append([f"{plain(one.layer)} ({where})", *_cells(values)])
    if len(found) > 1:
        rows.append(["**all of them**", *_cells(sums)])
    return rows


def _cells(values: dict[Side, float]) -> list[str]:
    base, head = values[Side.BASE], values[Side.HEAD]
    sign = "+" if head > base else "−"
    return [seconds(base), seconds(head), f"{sign}{seconds(abs(head - base))}"]


def _find(one: Around, pairs: Sequence[PairSummary], record: StackRecord) -> _Found | None:
    """The newest figures of that benchmark on the same machine and Python."""
    found = _candidates(one, pairs, record)
    return max(found, key=lambda each: each.figure.started_at, default=None)


def _candidates(one: Around, pairs: Sequence[PairSummary], record: StackRecord) -> Iterator[_Found]:
    wanted = one.benchmark, record.machine.name, record.python
    for pair in pairs:
        if pair.target == one.of:
            for figure in pair.figures:
                if (figure.benchmark, figure.machine, figure.python) == wanted:
                    yield _Found(figure, pair)


def _times(one: Around, record: StackRecord, side: Side) -> float:
    if one.each != REQUESTS:
        return 1.0
    counts = [run.counts.get(REQUESTS, 0) for run in record.of(side) or record.of(Side.BASE)]
    return sum(counts) / len(counts)


def _where(found: _Found, times: float, page: Page) -> str:
    pair = found.pair
    words = f"{pair.target} {pair.pair.label}, {found.figure.benchmark}"
    target = page.link_to(page.output.root / pair.folder / "README.md")
    often = "" if times == 1 else f", {times:g} times"
    return link(words, target) + often


def _not_measured(missing: Sequence[Around]) -> str:
    """One line; any target is named so that a clone of a private repository can be given."""
    by_target: dict[str, list[str]] = {}
    for one in missing:
        by_target.setdefault(one.of, []).append(plain(one.layer))
    listed = "; ".join(
        f"{'; '.join(layers)} ({code(session('bench', f'{name} base..head --repo PATH'))})"
        for name, layers in by_target.items()
    )
    return f"Around it, but not measured on this machine and Python: {listed}."
