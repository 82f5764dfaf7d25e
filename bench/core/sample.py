"""What one measured process used, and the pair of them that is the unit of all data."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from bench.core.counts import Count, Counter

# Limits of what is read back: beyond them no process was measured.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e8)]
SomeSeconds = Annotated[float, msgspec.Meta(gt=0, le=1e8)]
Moment = Annotated[float, msgspec.Meta(ge=0, le=1e11)]


class Design(enum.StrEnum):
    """How the two sides of a round are run.

    `DUET`: both at once on one core, compared by CPU time (after Bulej et al. 2020, who used two
    cores). `PAIRS`: one after the other in random order (Abedi & Brecht 2017).
    """

    DUET = "duet"
    PAIRS = "pairs"


class Metric(enum.StrEnum):
    """Which figure of a sample a comparison rests on."""

    CPU = "cpu"
    WALL = "wall"
    VALUE = "value"
    PEAK_RSS = "peak_rss"


class Side(enum.StrEnum):
    """One of the two revisions of a pair."""

    BASE = "base"
    HEAD = "head"


class Sample(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One measured process with everything the kernel accounted to it and its waited-for children.

    `values_s` are the pyperf values (seconds per loop) when the process was a script's worker;
    `counts` what a service that keeps a journal was asked for by it. `alone_s` are CPU seconds of a
    duet's side after the other one had ended, 0 for the one that ended first; None where not known
    (format 2 and before). `first_thread_s` and `children_s` are CPU seconds of a process's first
    thread and, in ticks of 10 ms, of its children; they are told of probes and not stored with
    rounds.
    """

    wall_s: SomeSeconds
    user_s: Seconds
    system_s: Seconds
    peak_rss_bytes: Count
    minor_faults: Count
    major_faults: Count
    voluntary_switches: Count
    involuntary_switches: Count
    run_queue_s: Seconds | None = None
    values_s: tuple[SomeSeconds, ...] = ()
    counts: dict[Counter, Count] = {}
    alone_s: Seconds | None = None
    first_thread_s: Seconds | None = None
    children_s: Seconds | None = None

    @property
    def cpu_s(self) -> float:
        """User and system time together, in seconds."""
        return self.user_s + self.system_s

    def measured(self, metric: Metric) -> float:
        """The figure `metric` names, in seconds, or bytes of peak memory.

        A worker's values are condensed to their median.

        Values of one process share its memory layout and hash seed: they are not independent, so a
        process contributes one number (Kalibera & Jones 2013).
        """
        if metric is Metric.CPU:
            return self.cpu_s
        if metric is Metric.WALL:
            return self.wall_s
        if metric is Metric.PEAK_RSS:
            return float(self.peak_rss_bytes)
        ordered = sorted(self.values_s)
        middle = len(ordered) // 2
        if len(ordered) % 2:
            return ordered[middle]
        return (ordered[middle - 1] + ordered[middle]) / 2


class Round(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One base and one head sample taken together: never split, never re-paired."""

    benchmark: str
    design: Design
    index: Count
    first: Side
    hash_seed: Count
    started_at: Moment
    base: Sample
    head: Sample
    cpu: Count | None = None

    def sample(self, side: Side) -> Sample:
        """The sample of one side."""
        return self.base if side is Side.BASE else self.head
