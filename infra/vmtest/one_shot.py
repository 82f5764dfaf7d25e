"""The other way: cloud-init.yaml does everything by itself, and says when it is done."""

from __future__ import annotations

import json

from vmtest.machine import ADMIN, Machine
from vmtest.problems import VmError
from vmtest.steps import Cycle

# As in cycle.py: what is in reach without GitHub.
VARIABLES = """\
python_versions: ["3.11"]
python_source: path
python_paths: {"3.11": /usr/bin/python3.11}
repos_clones: []
"""
LIMIT_S = 2700


def run(cycle: Cycle, machine: Machine) -> None:
    """Wait as `vm-manage.sh create` does, then look."""
    cycle.do("first boot to last", lambda: _wait(machine))
    cycle.do("pinned", lambda: _pinned(machine))


def _wait(machine: Machine) -> str:
    state = machine.wait_for(
        "grep -E '\"(done|failed)\"' /var/lib/bench/provision.json", "one shot", within_s=LIMIT_S
    )
    if json.loads(state)["status"] != "done":
        log = machine.ssh("sudo tail -n 30 /var/log/bench-provision.log", user=ADMIN).stdout
        raise VmError(f"{state}\n{log}")
    return str(json.loads(state)["message"])


def _pinned(machine: Machine) -> str:
    live = machine.tell("cat /sys/devices/system/cpu/isolated; bench-slice nproc; bench-pins show")
    if not live.startswith("1\n1\n") or "\npinned: " not in live:
        raise VmError(live)
    return live.splitlines()[-1]
