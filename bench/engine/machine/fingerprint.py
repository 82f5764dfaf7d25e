"""What machine this is: recorded in every run, and part of where its data lies."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import time
from functools import cache
from pathlib import Path

import psutil

from bench.core.machine import Machine
from bench.engine.machine.pinning import Slice, parse_cpu_list

_PASSES = 100
_EXPONENT = (1 << 256) - 189
_MODULUS = (1 << 512) - 569


def describe_machine() -> Machine:
    """Read the machine's properties; what the system does not tell is "not available"."""
    model = _cpu_model()
    cpus = os.cpu_count() or 1
    identity = _read("/etc/machine-id") or socket.gethostname()
    digest = hashlib.sha256(f"{identity}/{model}/{cpus}".encode()).hexdigest()[:6]
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:30].strip("-")
    return Machine(
        name=f"{slug}-{cpus}cpu-{digest}",
        hostname=socket.gethostname(),
        cpu_model=model,
        cpus=cpus,
        memory_bytes=psutil.virtual_memory().total,
        system=_system(),
        kernel=platform.release(),
        hypervisor="virtual machine" if " hypervisor" in _read("/proc/cpuinfo") else "none seen",
        governor=_tell("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        clock_source=_tell("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        aslr=_tell("/proc/sys/kernel/randomize_va_space"),
        isolated_cpus=isolated_cpus(),
        can_pin=hasattr(os, "sched_setaffinity"),
        smt=_tell("/sys/devices/system/cpu/smt/control"),
        reference_us=reference_us(),
    )


@cache
def reference_us() -> float:
    """Microseconds of the fastest of many passes of one computation, to two digits.

    Two machines of one CPU model need not be of one speed, and their names may be the same (copied
    images). Modular powers of numbers in the first cache: CPython has them in C, alike since 3.11,
    and a pass is short enough to find the core to itself on a busy machine.
    """
    fastest_ns = min(_pass_ns() for _ in range(_PASSES))
    return float(f"{fastest_ns / 1000:.2g}")


def _pass_ns() -> int:
    started = time.perf_counter_ns()
    pow(3, _EXPONENT, _MODULUS)
    return time.perf_counter_ns() - started


def isolated_cpus() -> tuple[int, ...]:
    """Cores the kernel keeps other work away from (`isolcpus`), as numbers."""
    return parse_cpu_list(_read("/sys/devices/system/cpu/isolated"))


def measuring_cpus(machine: Machine, apart: Slice | None = None) -> tuple[int, ...]:
    """Cores a measured process may be pinned to: those set `apart`, isolated ones, or all of ours.

    A container may leave isolated ones out. Empty where processes can't be pinned (macOS).
    """
    if not machine.can_pin:
        return ()
    if apart is not None:
        return apart.cpus
    ours = os.sched_getaffinity(0)
    isolated = tuple(cpu for cpu in machine.isolated_cpus if _can_pin_to(cpu))
    os.sched_setaffinity(0, ours)
    return isolated or tuple(sorted(ours))


def _can_pin_to(cpu: int) -> bool:
    try:
        os.sched_setaffinity(0, {cpu})
    except OSError:
        return False
    return True


def _cpu_model() -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return match.group(1).strip() if match else platform.processor() or platform.machine()


def _system() -> str:
    match = re.search(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release"), re.MULTILINE)
    return match.group(1) if match else f"{platform.system()} {platform.release()}"


def _tell(file: str) -> str:
    return _read(file).strip() or "not available"


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
