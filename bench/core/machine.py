"""The machine a run was measured on, and what disturbed it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine a run was measured on. `name` is path-safe and stays the same across reboots.

    `smt` is the state of simultaneous multithreading, as Linux names it. `reference_us` are the
    microseconds of a fixed computation (`machine/fingerprint.py`): what the machine can do. Older
    data have neither.
    """

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
    smt: str = ""
    reference_us: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def times_as_slow_as(self, other: Machine) -> float | None:
        """How many times the other's time the fixed computation takes; None where not known."""
        if self.reference_us is None or other.reference_us is None:
            return None
        return self.reference_us / other.reference_us


class Pinning(msgspec.Struct, frozen=True, kw_only=True):
    """What the playbook's last verification of this machine found, by the names of its pins.

    `checked` is a moment (ISO 8601, UTC); `this_boot`: it was made since the machine last started.
    `facts` are the machine's properties as it wrote them down.
    """

    pinned: bool
    checked: str
    this_boot: bool
    held: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    not_available: tuple[str, ...] = ()
    facts: dict[str, Any] = {}

    @property
    def holds(self) -> bool:
        """Whether the machine is known to be pinned now."""
        return self.pinned and self.this_boot and not self.broken


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
