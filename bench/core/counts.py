"""Counters of a process besides its time: nearly deterministic, taken once, after the timing."""

from __future__ import annotations

import enum

import msgspec


class Instrument(enum.StrEnum):
    """What counts; each needs a process of its own. From the cheapest to the most expensive."""

    OBSERVER = "observer"
    MEMORY = "tracemalloc"
    SYSTEM_CALLS = "strace"
    INSTRUCTIONS = "instructions"


class Counter(enum.StrEnum):
    """What is counted, in the words of a table."""

    INSTRUCTIONS = "instructions"
    MODULES_OWN = "modules: own"
    MODULES_STANDARD = "modules: standard library"
    MODULES_THIRD_PARTY = "modules: third party"
    OPENS = "files opened by Python code"
    PROCESSES = "processes started by Python code"
    CONNECTIONS = "connections tried by Python code"
    SILENT = "Python processes that could not be observed"
    PEAK_MEMORY = "Python memory: peak, bytes"
    HELD_MEMORY = "Python memory: held at the end, bytes"
    SYSTEM_CALLS = "system calls"
    FAILED_CALLS = "system calls that failed"
    FILES_OPENED = "files opened"
    PROGRAMS = "programs started"


MODULES = (Counter.MODULES_OWN, Counter.MODULES_STANDARD, Counter.MODULES_THIRD_PARTY)


class Tally(msgspec.Struct, frozen=True, omit_defaults=True):
    """One side's figures from one instrument; `system_calls` are by kind."""

    figures: dict[Counter, int]
    system_calls: dict[str, int] = {}


class Names(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only one side has, sorted: `appeared` only head, `vanished` only base."""

    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
