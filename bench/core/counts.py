"""Counters of a process besides its time: nearly deterministic, taken once, after the timing."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Instrument(enum.StrEnum):
    """What counts; each needs a process of its own. From the cheapest to the most expensive."""

    OBSERVER = "observer"
    MEMORY = "tracemalloc"
    SYSTEM_CALLS = "strace"
    INSTRUCTIONS = "instructions"
    ALLOCATIONS = "allocations"


class Counter(enum.StrEnum):
    """What is counted; memory in bytes. The values are stored in `data/`: never change one."""

    INSTRUCTIONS = "instructions"
    MODULES_OWN = "modules_own"
    MODULES_STANDARD = "modules_standard_library"
    MODULES_THIRD_PARTY = "modules_third_party"
    OPENS = "python_opens"
    PROCESSES = "python_processes_started"
    CONNECTIONS = "python_connections"
    SILENT = "python_processes_unobserved"
    PEAK_MEMORY = "python_memory_peak"
    HELD_MEMORY = "python_memory_held"
    ALLOCATED = "memory_allocated"
    ALLOCATIONS = "memory_allocations"
    SYSTEM_CALLS = "system_calls"
    FAILED_CALLS = "system_calls_failed"
    FILES_OPENED = "files_opened"
    PROGRAMS = "programs_started"
    FILES_WRITTEN = "python_files_written"
    REQUESTS = "service_requests"
    SERVICE_CONNECTIONS = "service_connections"
    BYTES_UP = "service_bytes_up"
    BYTES_DOWN = "service_bytes_down"
    REQUESTS_AGAIN = "service_requests_again"
    CLIENT_REQUESTS = "client_requests"

    @property
    def words(self) -> str:
        """The counter as it stands in a table."""
        return _WORDS[self]


_WORDS = {
    Counter.INSTRUCTIONS: "instructions",
    Counter.MODULES_OWN: "modules: own",
    Counter.MODULES_STANDARD: "modules: standard library",
    Counter.MODULES_THIRD_PARTY: "modules: third party",
    Counter.OPENS: "files opened by Python code",
    Counter.PROCESSES: "processes started by Python code",
    Counter.CONNECTIONS: "connections tried by Python code",
    Counter.SILENT: "Python processes that could not be observed",
    Counter.PEAK_MEMORY: "Python memory: peak",
    Counter.HELD_MEMORY: "Python memory: held at the end",
    Counter.ALLOCATED: "memory allocated in all",
    Counter.ALLOCATIONS: "allocations",
    Counter.SYSTEM_CALLS: "system calls",
    Counter.FAILED_CALLS: "system calls that failed",
    Counter.FILES_OPENED: "files opened",
    Counter.PROGRAMS: "programs started",
    Counter.FILES_WRITTEN: "files opened for writing by Python code",
    Counter.REQUESTS: "requests to the service",
    Counter.SERVICE_CONNECTIONS: "connections to the service",
    Counter.BYTES_UP: "bytes to the service",
    Counter.BYTES_DOWN: "bytes from the service",
    Counter.REQUESTS_AGAIN: "requests sent again to the service",
    Counter.CLIENT_REQUESTS: "requests of clients, answered",
}
# Of each timed process, told by the journal of the service it asked.
TRAFFIC = (
    Counter.REQUESTS, Counter.SERVICE_CONNECTIONS, Counter.REQUESTS_AGAIN, Counter.BYTES_UP,
    Counter.BYTES_DOWN,
)  # fmt: skip
MODULES = (Counter.MODULES_OWN, Counter.MODULES_STANDARD, Counter.MODULES_THIRD_PARTY)


class Tally(msgspec.Struct, frozen=True, omit_defaults=True):
    """One side's figures from one instrument; `system_calls` are by kind."""

    figures: dict[Counter, Count]
    system_calls: dict[str, Count] = {}


class Names(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only one side has, sorted: `appeared` only head, `vanished` only base."""

    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
