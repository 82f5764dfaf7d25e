"""What a scenario has in memory: instances of the project's classes, and caches at its end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench.core.target import Benchmark
from bench.core.told import is_filled, read_literal
from bench.engine.measure.client import Invocation
from bench.explain.checks.overlay import with_path
from bench.explain.counters.running import NotCountedError, Runner, scratch

_FOLDER = Path(__file__).parents[1] / "agents" / "census"


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """A class of the project: its instances at the end, and the most that were seen at once.

    Bytes are those of one instance, without what its fields hold, measured with copies of the class
    in this Python; 0 where it `has_slots` already.
    """

    name: str
    at_end: int
    most: int
    is_dataclass: bool
    has_slots: bool
    fields: int
    with_dict: int
    with_slots: int


@dataclass(frozen=True, kw_only=True)
class CacheCount:
    """An `lru_cache`, anybody's; `limit` is None where it has none."""

    name: str
    hits: int
    misses: int
    limit: int | None
    entries: int

    @property
    def evicted(self) -> int:
        """Results that were thrown away for others."""
        return max(0, self.misses - self.entries)


@dataclass(frozen=True)
class Census:
    """One run; `miss_s` is what a cache adds to a call that it does not know, in seconds.

    Instances were counted so many times (`counts`), the last time at the end.
    """

    classes: tuple[ClassCount, ...]
    caches: tuple[CacheCount, ...]
    miss_s: float
    counts: int = 1


class _ToldCensus(TypedDict):
    """What the program in a process wrote (see `agents/census/sitecustomize.py`)."""

    classes: list[ClassCount]
    caches: list[tuple[str, int, int, int, int]]
    miss_ns: float
    counts: int


def take_census(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, own: Collection[str]
) -> Census:
    """Run once; raises `NotCountedError`."""
    with scratch(invocation) as folder:
        file = folder / "census"
        variables = {
            **with_path(invocation, _FOLDER),
            "BENCH_CENSUS": str(file),
            "BENCH_CENSUS_OWN": "\n".join(sorted(own)),
        }
        runner.run(benchmark, invocation, variables=variables)
        told = read_literal(file, _ToldCensus) if is_filled(file) else None
    if told is None:
        raise NotCountedError("no Python process of it could be asked for its objects")
    return Census(
        tuple(told["classes"]),
        tuple(
            CacheCount(
                name=name,
                hits=hits,
                misses=misses,
                limit=None if limit < 0 else limit,
                entries=entries,
            )
            for name, hits, misses, limit, entries in told["caches"]
        ),
        max(0.0, told["miss_ns"] / 1e9),
        told["counts"],
    )
