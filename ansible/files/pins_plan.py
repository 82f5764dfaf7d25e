#!/usr/bin/env python3
"""From the pin role's variables and a machine's facts to the list of pins it is to hold.

Standard input: {"knobs": {…}, "facts": {…}}; standard output: what /etc/bench/pins.json holds.
A pure function with a program around it: what can't be set on this machine is said here, with the
reason, and nowhere else. Exit status 2 with a message: the variables don't fit the machine.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

FORMAT = 1
Pin = dict[str, Any]


class MisfitError(Exception):
    """The variables do not fit the machine."""


def parse(text: str) -> tuple[int, ...]:
    """`0-2,5` is (0, 1, 2, 5); raises `MisfitError` for anything that is no such list."""
    if not re.fullmatch(r"(\d+(-\d+)?(,\d+(-\d+)?)*)?", text):
        raise MisfitError(f'"{text}" is not a list of CPUs such as 1 or 2-3,6.')
    cpus: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(cpus))


def join(cpus: tuple[int, ...]) -> str:
    """CPUs one by one, which every reader of such lists takes: `1,2,3`."""
    return ",".join(map(str, cpus))


def mask(cpus: tuple[int, ...], count: int) -> str:
    """The kernel's bit mask: hexadecimal, in groups of 32 CPUs."""
    bits = sum(1 << cpu for cpu in cpus)
    groups = range((max(count, 1) + 31) // 32)
    words = [f"{bits >> (32 * group) & 0xFFFFFFFF:x}" for group in reversed(groups)]
    return ",".join([words[0], *(word.zfill(8) for word in words[1:])])


def split(facts: dict[str, Any], wanted: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """CPUs for everything else, and CPUs for measuring (none where there is one CPU only).

    By default the first core keeps the house, with all its hyper-threads, unless that would leave
    nothing to measure on.
    """
    online = parse(facts["online_cpus"])
    measuring = parse(wanted)
    if not measuring:
        first_core = parse(facts["siblings"].get(str(online[0]), str(online[0])))
        rest = tuple(cpu for cpu in online if cpu not in first_core)
        measuring = rest or online[1:]
    absent = [cpu for cpu in measuring if cpu not in online]
    if absent:
        raise MisfitError(
            f"pin_measuring_cpus: there is no CPU {join(tuple(absent))} here "
            f"(only {facts['online_cpus']})."
        )
    housekeeping = tuple(cpu for cpu in online if cpu not in measuring)
    if not housekeeping or online[0] in measuring:
        raise MisfitError(
            f"pin_measuring_cpus: CPU {online[0]} has to stay with "
            "the system; it can't be set apart."
        )
    return housekeeping, measuring


def plan(knobs: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """All pins this machine is to hold."""
    housekeeping, measuring = split(facts, knobs["measuring_cpus"])
    kernel = "" if knobs["kernel"] else "the kernel is not this machine's own (a container)"
    apart = kernel or (
        ""
        if measuring and knobs["isolate"]
        else "no CPU is set apart (one CPU, or pin_isolate is off)"
    )
    systemd = "" if facts["systemd"] else "systemd does not run here"
    boot = apart or ("" if knobs["boot_loader"] else "the boot loader is not GRUB")
    arguments = [] if boot else kernel_arguments(knobs, join(housekeeping), join(measuring))
    files = written_files(knobs, mask(housekeeping, len(parse(facts["online_cpus"]))), apart)
    pins = [
        *sysctl_pins(knobs, kernel),
        *file_pins(files, kernel, apart),
        *cpu_pins(join(housekeeping), join(measuring), apart, boot, systemd),
        *[_pin(f"boot.{word.partition('=')[0]}", "argument", word, word) for word in arguments],
        *unit_pins(knobs, systemd),
        *power_pins(knobs, kernel),
    ]
    if knobs["swap_off"]:
        pins.append(_pin("memory.swap", "swap", "", "0", kernel))
    return {
        "format": FORMAT,
        "slice": "" if apart or systemd else "bench.slice",
        "measuring_cpus": "" if apart else join(measuring),
        "housekeeping_cpus": "" if apart else join(housekeeping),
        "kernel_arguments": arguments,
        "files": {} if kernel else {**files, **power_files(knobs)},
        "pins": pins,
    }


def _pin(name: str, kind: str, key: str, wanted: object, unavailable: str = "") -> Pin:
    pin: Pin = {"name": name, "kind": kind, "key": key, "wanted": str(wanted)}
    return pin | ({"unavailable": unavailable} if unavailable else {})


def sysctl_pins(knobs: dict[str, Any], kernel: str) -> list[Pin]:
    """Settings of the kernel; one it refused to take is not available here."""
    refused = "the kernel here refuses to set it"
    return [
        _pin(
            f"sysctl.{key}",
            "sysctl",
            key,
            value,
            kernel or (refused if key in knobs["refused"] else ""),
        )
        for key, value in knobs["sysctl"].items()
    ]


WORKQUEUE = "/sys/devices/virtual/workqueue/cpumask"


def written_files(knobs: dict[str, Any], housekeeping_mask: str, apart: str) -> dict[str, str]:
    """Files of /sys that are written at each boot."""
    files: dict[str, str] = dict(knobs["files"])
    if not apart:
        files[WORKQUEUE] = housekeeping_mask
    return files


def file_pins(files: dict[str, str], kernel: str, apart: str) -> list[Pin]:
    """One pin for each such file; those that list choices are read by what they mark."""
    pins = []
    for path, value in files.items():
        kind = "mask" if path == WORKQUEUE else "choice"
        pins.append(_pin(f"file.{'.'.join(path.split('/')[-2:])}", kind, path, value, kernel))
    if apart:
        pins.append(_pin("file.workqueue.cpumask", "mask", WORKQUEUE, "", apart))
    return pins


def cpu_pins(housekeeping: str, measuring: str, apart: str, boot: str, systemd: str) -> list[Pin]:
    """What is set apart, and what has to stay away from it."""
    cpu = "/sys/devices/system/cpu"
    return [
        _pin("cpu.isolated", "cpus", f"{cpu}/isolated", measuring, boot),
        _pin("cpu.nohz_full", "cpus", f"{cpu}/nohz_full", measuring, boot),
        _pin("cpu.services", "slice", "system.slice", housekeeping, apart or systemd),
        _pin("cpu.slice", "slice", "bench.slice", measuring, apart or systemd),
        _pin("cpu.interrupts", "cpumask", "/proc/irq/default_smp_affinity", housekeeping, boot),
    ]


def kernel_arguments(knobs: dict[str, Any], housekeeping: str, measuring: str) -> list[str]:
    """The kernel's command line, with this machine's CPUs filled in."""
    places = {"measuring": measuring, "housekeeping": housekeeping}
    return [argument.format(**places) for argument in knobs["kernel_arguments"]]


def unit_pins(knobs: dict[str, Any], systemd: str) -> list[Pin]:
    """Services and timers that must not run."""
    return [_pin(f"unit.{unit}", "unit", unit, "masked", systemd) for unit in knobs["masked_units"]]


GOVERNORS = "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"


def power_pins(knobs: dict[str, Any], kernel: str) -> list[Pin]:
    """What a cloud guest has no say in, and bare metal has."""
    pins = [_pin("cpu.pmu", "pmu", "hardware counters", "available", kernel)]
    if knobs["governor"]:
        pins.append(_pin("cpu.governor", "file", GOVERNORS, knobs["governor"], kernel))
    if knobs["turbo_off"]:
        pins.append(_pin("cpu.turbo", "turbo", "turbo control", "off", kernel))
    return pins


def power_files(knobs: dict[str, Any]) -> dict[str, str]:
    """The same as files written at each boot; those that are not there are passed over."""
    files: dict[str, str] = {}
    if knobs["governor"]:
        files[GOVERNORS] = knobs["governor"]
    if knobs["turbo_off"]:
        files["/sys/devices/system/cpu/intel_pstate/no_turbo"] = "1"
        files["/sys/devices/system/cpu/cpufreq/boost"] = "0"
    return files


def main() -> int:
    """Read, plan, print."""
    given = json.load(sys.stdin)
    try:
        print(json.dumps(plan(given["knobs"], given["facts"]), indent=1))
    except (MisfitError, KeyError) as error:
        reason = (
            f"unknown place or missing value {error}" if isinstance(error, KeyError) else str(error)
        )
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
