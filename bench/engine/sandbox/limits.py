"""Limits of each measured process, so that none takes the machine down with it."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass

import psutil

_PROCESSES = 4096
_FILE_BYTES = 8 * 1024**3
_MEMORY_SHARE = 0.5
OUTPUT_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Limits:
    """`memory_bytes` of data a process, `file_bytes` of one file, `processes` in all."""

    memory_bytes: int
    file_bytes: int = _FILE_BYTES
    processes: int = _PROCESSES

    def words(self) -> tuple[str, ...]:
        """A command that sets them for what is started behind it (util-linux's `prlimit`)."""
        return (
            "prlimit",
            "--core=0",
            f"--data={_allowed(resource.RLIMIT_DATA, self.memory_bytes)}",
            f"--fsize={_allowed(resource.RLIMIT_FSIZE, self.file_bytes)}",
            f"--nproc={_allowed(resource.RLIMIT_NPROC, self.processes)}",
        )

    def reason(self, status: int | None, said: str, peak_rss_bytes: int) -> str:
        """Which limit a failed process has run into, as far as it can be told; "" for none."""
        gib = 1024**3
        if status == -25 or "File too large" in said:  # SIGXFSZ
            return f"a file may hold at most {self.file_bytes / gib:g} GiB"
        if "Resource temporarily unavailable" in said or "can't start new thread" in said:
            return f"at most {self.processes} processes and threads may run at once"
        if "MemoryError" in said or "Cannot allocate memory" in said or (
            peak_rss_bytes > 0.9 * self.memory_bytes
        ):  # fmt: skip
            return f"a process may use at most {self.memory_bytes / gib:.1f} GiB of memory"
        return ""


def usual_limits() -> Limits:
    """Half of this machine's memory a process: two of them run at once."""
    return Limits(round(psutil.virtual_memory().total * _MEMORY_SHARE))


def _allowed(which: int, wanted: int) -> int:
    """What is wanted, or less where this process is itself limited to less."""
    hard = resource.getrlimit(which)[1]
    return wanted if hard == resource.RLIM_INFINITY or os.geteuid() == 0 else min(hard, wanted)
