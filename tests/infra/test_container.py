"""The playbook twice in a container: it converges, the second run changes nothing, and the kernel,
which is the host's, is left alone. Skipped where there is no container engine.

Debian 12 by default; `BENCH_TEST_SYSTEMS=debian-13,ubuntu-24.04` takes others, a root of which is
then fetched first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.infrastructure import ANSIBLE, ROOT, environment

from bench.core.lock import exclusive

CACHE = ROOT / ".bench" / "container"
# What the base role installs is there already: the container has no network.
PACKAGES = (
    "acl,ca-certificates,git,locales,make,openssh-server,procps,python3,python3-apt,python3-venv,"
    "sudo,xz-utils"
)
# The suite, and where it comes from. Ubuntu's keys are not on a Debian machine: its packages are
# taken on trust, for a container without a network.
SYSTEMS = {
    "debian-12": ("bookworm", "http://deb.debian.org/debian"),
    "debian-13": ("trixie", "http://deb.debian.org/debian"),
    "ubuntu-24.04": (
        "noble",
        "deb [trusted=yes] http://archive.ubuntu.com/ubuntu noble main universe",
    ),
}
# What makes a system look like one that is too old.
BULLSEYE = {
    "/etc/os-release": 'NAME="Debian GNU/Linux"\\nVERSION_ID="11"\\n'
    'VERSION="11 (bullseye)"\\nID=debian\\n',
    "/etc/debian_version": "11.9\\n",
}
KERNEL = ("randomize_va_space", "perf_event_paranoid", "timer_migration", "kptr_restrict")


def tool(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=280)


@pytest.fixture(scope="module", params=os.environ.get("BENCH_TEST_SYSTEMS", "debian-12").split(","))
def rootfs(request: pytest.FixtureRequest) -> Path:
    """A system's root as a tar, made once and kept."""
    suite, source = SYSTEMS[request.param]
    if os.geteuid() != 0:
        pytest.skip("a Debian root can be made by root only")
    for name, package in {"podman": "podman runc", "mmdebstrap": "mmdebstrap"}.items():
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not on this machine (apt-get install {package})")
    CACHE.mkdir(parents=True, exist_ok=True)
    tar = CACHE / f"{suite}.tar"
    with exclusive(CACHE / f"{suite}.lock", wait=True):
        if not tar.is_file():
            half = tar.with_suffix(".half.tar")
            made = tool(
                "mmdebstrap", "--variant=apt", "--skip=cleanup/apt/lists", f"--include={PACKAGES}",
                '--aptopt=APT::Install-Recommends "false"',
                suite, half, source, check=False,
            )  # fmt: skip
            if made.returncode:
                pytest.skip(f"no Debian root: {made.stderr.splitlines()[-1:]}")
            half.rename(tar)
    return tar


@dataclass(frozen=True)
class Container:
    """A running container, reached by an sshd that is started for each connection."""

    folder: Path
    engine: tuple[str | Path, ...]
    name: str

    def tell(self, command: str) -> None:
        """Run a shell command inside, as root."""
        tool(*self.engine, "exec", self.name, "sh", "-c", command)

    def play(
        self, *arguments: str, user: str = "root", playbook: str | Path = "site.yml"
    ) -> subprocess.CompletedProcess[str]:
        """Run the playbook, or another one, on it."""
        proxy = " ".join(map(str, [*self.engine, "exec", "-i", self.name, "/usr/sbin/sshd", "-i"]))
        host = {
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.folder / "key"),
            "ansible_ssh_extra_args": f"-o ProxyCommand='{proxy}' "
            f"-o UserKnownHostsFile={self.folder / 'known'} -o IdentitiesOnly=yes",
            "base_package_lists_valid_s": 10**9,
        }
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"bench": {"hosts": {"container": host}}}))
        return subprocess.run(
            ["ansible-playbook", "-i", inventory, playbook, *arguments],
            cwd=ANSIBLE,
            env=environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=250,
        )


@pytest.fixture(scope="module")
def container(rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("container")
    runroot = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))  # podman wants it short
    storage = folder / "storage"
    engine = ("podman", "--storage-driver=vfs", f"--root={storage}", f"--runroot={runroot}")
    name = f"bench-test-{uuid.uuid4().hex[:8]}"
    image = "localhost/bench-test:latest"
    started = tool(*engine, "import", rootfs, image, check=False)
    if started.returncode == 0:
        started = tool(
            *engine, "--runtime=runc", "run", "--detach", "--name", name, "--network=none",
            "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000", image, "sleep", "600",
            check=False,
        )  # fmt: skip
    if started.returncode:
        pytest.skip(f"containers do not start here: {started.stderr.strip().splitlines()[-1:]}")
    made = Container(folder, engine, name)
    try:
        tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key")
        key = (folder / "key.pub").read_text().strip()
        made.tell("mkdir -p /run/sshd; useradd --create-home --password '*' ann")
        for home, owner in {"/root": "root", "/home/ann": "ann"}.items():
            keys = f"{home}/.ssh/authorized_keys"
            made.tell(f"mkdir -p {home}/.ssh; echo '{key}' >{keys}; chown -R {owner}: {home}/.ssh")
        yield made
    finally:
        tool(*engine, "rm", "--force", "--time=0", name, check=False)
        tool(*engine, "rmi", "--all", "--force", check=False)
        shutil.rmtree(runroot, ignore_errors=True)


@pytest.mark.timeout(600)
def test_twice_and_the_kernel_is_left_alone(container: Container) -> None:
    before = {name: Path(f"/proc/sys/kernel/{name}").read_text() for name in KERNEL}
    # The roles that need no package index.
    first = container.play("--tags", "base,pin,verify")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "pins held, 0 broken" in first.stdout
    assert "NOT PINNED" in first.stdout  # nothing is claimed of a kernel that is not its own
    second = container.play("--tags", "base,pin,verify")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "changed=0" in second.stdout, second.stdout
    assert before == {name: Path(f"/proc/sys/kernel/{name}").read_text() for name in KERNEL}


def test_the_account_that_measures_may_only_enter_the_slice(container: Container) -> None:
    rule = "bench ALL=(root) NOPASSWD: /usr/local/lib/bench/bench_slice_enter.sh"
    container.tell(f"test \"$(cat /etc/sudoers.d/60-bench)\" = '{rule}'")
    container.tell("echo 'bench ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users")
    done = container.play("--tags", "base")
    container.tell("rm /etc/sudoers.d/90-cloud-init-users")
    assert done.returncode == 2
    assert "(ALL) NOPASSWD: ALL" in " ".join((done.stdout + done.stderr).split())


def test_an_account_without_sudo_is_one_message(container: Container) -> None:
    done = container.play("--tags", "preflight", user="ann")
    assert done.returncode == 2
    said = " ".join((done.stdout + done.stderr).split())
    assert "The account on container can't become root" in said
    assert "Nothing was changed" in said


def test_another_system_is_one_message(container: Container) -> None:
    for file, text in BULLSEYE.items():
        container.tell(f"cp -L {file} /tmp/; rm {file}; printf '{text}' >{file}")
    done = container.play("--tags", "preflight")
    for file in BULLSEYE:
        container.tell(f"cp /tmp/{Path(file).name} {file}")
    assert done.returncode == 2
    said = " ".join((done.stdout + done.stderr).split())
    assert "container runs Debian 11" in said
    assert "Nothing was changed" in said


def test_a_reboot_that_does_not_come_back_is_one_message(container: Container) -> None:
    # The machine says that it goes down, and stays as it is: its boot id never changes.
    for name in ("shutdown", "systemctl"):
        container.tell(
            f"rm -f /sbin/{name}; printf '#!/bin/sh\\n' >/sbin/{name}; chmod +x /sbin/{name}"
        )
    play = {
        "hosts": "bench",
        "gather_facts": False,
        "vars": {
            "__pin_broken_boot": [{"name": "cpu.isolated"}],
            "pin_reboot": "true",  # as -e has it
            "pin_reboot_timeout_s": 6,
        },
        "tasks": [{"ansible.builtin.include_tasks": f"{ANSIBLE}/roles/pin/tasks/reboot.yml"}],
    }
    playbook = container.folder / "reboot.json"
    playbook.write_text(json.dumps([play]))
    done = container.play(playbook=playbook)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "container did not come back from its reboot within 6 s" in said
    assert "remove /etc/default/grub.d/60-bench.cfg" in said
