"""How busy and how stolen from the machine was while something was measured."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from bench.core.machine import Noise


@dataclass(frozen=True)
class Reading:
    """Counters of the whole machine at one moment, in seconds since it started."""

    at: float
    busy_s: float
    steal_s: float


def read_counters() -> Reading:
    """The machine's CPU time counters now."""
    times = psutil.cpu_times()
    steal = float(getattr(times, "steal", 0.0))
    idle = times.idle + float(getattr(times, "iowait", 0.0))
    guest = float(getattr(times, "guest", 0.0)) + float(getattr(times, "guest_nice", 0.0))
    return Reading(time.monotonic(), sum(times) - idle - steal - guest, steal)


def noise_since(before: Reading, measured_cpu_s: float) -> Noise:
    """What happened on the machine since `before`, besides `measured_cpu_s` of our own."""
    now = read_counters()
    seconds = max(now.at - before.at, 1e-9)
    capacity = seconds * (os.cpu_count() or 1)
    others = max(now.busy_s - before.busy_s - measured_cpu_s, 0.0)
    return Noise(
        seconds=round(seconds, 3),
        load_1min=round(os.getloadavg()[0], 2),
        others=round(min(others / capacity, 1.0), 4),
        steal=round(min(max(now.steal_s - before.steal_s, 0.0) / capacity, 1.0), 4),
    )
