"""The machine a run was measured on, and what disturbed it."""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """The machine a run was measured on. `name` is path-safe and stays the same across reboots."""

    name: str
    hostname: str
    cpu_model: str
    cpus: int
    memory_bytes: int
    system: str
    kernel: str
    hypervisor: str
    governor: str
    clock_source: str
    aslr: str
    isolated_cpus: tuple[int, ...]
    can_pin: bool


class Noise(msgspec.Struct, frozen=True):
    """Shares of all cores' time between two readings, each from 0 to 1, and the load at the end.

    `others` is what processes other than the measured ones used (the harness included), `steal`
    what the hypervisor gave to somebody else.
    """

    seconds: float
    load_1min: float
    others: float
    steal: float


class Neighbour(msgspec.Struct, frozen=True):
    """A program that ran beside the measured ones, and its share of all cores' time, 0 to 1."""

    name: str
    share: float
