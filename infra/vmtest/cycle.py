"""What is tried in the machine, in order. Claims are read from the machine, not from Ansible."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bench.core.process import Finished, run_tool
from vmtest.machine import ADMIN, Machine, ssh_options
from vmtest.problems import VmError
from vmtest.repositories import ROOT, Repositories
from vmtest.steps import Cycle

ANSIBLE = ROOT / "ansible"
_TARGET = """\
name = "sample"
layer = "sample layer"
distribution = "sample-project"
module = "sample"
clone = "{clone}"
default_range = "v1.0.0..v1.1.0"
pythons = ["3.11"]

[[benchmark]]
name = "work"
command = ["sample", "work"]
"""


@dataclass(frozen=True)
class Trial:
    """A machine and what it may fetch."""

    machine: Machine
    repositories: Repositories

    def playbook(self, *arguments: str, timeout_s: float = 2400) -> Finished:
        """Run the playbook on the machine over ssh."""
        inventory = self.machine.folder / "inventory.json"
        inventory.write_text(json.dumps(self._inventory()), encoding="utf-8")
        done = run_tool(
            ["ansible-playbook", "-i", inventory, "site.yml", *arguments],
            cwd=ANSIBLE, timeout_s=timeout_s,
        )  # fmt: skip
        with (self.machine.folder / "ansible.log").open("a", encoding="utf-8") as log:
            log.write(f"$ {done.describe()}\n{done.stdout}{done.stderr}\n")
        return done

    def _inventory(self) -> dict[str, Any]:
        """Interpreters by path and clones from this host: GitHub need not be in reach."""
        options = " ".join(ssh_options(self.machine.folder))
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.machine.port,
            "ansible_user": ADMIN,
            "ansible_ssh_private_key_file": str(self.machine.key),
            "ansible_ssh_extra_args": options,
            "python_versions": ["3.11"],
            "python_source": "path",
            "python_paths": {"3.11": "/usr/bin/python3.11"},
            "repos_url": self.repositories.this,
            "repos_version": self.repositories.commit,
            "repos_clones": [{"name": "sample", "url": self.repositories.sample}],
        }
        return {"bench": {"hosts": {"vm": variables}}}

    # --- the steps -----------------------------------------------------------------------------

    def boot(self) -> str:
        """First boot with cloud-init.yaml, until its own script says that it is ready."""
        self.machine.wait_for("true", "first boot", within_s=600)
        self.machine.wait_for(
            "grep -q waiting /var/lib/bench/provision.json", "cloud-init", within_s=900
        )
        ended = self.machine.ssh("cloud-init status --wait --long", timeout_s=300)
        if "status: done" not in ended.stdout:
            raise VmError(f"cloud-init.yaml: {ended.stdout.strip()}")
        state = json.loads(self.machine.tell("cat /var/lib/bench/provision.json"))
        if state["status"] != "waiting":
            raise VmError(f"cloud-init.yaml ended with {state}")
        return f"cloud-init done, status {state['status']}"

    def check_mode(self) -> str:
        """`--check --diff` of a new machine changes nothing."""
        done = self._played("--check", "--diff", "--skip-tags", "repos")
        if self.machine.ssh("test -e /usr/local/lib/bench").ok:
            raise VmError("check mode changed the machine")
        return f"would change {changed(done)} things, changed none"

    def provision(self) -> str:
        """Everything but the pins, over ssh."""
        return f"changed={changed(self._played('--skip-tags', 'pin,verify'))}"

    def pin(self) -> str:
        """The pins, with the reboot they need."""
        before = self.machine.tell("cat /proc/sys/kernel/random/boot_id")
        done = self._played("--tags", "pin,verify")
        after = self.machine.tell("cat /proc/sys/kernel/random/boot_id")
        if before == after:
            raise VmError("the machine was not rebooted")
        return f"changed={changed(done)}, rebooted"

    def pinned(self) -> str:
        """Live values, read by this test's own commands and by the machine's."""
        wanted = {
            "cat /sys/devices/system/cpu/isolated": "1",
            "cat /sys/devices/system/cpu/nohz_full": "1",
            "cat /sys/fs/cgroup/bench.slice/cpuset.cpus.effective": "1",
            "bench-slice nproc": "1",
            "sudo --non-interactive true 2>/dev/null || echo refused": "refused",
            "bench-slice sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status": "1",
            "sed -n 's/^Cpus_allowed_list:.//p' "
            "/proc/$(systemctl show -p MainPID --value ssh)/status": "0",
            # Three busy processes of an ordinary login, where two CPUs are: all on the first.
            "for n in 1 2 3; do timeout 8 sh -c 'while :; do :; done' & done; sleep 5; "
            "ps -C sh -o psr=,stat= | awk '$2 ~ /R/ {print $1}' | sort -u": "0",
            "cat /proc/sys/kernel/numa_balancing 2>/dev/null || echo 0": "0",
            "wc -l </proc/swaps": "1",
            "systemctl is-enabled apt-daily.timer || true": "masked",
        }
        for command, value in wanted.items():
            live = self.machine.tell(command)
            if live != value:
                raise VmError(f"{command}: {live!r}, wanted {value!r}")
        report = self._report()
        if not report["pinned"]:
            raise VmError(f"its own report says it is not pinned: {report['broken']} broken")
        absent = [pin["name"] for pin in report["pins"] if pin["status"] == "not available"]
        return f"{report['held']} pins held, not available: {', '.join(absent)}"

    def verified_at_boot(self) -> str:
        """The machine verified itself when it came back, before Ansible did."""
        shown = self.machine.tell("systemctl show -p Result,ActiveState bench-verify.service")
        if "Result=success" not in shown or "ActiveState=active" not in shown:
            raise VmError(f"bench-verify.service: {shown}")
        return "bench-verify.service succeeded"

    def again(self) -> str:
        """A second run changes nothing and does not reboot."""
        done = self._played()
        if changed(done):
            raise VmError(f"changed={changed(done)}\n{changed_tasks(done)}")
        return "changed=0"

    def broken(self) -> str:
        """One pin broken behind the playbook's back: everything that looks must see it."""
        knob = "/sys/kernel/mm/transparent_hugepage/enabled"
        self.machine.tell(f"echo always | sudo tee {knob} >/dev/null", user=ADMIN)
        seen = self.machine.ssh("sudo bench-pins verify", user=ADMIN)
        if seen.status != 1 or "transparent_hugepage" not in seen.stdout:
            raise VmError(f"bench-pins verify: status {seen.status}: {seen.stdout}")
        done = self.playbook("--tags", "verify")
        if done.ok or "transparent_hugepage" not in done.stdout + done.stderr:
            raise VmError("the verify role did not fail on a broken pin")
        if self._report()["pinned"]:
            raise VmError("the report still says pinned")
        return "bench-pins and the verify role fail and name it; the report says not pinned"

    def healed(self) -> str:
        """The pin role puts it right without a reboot."""
        before = self.machine.tell("cat /proc/sys/kernel/random/boot_id")
        done = self._played("--tags", "pin,verify")
        if self.machine.tell("cat /proc/sys/kernel/random/boot_id") != before:
            raise VmError("a reboot for a pin that needs none")
        if not self._report()["pinned"]:
            raise VmError("still not pinned")
        return f"changed={changed(done)}, pinned again, no reboot"

    def measure_unpinned(self) -> str:
        """This repository, fetched by the playbook, measures a small project; nothing is pinned."""
        target = _TARGET.format(clone=self.repositories.sample)
        self.machine.tell(f"cat >bench/bench/targets/sample.toml <<'END'\n{target}END")
        self.machine.tell("cd bench && make .venv/.ready", timeout_s=900)
        result, manifest = self._measured()
        if manifest["slice"] or (manifest["pinning"] or {}).get("pinned"):
            raise VmError("the run's manifest says that it was pinned")
        return result

    def measure(self) -> str:
        """The same on the pinned machine: in bench.slice, and the manifest says so."""
        result, manifest = self._measured()
        pinning = manifest["pinning"] or {}
        if manifest["slice"] != "bench.slice" or not pinning.get("pinned"):
            raise VmError(f"the run's manifest: slice {manifest['slice']!r}, pinning {pinning}")
        return f"{result}; in bench.slice, manifest says pinned"

    def _measured(self) -> tuple[str, dict[str, Any]]:
        """An A/A pair: what came out, and the run's manifest."""
        options = "--rounds 20 --budget 90 --json --no-tests --no-counters --no-report"
        said = self.machine.tell(
            f"cd bench && .venv/bin/nox -s bench-sample -- v1.0.0..v1.0.1 {options}",
            timeout_s=1500,
        )
        (document,), _ = json.JSONDecoder().raw_decode(said, said.index("[\n"))
        one = next(one for one in document["benchmarks"] if one["name"] == "work")
        path = "$(ls -dt bench/data/sample/*/*/*/*/ | head -n 1)run.json"
        manifest: dict[str, Any] = json.loads(self.machine.tell(f"cat {path}"))
        noise = "unknown" if one["noise"] is None else f"{one['noise']:.2%}"
        return f"A/A: noise of a round {noise}, {one['rounds']} rounds ({one['design']})", manifest

    def _played(self, *arguments: str) -> Finished:
        done = self.playbook(*arguments)
        if not done.ok:
            raise VmError(f"the playbook failed (status {done.status})\n{failure(done)}")
        return done

    def _report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.machine.tell("cat /var/lib/bench/verify.json"))
        return report


def run(cycle: Cycle, trial: Trial) -> None:
    """The whole cycle on one machine."""
    cycle.do("boot", trial.boot)
    cycle.do("check mode", trial.check_mode)
    cycle.do("provision", trial.provision)
    cycle.do("measure unpinned", trial.measure_unpinned)
    cycle.do("pin", trial.pin)
    cycle.do("pinned", trial.pinned)
    cycle.do("verified at boot", trial.verified_at_boot)
    cycle.do("second run", trial.again)
    cycle.do("broken pin", trial.broken)
    cycle.do("healed", trial.healed)
    cycle.do("measure pinned", trial.measure)


def changed(done: Finished) -> int:
    """Number of changed tasks in the play's recap."""
    found = re.findall(r"\bchanged=(\d+)", done.stdout)
    return int(found[-1]) if found else -1


def changed_tasks(done: Finished) -> str:
    """Their names."""
    tasks = re.findall(r"^TASK \[(.+?)\] \*+\n(?:(?!^TASK).*\n)*?changed: ", done.stdout, re.M)
    return "\n".join(tasks)


def failure(done: Finished) -> str:
    """The last thing Ansible called fatal."""
    text = done.stdout + done.stderr
    return text[text.rfind("fatal:") :][:1500] if "fatal:" in text else done.last_lines()
