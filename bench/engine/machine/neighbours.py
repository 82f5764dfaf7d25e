"""Which other processes used the machine while something was measured, by name."""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import psutil

from bench.core.machine import Neighbour

_WORTH_NAMING = 0.01
_MOST = 5


@dataclass(frozen=True)
class _Process:
    name: str
    cpu_s: float


@dataclass(frozen=True)
class Neighbourhood:
    """CPU seconds of every process but this one and its own children, at one moment.

    A process's waited-for children count with it: a build or a test run shows under the name of
    what started it, though none of its short-lived children is ever seen.
    """

    at: float
    processes: Mapping[tuple[int, float], _Process]

    @classmethod
    def now(cls) -> Self:
        """Look around; processes that can't be looked at are left out."""
        found: dict[tuple[int, float], _Process] = {}
        own = _own_processes()
        for process in psutil.process_iter(("pid", "name", "create_time", "cpu_times")):
            told = process.info
            if told["pid"] in own or not told["cpu_times"]:
                continue
            times = told["cpu_times"]
            cpu_s = sum(times[:4])  # user, system, and both of waited-for children
            found[told["pid"], told["create_time"]] = _Process(told["name"], cpu_s)
        return cls(time.monotonic(), found)

    def busiest(self) -> tuple[Neighbour, ...]:
        """Those that used most since this moment, by name, as shares of all cores' time."""
        now = type(self).now()
        capacity_s = max(now.at - self.at, 1e-9) * (os.cpu_count() or 1)
        shares: defaultdict[str, float] = defaultdict(float)
        for key, process in now.processes.items():
            before = self.processes.get(key)
            used_s = process.cpu_s - (before.cpu_s if before else 0.0)
            shares[process.name] += used_s / capacity_s
        found = [
            Neighbour(name, round(min(share, 1.0), 4))
            for name, share in shares.items()
            if share >= _WORTH_NAMING
        ]
        return tuple(sorted(found, key=lambda one: (-one.share, one.name))[:_MOST])


def _own_processes() -> set[int]:
    """This process, its descendants and its ancestors: they only wait for us."""
    me = psutil.Process()
    own = {me.pid}
    with contextlib.suppress(psutil.Error):
        own |= {one.pid for one in me.children(recursive=True)}
        own |= {one.pid for one in me.parents()}
    return own
