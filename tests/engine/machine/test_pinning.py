"""A pinned machine is believed by its report, and its slice used where one may enter it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace as replace_fields
from support.synthetic_runs import RunPlan, workspace_in, write_run

from bench.core.machine import Pinning
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.machine.pinning import REPORT, Slice, find_slice, parse_cpu_list, read_pinning
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.sandbox.isolation import Isolation
from bench.engine.store.run import Journal, read_run
from bench.report.write import write_report

BOOT = "11111111-2222-3333-4444-555555555555"
TOLD = {
    "format": 1,
    "checked": "2026-11-23T08:00:00+00:00",
    "boot_id": BOOT,
    "pinned": True,
    "pins": [
        {"name": "aslr", "status": "held"},
        {"name": "governor", "status": "not available"},
    ],
    "facts": {"microcode": "0x1", "siblings": {"0": "0-1"}},
}


def root_with(folder: Path, told: dict[str, Any] | str, boot: str = BOOT) -> Path:
    files = {REPORT: told if isinstance(told, str) else json.dumps(told),
             Path("proc/sys/kernel/random/boot_id"): f"{boot}\n"}  # fmt: skip
    for place, text in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    return folder


def test_a_pinned_machine_holds(tmp_path: Path) -> None:
    found = read_pinning(root_with(tmp_path, TOLD))
    assert found is not None
    assert found.holds
    assert (found.held, found.not_available) == (("aslr",), ("governor",))
    assert found.facts["microcode"] == "0x1"


def test_a_broken_pin_or_an_older_boot_does_not_hold(tmp_path: Path) -> None:
    broken = TOLD | {"pinned": False, "pins": [{"name": "swap", "status": "broken"}]}
    found = read_pinning(root_with(tmp_path / "broken", broken))
    assert found is not None
    assert (found.holds, found.broken) == (False, ("swap",))
    older = read_pinning(root_with(tmp_path / "older", TOLD, boot="another"))
    assert older is not None
    assert (older.pinned, older.this_boot, older.holds) == (True, False, False)


@pytest.mark.parametrize("told", ["", "{", "[]", json.dumps({"pins": 3})])
def test_what_is_no_report_is_none(tmp_path: Path, told: str) -> None:
    assert read_pinning(root_with(tmp_path, told)) is None
    assert read_pinning(tmp_path / "nowhere") is None


def slice_root(folder: Path, cpus: str) -> Path:
    file = folder / "sys/fs/cgroup/bench.slice/cpuset.cpus.effective"
    file.parent.mkdir(parents=True)
    file.write_text(cpus, encoding="utf-8")
    return folder


def command(folder: Path, text: str) -> Path:
    file = folder / "bench-slice"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_isolated_cores_outside_of_a_containers_set_are_not_used() -> None:
    """The kernel refuses to pin there (EINVAL), and every round would fail."""
    machine = describe_machine()
    ours = os.sched_getaffinity(0)
    beside = replace_fields(machine, isolated_cpus=(max(ours), 1022, 1023))
    assert measuring_cpus(beside) == (max(ours),)
    elsewhere = replace_fields(machine, isolated_cpus=(1022, 1023))
    assert measuring_cpus(elsewhere) == tuple(sorted(ours))
    assert os.sched_getaffinity(0) == ours


def test_a_slice_one_may_enter_is_where_processes_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "entered"
    entering = command(tmp_path, f'echo in >> {mark}; exec "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    apart = find_slice(slice_root(tmp_path / "root", "1\n"))
    assert apart == Slice((str(entering),), (1,))
    assert measuring_cpus(describe_machine(), apart) == (1,)
    isolation = Isolation(network="open").inside(apart)
    assert isolation.slice == "bench.slice"
    mark.unlink()
    with Launcher(isolation) as launcher:
        process = Invocation(argv=("/bin/true",), env={"PATH": "/bin"}, cwd=tmp_path)
        (done,) = launcher.run([process], together=False, hash_seed=1, timeout_s=20, cpu=None)
    assert done.status == 0
    assert mark.read_text(encoding="utf-8") == "in\n"


def test_a_slice_one_may_not_enter_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path, "echo no sudo >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_slice(slice_root(tmp_path / "root", "1")) is None
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert find_slice(tmp_path / "root") is None
    assert Isolation(network="open").inside(None).slice == ""


@pytest.mark.parametrize(
    ("pinning", "slice_", "words"),
    [
        (None, "", "not verified"),
        (
            Pinning(pinned=True, checked="2026-11-23T08:00:00", this_boot=True, held=("a", "b")),
            "bench.slice",
            "yes (2 pins",
        ),
        (
            Pinning(pinned=False, checked="2026-11-23T08:00:00", this_boot=True, broken=("swap",)),
            "",
            "no: broken swap",
        ),
        (
            Pinning(pinned=True, checked="2026-11-23T08:00:00", this_boot=False),
            "",
            "before the machine last started",
        ),
    ],
)
def test_the_report_says_pinned_or_not(
    tmp_path: Path, pinning: Pinning | None, slice_: str, words: str
) -> None:
    workspace = replace(workspace_in(tmp_path), data=tmp_path / "data", results=tmp_path / "r")
    folder = write_run(workspace, RunPlan())
    run = read_run(folder)
    manifest = replace_fields(run.manifest, pinning=pinning, slice=slice_)
    (folder / "run.json").write_bytes(msgspec.json.encode(manifest))
    (folder / "rounds.jsonl").unlink()  # whose digests begin with the manifest's
    with Journal(read_run(folder)) as journal:
        for event in run.events:
            journal.write(event)
    write_report(workspace)
    page = (workspace.results / "sample/1.0..2.0/environments.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| pinned"))
    assert words in row


def test_cpu_lists() -> None:
    assert parse_cpu_list("0-2,5\n") == (0, 1, 2, 5)
    assert parse_cpu_list("") == ()
