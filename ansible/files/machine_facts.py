#!/usr/bin/env python3
"""What kind of machine this is, as JSON: recorded with each run, never judged.

Also how values of a machine are read at all. Standard library only, and nothing of this project:
the playbook pipes it into machines that have nothing else yet.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

NOT_AVAILABLE = "not available"

# For tests only: a folder that stands for the machine's root.
ROOT = Path(os.environ.get("BENCH_PINS_ROOT", "/"))

# A value that cannot be read (None), or what it reads as.
Live = str | None


def read(path: str) -> Live:
    """The text of a file of the machine without its final newline; None when it can't be read."""
    try:
        return (ROOT / path.lstrip("/")).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def tool(*command: str) -> Live:
    """What a tool prints; None when it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def cpu_set(text: str) -> tuple[int, ...]:
    """The kernel's list format: `0-2,5` is (0, 1, 2, 5). Raises ValueError on anything else."""
    cpus: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(cpus))


def cpu_list(cpus: tuple[int, ...]) -> str:
    """The inverse: (0, 1, 2, 5) is `0-2,5`."""
    parts: list[list[int]] = []
    for cpu in cpus:
        if parts and cpu == parts[-1][-1] + 1:
            parts[-1].append(cpu)
        else:
            parts.append([cpu])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


def facts() -> dict[str, Any]:
    """What kind of machine this is; what it does not tell is "not available"."""
    cpus = cpu_set(read("/sys/devices/system/cpu/online") or "0")
    return {
        **_cpu_facts(),
        **_clock_facts(),
        "cpus": len(cpus),
        "online_cpus": cpu_list(cpus),
        "siblings": _siblings(cpus),
        "numa_nodes": len(list(ROOT.glob("sys/devices/system/node/node[0-9]*"))) or 1,
        "memory_kb": _field("/proc/meminfo", "MemTotal").removesuffix(" kB"),
        "kernel": platform.release(),
        "system": _field("/etc/os-release", "PRETTY_NAME", separator="=").strip('"'),
        "command_line": read("/proc/cmdline") or "",
        "virtualization": tool("systemd-detect-virt") or "none",
        "container": _container(),
        "systemd": (ROOT / "run/systemd/system").is_dir(),
        "product": read("/sys/class/dmi/id/product_name") or NOT_AVAILABLE,
        "steal_share": _steal(),
        "mitigations": _mitigations(),
        "tools": _tools(),
    }


def _cpu_facts() -> dict[str, str]:
    cpu = "/sys/devices/system/cpu"
    return {
        "cpu_model": _field("/proc/cpuinfo", "model name"),
        "microcode": _field("/proc/cpuinfo", "microcode"),
        "smt": read(f"{cpu}/smt/control") or NOT_AVAILABLE,
    }


def _clock_facts() -> dict[str, str]:
    clock = "/sys/devices/system/clocksource/clocksource0"
    return {
        "clocksource": read(f"{clock}/current_clocksource") or NOT_AVAILABLE,
        "clocksources": read(f"{clock}/available_clocksource") or NOT_AVAILABLE,
    }


def _siblings(cpus: tuple[int, ...]) -> dict[str, str]:
    """For each CPU those that share its core, itself among them."""
    topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    return {str(cpu): read(topology.format(cpu)) or str(cpu) for cpu in cpus}


def _field(path: str, name: str, separator: str = ":") -> str:
    match = re.search(rf"^{name}\s*{separator}\s*(.+)$", read(path) or "", re.MULTILINE)
    return match.group(1).strip() if match else NOT_AVAILABLE


def _container() -> str:
    found = tool("systemd-detect-virt", "--container")
    if found and found != "none":
        return found
    marked = [name for name in (".dockerenv", "run/.containerenv") if (ROOT / name).exists()]
    return "container" if marked else ""


def _steal() -> str:
    """Share of all CPU time since boot that the hypervisor gave to others."""
    first = (read("/proc/stat") or "").split("\n", 1)[0].split()
    times = [int(value) for value in first[1:9]]
    if len(times) < 8 or not sum(times):
        return NOT_AVAILABLE
    return f"{times[7] / sum(times):.4f}"


def _mitigations() -> dict[str, str]:
    folder = ROOT / "sys/devices/system/cpu/vulnerabilities"
    return {path.name: read(str(path.relative_to(ROOT))) or "" for path in sorted(folder.glob("*"))}


def _tools() -> dict[str, str]:
    """Versions of the tools the playbook installs, as they say themselves."""
    asked = {
        "uv": ("uv", "--version"),
        "hyperfine": ("hyperfine", "--version"),
        "valgrind": ("valgrind", "--version"),
        "perf": ("perf", "--version"),
        "py-spy": ("py-spy", "--version"),
        "memray": ("memray", "--version"),
    }
    return {name: tool(*command) or NOT_AVAILABLE for name, command in asked.items()}


if __name__ == "__main__":
    print(json.dumps(facts(), indent=1))
    sys.exit(0)
