"""The parts of a range added up: by who wrote them, by what they change, by groups of benchmarks.

Every part is in exactly one row, so that the product of the rows is that of the parts. A part that
belongs to several authors or several paths is a row of theirs together: nothing tells how much of
it is whose.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bench.core.verdict import Interval
from bench.engine.statistics.products import geometric_mean_of, product_of
from bench.explain.attribute.record import Attribution
from bench.formats.text import joined
from bench.report.attribute.contributions import Contribution, Contributions

DETOURS = "putting branches and the line together"
UNKNOWN = "not known"
_KEYS = 4


class SumBy(enum.StrEnum):
    """What parts are added up by."""

    AUTHOR = "author"
    PATH = "path"
    GROUP = "group"


class PartsSum(msgspec.Struct, frozen=True, kw_only=True):
    """Parts that share their `keys`: one author or path, or several that cannot be told apart.

    `interval` is the product of theirs, None while one was not measured.
    """

    keys: tuple[str, ...]
    parts: int
    commits: int
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class GroupPart:
    """Commits, by number from 1, that every benchmark of a group tells from those around them."""

    numbers: tuple[int, ...]
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class GroupSum:
    """A group of benchmarks on one Python: the geometric mean of what each commit did to them.

    `left_out` are benchmarks of the group that do not live through the whole range.
    """

    group: str
    python: str
    benchmarks: tuple[str, ...]
    left_out: tuple[str, ...]
    whole: Interval | None
    parts: tuple[GroupPart, ...]


def by_author(one: Contributions) -> tuple[PartsSum, ...]:
    """The parts of each author."""
    return _summed(one.parts, lambda part: (commit.author for commit in part.own_commits))


def by_path(one: Contributions) -> tuple[PartsSum, ...]:
    """The parts by the modules and folders of the package that they change, as far as it is read.

    Told is the first name below the folder that all modules lie in which the scenario reads
    (`rich/console.py`, `codeflash/api/`); of what lies elsewhere the first name. Nothing where the
    record does not have the paths.
    """
    if not one.reach.paths:
        return ()
    return _summed(one.parts, lambda part: (_short(path, one.reach.package) for path in part.paths))


def _short(path: str, package: str) -> str:
    start = package if path.startswith(package) else ""
    name, slash, _rest = path[len(start) :].partition("/")
    return f"{start}{name}{slash}"


def _summed(
    parts: Iterable[Contribution], keys_of: Callable[[Contribution], Iterator[str]]
) -> tuple[PartsSum, ...]:
    found: dict[tuple[str, ...], list[Contribution]] = {}
    for part in parts:
        keys = (DETOURS,) if part.detour else tuple(sorted(set(keys_of(part)))) or (UNKNOWN,)
        found.setdefault(keys, []).append(part)
    sums = [
        PartsSum(
            keys=keys,
            parts=len(own),
            commits=sum(len(part.own_commits) for part in own),
            interval=_product(part.interval for part in own),
        )
        for keys, own in found.items()
    ]
    return tuple(sorted(sums, key=lambda one: (-_size(one.interval), one.keys)))


def _product(intervals: Iterable[Interval | None]) -> Interval | None:
    found = list(intervals)
    known = [one for one in found if one is not None]
    return product_of(known) if len(known) == len(found) else None


def _size(interval: Interval | None) -> float:
    return max(interval.ratio, 1 / interval.ratio) if interval else 1.0


def by_group(attribution: Attribution, found: Sequence[Contributions]) -> tuple[GroupSum, ...]:
    """Each group with several benchmarks on a Python, as far as all of them can be told of."""
    members: dict[tuple[str, str], list[Contributions]] = {}
    for one in found:
        group = attribution.asked.groups.get(one.scenario)
        if group is not None and not one.reach.failure:
            members.setdefault((group, one.python), []).append(one)
    sums = [_group(group, python, own) for (group, python), own in members.items()]
    return tuple(one for one in sums if len(one.benchmarks) > 1)


def _group(group: str, python: str, members: Sequence[Contributions]) -> GroupSum:
    living = [one for one in members if not one.reach.outside]
    wholes = [product_of(()) if not one.reach.steps else one.whole_interval for one in living]
    return GroupSum(
        group=group,
        python=python,
        benchmarks=tuple(one.scenario for one in living),
        left_out=tuple(one.scenario for one in members if one.reach.outside),
        whole=_mean(wholes),
        parts=tuple(_group_part(span, living) for span in _spans(living)),
    )


def _spans(living: Sequence[Contributions]) -> list[tuple[int, int]]:
    """First and last number of commits that no benchmark has parts across: the finest such."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(
        (min(part.numbers), max(part.numbers)) for one in living for part in one.parts
    ):
        if spans and first <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], last)
        else:
            spans.append((first, last))
    return spans


def _group_part(span: tuple[int, int], living: Sequence[Contributions]) -> GroupPart:
    first, last = span
    inside = [[part for part in one.parts if first <= part.numbers[0] <= last] for one in living]
    numbers = {number for own in inside for part in own for number in part.numbers}
    means = _mean([_product(part.interval for part in own) for own in inside])
    return GroupPart(numbers=tuple(sorted(numbers)), interval=means)


def _mean(intervals: Sequence[Interval | None]) -> Interval | None:
    known = [one for one in intervals if one is not None]
    return geometric_mean_of(known) if known and len(known) == len(intervals) else None


def sum_words(one: PartsSum) -> str:
    """Whose parts these are; several that cannot be told apart are *together*."""
    if len(one.keys) == 1:
        return one.keys[0]
    shown = one.keys[:_KEYS]
    more = len(one.keys) - len(shown)
    return joined([*shown, *([f"{more} more"] if more else [])]) + " together"


SUMS: Mapping[SumBy, Callable[[Contributions], tuple[PartsSum, ...]]] = {
    SumBy.AUTHOR: by_author,
    SumBy.PATH: by_path,
}
