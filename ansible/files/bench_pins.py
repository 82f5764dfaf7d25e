#!/usr/bin/env python3
"""What a benchmark machine is, and whether the pins it should hold are held: live values only.

    bench-pins compare < pins.json   the report, as JSON on standard output
    bench-pins verify                /etc/bench/pins.json -> /var/lib/bench/verify.json
    bench-pins show                  the same without writing; needs no root

Exit statuses: 0 every pin is held or not available here, 1 a pin is broken, 2 there is nothing to
compare with. Nothing on the machine is changed.

The report's format is described in ansible/roles/verify/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from machine_facts import ROOT, Live, cpu_list, cpu_set, facts, read, tool

FORMAT = 1
WANTED = Path("/etc/bench/pins.json")
REPORT = Path("/var/lib/bench/verify.json")
NOT_AVAILABLE = "not available"
Pin = dict[str, Any]

# --- how each kind of pin reads its live value -------------------------------------------------


def read_file(pin: Pin) -> Live:
    """One file, or all files of a pattern: their common value, or all that occur."""
    if "*" not in pin["key"]:
        return read(pin["key"])
    found = sorted(ROOT.glob(pin["key"].lstrip("/")))
    values = {read(str(path.relative_to(ROOT))) for path in found}
    return ", ".join(sorted(str(value) for value in values)) or None


def read_choice(pin: Pin) -> Live:
    """A file that marks what is chosen among what could be: `always madvise [never]`."""
    text = read(pin["key"])
    if text is None:
        return None
    chosen = re.search(r"\[([^\]]+)\]", text)
    return chosen.group(1) if chosen else text


def read_sysctl(pin: Pin) -> Live:
    """One setting of the kernel."""
    text = read(f"/proc/sys/{pin['key'].replace('.', '/')}")
    return None if text is None else " ".join(text.split())


def read_argument(pin: Pin) -> Live:
    """One argument of the running kernel's command line; empty when it is not there."""
    name, equals, _ = pin["key"].partition("=")
    words = (read("/proc/cmdline") or "").split()
    given = [word for word in words if word == name or (equals and word.startswith(f"{name}="))]
    return given[-1] if given else ""


def read_unit(pin: Pin) -> Live:
    """State of a unit that is to be masked: `masked`, `absent`, or what it is instead."""
    shown = tool("systemctl", "show", "-p", "LoadState,ActiveState,UnitFileState", pin["key"])
    if shown is None:
        return None
    state = dict(line.partition("=")[::2] for line in shown.splitlines())
    if state.get("LoadState") == "not-found":
        return "absent"
    if state.get("ActiveState") in {"active", "activating", "reloading"}:
        return f"{state.get('UnitFileState') or state.get('LoadState')} but active"
    return state.get("UnitFileState") or state.get("LoadState")


def read_slice(pin: Pin) -> Live:
    """CPUs that processes in a running slice may use; None where systemd does not run."""
    if not (ROOT / "run/systemd/system").is_dir():
        return None
    return read(f"/sys/fs/cgroup/{pin['key']}/cpuset.cpus.effective") or "no such slice"


def read_swap(_: Pin) -> Live:
    """Number of active swap areas."""
    text = read("/proc/swaps")
    return None if text is None else str(max(len(text.splitlines()) - 1, 0))


def read_cpumask(pin: Pin) -> Live:
    """A file with a bit mask of CPUs, as a list of them."""
    text = read(pin["key"])
    if text is None:
        return None
    bits = int(text.replace(",", "") or "0", 16)
    return cpu_list(tuple(cpu for cpu in range(bits.bit_length()) if bits >> cpu & 1))


def read_turbo(_: Pin) -> Live:
    """Whether the CPU may go above its base frequency: `on`, `off`, None without a control."""
    no_turbo = read("/sys/devices/system/cpu/intel_pstate/no_turbo")
    boost = read("/sys/devices/system/cpu/cpufreq/boost")
    return {"1": "off", "0": "on"}.get(no_turbo or "") or {"1": "on", "0": "off"}.get(boost or "")


def read_pmu(_: Pin) -> Live:
    """`available` when hardware counters count: many guests show some that never do."""
    names = ("cpu", "cpu_core")
    if not any((ROOT / f"sys/bus/event_source/devices/{name}").exists() for name in names):
        return None
    perf = tool("perf", "stat", "-x,", "-e", "instructions", "--log-fd", "1", "true")
    if perf is not None and re.match(r"<not (supported|counted)>|0,", perf):
        return None
    return "available"


READERS: dict[str, Callable[[Pin], Live]] = {
    "file": read_file,
    "choice": read_choice,
    "cpus": lambda pin: (read(pin["key"]) or "").replace("(null)", ""),
    "sysctl": read_sysctl,
    "argument": read_argument,
    "unit": read_unit,
    "slice": read_slice,
    "swap": read_swap,
    "cpumask": read_cpumask,
    "mask": lambda pin: read(pin["key"]),
    "turbo": read_turbo,
    "pmu": read_pmu,
}
CPU_KINDS = {"cpus", "slice", "cpumask"}


# --- comparing ---------------------------------------------------------------------------------


def held(pin: Pin, live: str) -> bool:
    """Whether a live value is what is wanted."""
    wanted = str(pin["wanted"])
    if pin["kind"] == "unit":
        return live in {"masked", "absent"}
    try:
        if pin["kind"] in CPU_KINDS:
            return cpu_set(live) == cpu_set(wanted)
        if pin["kind"] == "mask":
            return int(live.replace(",", ""), 16) == int(wanted.replace(",", ""), 16)
    except ValueError:
        return False
    return live == wanted


def judge(pin: Pin) -> Pin:
    """A wanted pin with its live value and status: held, broken, or not available."""
    reader = READERS.get(pin["kind"])
    if reader is None:
        stop(f"{pin['name']}: unknown kind of pin {pin['kind']!r}")
    live = reader(pin) if pin.get("key") or pin["kind"] == "swap" else None
    told = {"name": pin["name"], "kind": pin["kind"], "key": pin.get("key", "")}
    told |= {"wanted": str(pin["wanted"]), "live": live}
    if live is not None and held(pin, live):
        return told | {"status": "held", "reason": ""}
    if pin.get("unavailable"):
        return told | {"status": NOT_AVAILABLE, "reason": pin["unavailable"]}
    if live is None:
        return told | {"status": NOT_AVAILABLE, "reason": f"this machine has no {pin['key']}"}
    return told | {
        "status": "broken",
        "reason": f"wanted {pin['wanted']}, found {live or 'nothing'}",
    }


def compare(wanted: dict[str, Any]) -> dict[str, Any]:
    """The report without the machine's facts: every pin judged."""
    pins = [judge(pin) for pin in wanted["pins"]]
    count = dict.fromkeys(("held", "broken", NOT_AVAILABLE), 0)
    for pin in pins:
        count[pin["status"]] += 1
    isolated = any(pin["name"] == "cpu.isolated" and pin["status"] == "held" for pin in pins)
    return {
        "format": FORMAT,
        "checked": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "boot_id": read("/proc/sys/kernel/random/boot_id"),
        "pinned": isolated and not count["broken"],
        "held": count["held"],
        "broken": count["broken"],
        "not_available": count[NOT_AVAILABLE],
        "slice": wanted.get("slice", ""),
        "measuring_cpus": wanted.get("measuring_cpus", ""),
        "housekeeping_cpus": wanted.get("housekeeping_cpus", ""),
        "pins": pins,
    }


# --- the command line --------------------------------------------------------------------------


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by everybody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def load(text: str, source: str) -> dict[str, Any]:
    """Wanted pins from JSON. Exits with status 2 and a message when they are none."""
    try:
        wanted = json.loads(text)
        fits = wanted["format"] == FORMAT and isinstance(wanted["pins"], list)
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        stop(f"{source} is not a list of wanted pins (format {FORMAT}).")
    return dict(wanted)


def stop(message: str) -> NoReturn:
    """End with status 2: nothing could be compared."""
    print(f"bench-pins: {message}", file=sys.stderr)
    raise SystemExit(2)


def tell(report: dict[str, Any]) -> None:
    """The report in words: one line, and one for each pin that is not held."""
    for pin in report["pins"]:
        if pin["status"] != "held":
            print(f"{pin['status']}: {pin['name']}: {pin['reason']}")
    state = "pinned" if report["pinned"] else "NOT PINNED"
    print(
        f"{state}: {report['held']} pins held, {report['broken']} broken, "
        f"{report['not_available']} not available"
    )


def verify(wanted_file: Path, report_file: Path | None) -> dict[str, Any]:
    """Compare the machine with its own list of pins; a report that can't be made is removed."""
    if report_file is not None:
        with contextlib.suppress(FileNotFoundError):
            report_file.unlink()
    try:
        text = wanted_file.read_text(encoding="utf-8")
    except OSError as error:
        stop(f"{wanted_file}: {error.strerror}. The playbook's pin role writes it.")
    report = compare(load(text, str(wanted_file))) | {"facts": facts()}
    if report_file is not None:
        write_whole(report_file, json.dumps(report, indent=1) + "\n")
    return report


def main() -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench-pins", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=["compare", "verify", "show"])
    parser.add_argument("--wanted", type=Path, default=WANTED)
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--json", action="store_true", help="print the report instead of words")
    options = parser.parse_args()
    # At a shutdown, too, half a report is to be cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.command == "compare":
        print(json.dumps(compare(load(sys.stdin.read(), "standard input")), indent=1))
        return 0
    report = verify(options.wanted, options.report if options.command == "verify" else None)
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        tell(report)
    return 1 if report["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
