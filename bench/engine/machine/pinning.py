"""Whether this machine is pinned, and the slice it sets apart for measured processes.

The playbook under `ansible/` pins a machine and leaves a report of what it found live
(`ansible/roles/verify/README.md` describes it). Here it is read, never judged again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.machine import Pinning
from bench.core.process import run_tool

REPORT = Path("var/lib/bench/verify.json")
_BOOT = Path("proc/sys/kernel/random/boot_id")
_SLICE_CPUS = Path("sys/fs/cgroup/bench.slice/cpuset.cpus.effective")
_ENTER = "bench-slice"


@dataclass(frozen=True)
class Slice:
    """A cgroup with cores of its own: what starts a process in it, and the cores."""

    prefix: tuple[str, ...]
    cpus: tuple[int, ...]


def find_slice(root: Path = Path("/")) -> Slice | None:
    """`bench.slice` if it runs here and we may start processes in it."""
    try:
        cpus = parse_cpu_list((root / _SLICE_CPUS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    command = shutil.which(_ENTER)
    if (
        not cpus
        or command is None
        or not run_tool([command, "true"], timeout_s=20, guarded=False).ok
    ):
        return None
    return Slice((command,), cpus)


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """The kernel's list format: `0-2,5` is (0, 1, 2, 5)."""
    cpus: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return tuple(cpus)


def read_pinning(root: Path = Path("/")) -> Pinning | None:
    """What the last verification found; None where there is none that can be read."""
    try:
        told = json.loads((root / REPORT).read_text(encoding="utf-8"))
        boot = (root / _BOOT).read_text(encoding="utf-8").strip()
        return _pinning(told, boot)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _pinning(told: Mapping[str, Any], boot: str) -> Pinning:
    by_status: dict[str, list[str]] = {}
    for pin in told["pins"]:
        by_status.setdefault(pin["status"], []).append(pin["name"])
    return Pinning(
        pinned=bool(told["pinned"]),
        checked=str(told["checked"]),
        this_boot=told["boot_id"] == boot,
        held=tuple(by_status.get("held", ())),
        broken=tuple(by_status.get("broken", ())),
        not_available=tuple(by_status.get("not available", ())),
        facts=dict(told.get("facts", {})),
    )
