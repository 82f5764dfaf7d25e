"""Processes that a traced run has left behind: found by their recordings, and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from bench.explain.trace.recording import Recorded
from bench.explain.trace.timeline import program_name

_TICK_NS = 50_000_000


def stop_left_behind(recorded: Sequence[Recorded]) -> list[str]:
    """Kill what is still alive of a run that is over; returns a line for each.

    The launcher kills the run's process group; a child in a session of its own escapes that.
    """
    notices: list[str] = []
    for one in recorded:
        started = _started_ns(one.pid)
        # Numbers are used again: the time of its start says whether it is that one.
        if started and one.started and abs(started - one.started) < _TICK_NS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one.pid, signal.SIGKILL)
                notices.append(f"{program_name(one.argv)} was left running, and was stopped")
    return notices


def _started_ns(pid: int) -> int:
    """When a living process was made, on CLOCK_MONOTONIC; 0 for one that is dead or not told of."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    state, *rest = fields.rpartition(")")[2].split()
    if state in {"Z", "X"}:
        return 0
    since_boot = int(rest[18]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return since_boot - (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns())
