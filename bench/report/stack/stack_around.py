"""What stands around a traced command: other targets' benchmarks, once or once a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from bench.core.result import Result
from bench.core.sample import Side
from bench.core.target import Target
from bench.engine.store.accounts import StackRecord
from bench.formats.markdown import code, link, plain
from bench.formats.text import seconds
from bench.report.output import Page
from bench.report.select_runs import Collection, Evaluated

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


class _Found(NamedTuple):
    result: Result
    run: Evaluated
    page: str


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


def around_rows(
    record: StackRecord, around: Sequence[Around], collection: Collection, page: Page
) -> list[list[str]]:
    """A row for each layer that is declared, and their sum; none when nothing is declared."""
    rows: list[list[str]] = []
    sums = dict.fromkeys(Side, 0.0)
    measured = 0
    for one in around:
        if one.target != record.target or not fnmatchcase(record.scenario, one.scenario):
            continue
        found = _find(one, collection, record)
        if found is None:
            rows.append([f"{plain(one.layer)} ({_how_to_measure(one)})", "–", "–", "–"])
            continue
        times = {side: _times(one, record, side) for side in Side}
        values = {
            Side.BASE: (found.result.base_s or 0.0) * times[Side.BASE],
            Side.HEAD: (found.result.head_s or 0.0) * times[Side.HEAD],
        }
        measured += 1
        for side, value in values.items():
            sums[side] += value
        where = _where(found, times[Side.HEAD], page)
        rows.append([f"{plain(one.layer)} ({where})", *_cells(values)])
    if measured > 1:
        rows.append(["**all of them**", *_cells(sums)])
    return rows


def _cells(values: dict[Side, float]) -> list[str]:
    base, head = values[Side.BASE], values[Side.HEAD]
    sign = "+" if head > base else "−"
    return [seconds(base), seconds(head), f"{sign}{seconds(abs(head - base))}"]


def _find(one: Around, collection: Collection, record: StackRecord) -> _Found | None:
    """The newest figures of that benchmark on the same machine and Python."""
    found = _candidates(one, collection, record)
    return max(found, key=lambda candidate: candidate.run.run.manifest.started_at, default=None)


def _candidates(one: Around, collection: Collection, record: StackRecord) -> Iterator[_Found]:
    for pair in collection.pairs:
        for on in pair.machines:
            if pair.target != one.of or on.machine.name != record.machine.name:
                continue
            page = f"{pair.target}/{pair.pair.label}/README.md"
            for run in on.shown:
                for result in run.results if run.python == record.python else ():
                    if result.name == one.benchmark and result.head_s is not None:
                        yield _Found(result, run, page)


def _times(one: Around, record: StackRecord, side: Side) -> float:
    if one.each != REQUESTS:
        return 1.0
    counts = [run.counts.get(REQUESTS, 0) for run in record.of(side) or record.of(Side.BASE)]
    return sum(counts) / len(counts)


def _where(found: _Found, times: float, page: Page) -> str:
    pair = found.run.run.manifest.pair
    words = f"{found.run.run.manifest.target} {pair.label}, {found.result.name}"
    target = page.link_to(page.output.root / found.page)
    often = "" if times == 1 else f", {times:g} times"
    return link(words, target) + often


def _how_to_measure(one: Around) -> str:
    command = f".venv/bin/nox -s bench-{one.of} -- base..head --benchmark {one.benchmark}"
    return f"not measured on this machine and Python; {code(command)} does"
