"""The programs that plan, compare and report pins, on machines made of files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.infrastructure import ANSIBLE

FILES = ANSIBLE / "files"
KNOBS: dict[str, Any] = {
    "measuring_cpus": "",
    "kernel": True,
    "isolate": True,
    "boot_loader": True,
    "sysctl": {"kernel.randomize_va_space": "2", "kernel.nmi_watchdog": "0"},
    "refused": [],
    "files": {"/sys/kernel/mm/transparent_hugepage/enabled": "never"},
    "kernel_arguments": ["isolcpus=managed_irq,domain,{measuring}", "nosoftlockup"],
    "masked_units": [],
    "swap_off": True,
    "governor": "performance",
    "turbo_off": True,
}
FACTS: dict[str, Any] = {
    "online_cpus": "0-3",
    "siblings": {"0": "0-1", "1": "0-1", "2": "2-3", "3": "2-3"},
    "systemd": False,
}


class FakeMachine:
    """A folder that stands for a machine's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in {
            "proc/sys/kernel/randomize_va_space": "2",
            "proc/sys/kernel/nmi_watchdog": "0",
            "sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]",
            "proc/cmdline": "root=/dev/vda1 isolcpus=managed_irq,domain,2,3 nosoftlockup",
            "sys/devices/system/cpu/isolated": "2-3",
            "sys/devices/system/cpu/nohz_full": "2-3",
            "sys/devices/virtual/workqueue/cpumask": "03",
            "proc/irq/default_smp_affinity": "3",
            "proc/swaps": "Filename Type Size Used Priority",
        }.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Set a live value."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n", encoding="utf-8")

    def run(self, *arguments: str | Path, given: object = None) -> subprocess.CompletedProcess[str]:
        """Run bench_pins.py on it."""
        return subprocess.run(
            [sys.executable, FILES / "bench_pins.py", *arguments],
            input="" if given is None else json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "BENCH_PINS_ROOT": str(self.root)},
        )

    def compare(self, wanted: object) -> dict[str, Any]:
        """The report on a plan."""
        done = self.run("compare", given=wanted)
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "root")


def run_plan(facts: dict[str, Any] | None = None, **knobs: Any) -> subprocess.CompletedProcess[str]:
    given = {"knobs": KNOBS | knobs, "facts": FACTS | (facts or {})}
    return subprocess.run(
        [sys.executable, FILES / "pins_plan.py"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )


def plan(facts: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    done = run_plan(facts, **knobs)
    assert done.returncode == 0, done.stderr
    wanted: dict[str, Any] = json.loads(done.stdout)
    return wanted


def status(report: dict[str, Any]) -> dict[str, str]:
    return {pin["name"]: pin["status"] for pin in report["pins"]}


@pytest.mark.parametrize(
    ("online", "siblings", "housekeeping", "measuring"),
    [
        ("0-3", {"0": "0-1"}, "0,1", "2,3"),
        ("0-7", {"0": "0,4"}, "0,4", "1,2,3,5,6,7"),
        ("0-1", {"0": "0-1"}, "0", "1"),
        ("0-1", {"0": "0"}, "0", "1"),
    ],
)
def test_by_default_the_first_core_keeps_the_house(
    online: str, siblings: dict[str, str], housekeeping: str, measuring: str
) -> None:
    wanted = plan({"online_cpus": online, "siblings": siblings})
    assert (wanted["housekeeping_cpus"], wanted["measuring_cpus"]) == (housekeeping, measuring)


@pytest.mark.parametrize(
    ("cpus", "reason"),
    [("9", "no CPU 9"), ("0-3", "CPU 0 has to stay"), ("all", "not a list of CPUs")],
)
def test_cpus_that_do_not_fit_the_machine_are_refused(cpus: str, reason: str) -> None:
    done = run_plan(measuring_cpus=cpus)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_machine_that_holds_its_pins_is_pinned(machine: FakeMachine) -> None:
    report = machine.compare(plan())
    assert report["pinned"] is True
    assert report["broken"] == 0
    assert status(report)["cpu.isolated"] == "held"


@pytest.mark.parametrize(
    ("path", "live", "name"),
    [
        ("proc/sys/kernel/randomize_va_space", "0", "sysctl.kernel.randomize_va_space"),
        (
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never",
            "file.transparent_hugepage.enabled",
        ),
        ("sys/devices/system/cpu/isolated", "", "cpu.isolated"),
        ("proc/cmdline", "root=/dev/vda1 nosoftlockup", "boot.isolcpus"),
        ("sys/devices/virtual/workqueue/cpumask", "f", "file.workqueue.cpumask"),
        ("proc/irq/default_smp_affinity", "f", "cpu.interrupts"),
        ("proc/swaps", "Filename\n/dev/sda2 partition 1 0 -2", "memory.swap"),
    ],
)
def test_one_pin_that_does_not_hold_is_seen(
    machine: FakeMachine, path: str, live: str, name: str
) -> None:
    machine.write(path, live)
    report = machine.compare(plan())
    assert report["pinned"] is False
    assert [one for one, what in status(report).items() if what == "broken"] == [name]


def test_what_a_guest_cannot_set_is_not_available_and_breaks_nothing(machine: FakeMachine) -> None:
    report = machine.compare(plan())
    found = status(report)
    assert {found[name] for name in ("cpu.governor", "cpu.turbo", "cpu.pmu")} == {"not available"}
    assert report["pinned"] is True


def test_controls_that_bare_metal_has_are_held_or_broken(machine: FakeMachine) -> None:
    for cpu in range(2):
        machine.write(f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor", "performance")
    machine.write("sys/devices/system/cpu/cpufreq/boost", "0")
    assert status(machine.compare(plan()))["cpu.governor"] == "held"
    assert status(machine.compare(plan()))["cpu.turbo"] == "held"
    machine.write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave")
    machine.write("sys/devices/system/cpu/intel_pstate/no_turbo", "0")
    assert status(machine.compare(plan()))["cpu.governor"] == "broken"
    assert status(machine.compare(plan()))["cpu.turbo"] == "broken"


def test_a_setting_the_kernel_refuses_is_not_available(machine: FakeMachine) -> None:
    machine.write("proc/sys/kernel/nmi_watchdog", "1")
    assert status(machine.compare(plan()))["sysctl.kernel.nmi_watchdog"] == "broken"
    report = machine.compare(plan(refused=["kernel.nmi_watchdog"]))
    assert status(report)["sysctl.kernel.nmi_watchdog"] == "not available"


def test_nothing_of_the_kernel_is_planned_in_a_container(machine: FakeMachine) -> None:
    wanted = plan(kernel=False)
    assert wanted["files"] == {}
    assert wanted["kernel_arguments"] == []
    machine.write("proc/sys/kernel/randomize_va_space", "0")
    machine.write("sys/devices/system/cpu/isolated", "")
    report = machine.compare(wanted)
    assert report["broken"] == 0
    assert report["pinned"] is False


def test_one_cpu_is_not_set_apart() -> None:
    wanted = plan({"online_cpus": "0", "siblings": {"0": "0"}})
    assert wanted["measuring_cpus"] == ""
    assert wanted["kernel_arguments"] == []


def test_many_cpus_have_a_mask_the_kernel_takes() -> None:
    wanted = plan({"online_cpus": "0-63", "siblings": {"0": "0,32"}})
    assert wanted["files"]["/sys/devices/virtual/workqueue/cpumask"] == "1,00000001"


def test_verify_writes_the_report_and_fails_closed(machine: FakeMachine, tmp_path: Path) -> None:
    wanted, report = tmp_path / "pins.json", tmp_path / "verify.json"
    places = ("--wanted", wanted, "--report", report)
    wanted.write_text(json.dumps(plan()), encoding="utf-8")
    assert machine.run("verify", *places).returncode == 0
    stored = json.loads(report.read_text(encoding="utf-8"))
    assert stored["pinned"] is True
    assert stored["facts"]["online_cpus"]

    machine.write("proc/sys/kernel/randomize_va_space", "1")
    done = machine.run("verify", *places)
    assert done.returncode == 1
    assert "sysctl.kernel.randomize_va_space: wanted 2, found 1" in done.stdout
    assert json.loads(report.read_text(encoding="utf-8"))["pinned"] is False


@pytest.mark.parametrize("text", [None, "{", "[]", '{"format": 99, "pins": []}'])
def test_without_a_list_of_pins_no_old_report_survives(
    machine: FakeMachine, tmp_path: Path, text: str | None
) -> None:
    wanted, report = tmp_path / "pins.json", tmp_path / "verify.json"
    report.write_text('{"pinned": true}', encoding="utf-8")
    if text is not None:
        wanted.write_text(text, encoding="utf-8")
    done = machine.run("verify", "--wanted", wanted, "--report", report)
    assert done.returncode == 2
    assert "pins.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert not report.exists()
