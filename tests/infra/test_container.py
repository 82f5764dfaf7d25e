"""The playbook twice in a container: it converges, the second run changes nothing, and the kernel,
which is the host's, is left alone. Skipped where there is no container engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.infrastructure import ANSIBLE, ROOT, environment

from bench.system.lock import exclusive

CACHE = ROOT / ".bench" / "container"
# What the base role installs is there already: the container has no network.
PACKAGES = (
    "acl,ca-certificates,git,locales,make,openssh-server,procps,python3,python3-apt,python3-venv,"
    "sudo,xz-utils"
)
KERNEL = ("randomize_va_space", "perf_event_paranoid", "timer_migration", "kptr_restrict")


def tool(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=280)


@pytest.fixture(scope="module")
def rootfs() -> Path:
    """A Debian root as a tar, made once and kept."""
    if os.geteuid() != 0:
        pytest.skip("a Debian root can be made by root only")
    for name, package in {"podman": "podman runc", "mmdebstrap": "mmdebstrap"}.items():
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not on this machine (apt-get install {package})")
    CACHE.mkdir(parents=True, exist_ok=True)
    tar = CACHE / "bookworm.tar"
    with exclusive(CACHE / "rootfs.lock", wait=True):
        if not tar.is_file():
            half = tar.with_suffix(".half.tar")
            made = tool(
                "mmdebstrap", "--variant=apt", "--skip=cleanup/apt/lists", f"--include={PACKAGES}",
                '--aptopt=APT::Install-Recommends "false"',
                "bookworm", half, "http://deb.debian.org/debian", check=False,
            )  # fmt: skip
            if made.returncode:
                pytest.skip(f"no Debian root: {made.stderr.splitlines()[-1:]}")
            half.rename(tar)
    return tar


@pytest.fixture
def container(rootfs: Path, tmp_path: Path) -> Iterator[str]:
    """A running container that sshd can be started in; its name."""
    runroot = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))  # podman wants it short
    podman = (
        "podman",
        "--storage-driver=vfs",
        f"--root={tmp_path / 'storage'}",
        f"--runroot={runroot}",
    )
    name = f"bench-test-{uuid.uuid4().hex[:8]}"
    imported = tool(*podman, "import", rootfs, "localhost/bench-test:latest", check=False)
    started = imported.returncode == 0 and tool(
        *podman, "--runtime=runc", "run", "--detach", "--name", name, "--network=none",
        "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000",
        "localhost/bench-test:latest", "sleep", "600", check=False,
    )  # fmt: skip
    if not started or started.returncode:
        failed = started or imported
        pytest.skip(f"containers do not start here: {failed.stderr.strip().splitlines()[-1:]}")
    try:
        key = tmp_path / "key"
        tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        inside = f"mkdir -p /run/sshd ~/.ssh; echo '{key.with_suffix('.pub').read_text().strip()}'"
        tool(*podman, "exec", name, "sh", "-c", f"{inside} >~/.ssh/authorized_keys")
        yield f"{' '.join(podman)} exec -i {name} /usr/sbin/sshd -i"
    finally:
        tool(*podman, "rm", "--force", "--time=0", name, check=False)
        tool(*podman, "rmi", "--all", "--force", check=False)
        shutil.rmtree(runroot, ignore_errors=True)


def converge(folder: Path, proxy: str) -> subprocess.CompletedProcess[str]:
    """The roles that need no package index."""
    options = (
        f"-o ProxyCommand='{proxy}' -o UserKnownHostsFile={folder / 'known'} -o IdentitiesOnly=yes"
    )
    host = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(folder / "key"),
        "ansible_ssh_extra_args": options,
        "ansible_ssh_host_key_checking": False,
        "base_package_lists_valid_s": 10**9,
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"bench": {"hosts": {"container": host}}}), encoding="utf-8")
    return subprocess.run(
        ["ansible-playbook", "-i", inventory, "site.yml", "--tags", "base,pin,verify"],
        cwd=ANSIBLE,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.mark.timeout(600)
def test_twice_and_the_kernel_is_left_alone(container: str, tmp_path: Path) -> None:
    before = {name: Path(f"/proc/sys/kernel/{name}").read_text() for name in KERNEL}
    first = converge(tmp_path, container)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "pins held, 0 broken" in first.stdout
    assert "NOT PINNED" in first.stdout  # nothing is claimed of a kernel that is not its own
    second = converge(tmp_path, container)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "changed=0" in second.stdout, second.stdout
    assert before == {name: Path(f"/proc/sys/kernel/{name}").read_text() for name in KERNEL}
