"""Findings of a census: classes that would be smaller with slots, caches that do not pay."""

from __future__ import annotations

from collections.abc import Iterator

from bench.explain.patterns.census import CacheCount, Census, ClassCount
from bench.explain.rank.ranking import Pattern

_RARE = 100
_LOOKED_UP = 20
_SLOTS = "slots"
_CACHE = "cache"


def slots(census: Census, least_bytes: int) -> Iterator[Pattern]:
    """Classes whose instances would save so many bytes.

    Without such a limit also classes with slots that hardly have instances.
    """
    for one in sorted(census.classes, key=lambda one: (-_saving(one), one.name)):
        if one.has_slots and one.most < _RARE and not least_bytes:
            yield _rare(one, census.counts)
        elif not one.has_slots and _saving(one) >= max(1, least_bytes):
            yield _worth_it(one, census.counts)


def caches(census: Census, least_s: float) -> Iterator[Pattern]:
    """Caches that find too little, or throw away what is asked for again."""
    for one in sorted(census.caches, key=lambda one: (-one.misses, one.name)):
        cost = one.misses * census.miss_s
        looked_up = one.hits + one.misses
        if looked_up < _LOOKED_UP or cost < least_s:
            continue
        if one.hits < one.misses or one.evicted:
            yield _cache(one, cost)


def _saving(one: ClassCount) -> int:
    return 0 if one.has_slots else one.most * (one.with_dict - one.with_slots)


def _instances(one: ClassCount, counts: int) -> str:
    """How many there were; a peak between two counts is not seen."""
    if one.most == one.at_end:
        return f"{one.at_end} instances at the end"
    return f"at most {one.most} instances at once (in {counts} counts), {one.at_end} at the end"


def _worth_it(one: ClassCount, counts: int) -> Pattern:
    kind = "dataclass" if one.is_dataclass else "class"
    change = (
        "`@dataclass(slots=True)`, or a plain class with `__slots__`"
        if one.is_dataclass
        else "`__slots__` with its fields"
    )
    return Pattern(
        kind=_SLOTS,
        where=one.name,
        evidence=f"a {kind}, {_instances(one, counts)}, {one.fields} fields each: "
        f"{one.with_dict} bytes an instance, {one.with_slots} with slots",
        change=f"{change}, unless something sets other attributes, needs weak references or "
        "pickles it",
        backed_by="copies of the class, measured in this Python",
        cost_bytes=one.most * one.with_dict,
        saving_bytes=_saving(one),
    )


def _rare(one: ClassCount, counts: int) -> Pattern:
    return Pattern(
        kind=_SLOTS,
        where=one.name,
        evidence=f"has `__slots__`, and {_instances(one, counts)}",
        change="slots on a class with few instances save next to nothing",
        backed_by="count",
        pays=False,
    )


def _cache(one: CacheCount, cost_s: float) -> Pattern:
    found = one.hits / (one.hits + one.misses)
    thrown = f", {one.evicted} results thrown away again" if one.evicted else ""
    limit = "without limit" if one.limit is None else f"of {one.limit}"
    change = (
        "a larger limit, if what was thrown away is asked for again"
        if one.evicted and one.hits >= one.misses
        else "cache at another level, or not at all"
    )
    return Pattern(
        kind=_CACHE,
        where=one.name,
        evidence=f"{one.hits} of {one.hits + one.misses} calls found ({found:.0%}), cache "
        f"{limit}{thrown}",
        change=change,
        backed_by="what a miss adds to a call, measured in this Python",
        cost_s=cost_s,
        saving_s=cost_s,
    )
