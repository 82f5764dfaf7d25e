"""`ansible-playbook bench.yml` over three sshd on loopback, with a real pair and a gap to fill."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.infrastructure import ANSIBLE, ROOT, environment
from support.sandbox import PYTHON, Sandbox

HOSTS = ("one", "two", "three")
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PORT = 22822
pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="sshd is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2 and further addresses"),
]
OPTIONS = ["--no-tests", "--no-counters", "--rounds", "5", "--budget", "5"]


def keygen(file: Path) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
    subprocess.run(words, check=True, capture_output=True)


def serve(file: Path, address: str) -> subprocess.Popen[bytes]:
    """Start an sshd and wait until it answers."""
    assert SSHD is not None
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(file)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection((address, PORT), timeout=5).close()
        except OSError:
            assert process.poll() is None, f"sshd ended at once ({file})"
            time.sleep(0.1)
        else:
            break
    return process


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """An sshd for each host, each on an address of its own."""
    keygen(tmp_path / "host")
    keygen(tmp_path / "user")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    started = {}
    for number, name in enumerate(HOSTS, start=2):
        settings = f"""\
Port {PORT}
ListenAddress 127.0.0.{number}
HostKey {tmp_path / "host"}
PidFile none
AuthorizedKeysFile {tmp_path / "user.pub"}
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""
        file = tmp_path / f"sshd-{name}.conf"
        file.write_text(settings, encoding="utf-8")
        started[name] = serve(file, f"127.0.0.{number}")
    yield started
    for process in started.values():
        process.terminate()
        process.wait()


def inventory(sandbox: Sandbox, folder: Path) -> Path:
    def place(name: str) -> dict[str, str]:
        moved = sandbox.environ | {"BENCH_DATA": str(folder / name / "data")}
        wanted = {
            key: value for key, value in moved.items() if key.startswith(("BENCH_", "PYTHONPATH"))
        }
        return wanted | {"PATH": os.environ["PATH"]}

    hosts = {
        name: {"ansible_host": f"127.0.0.{number}", "fleet_environment": place(name)}
        for number, name in enumerate(HOSTS, start=2)
    }
    shared = {
        "ansible_port": PORT,
        "ansible_user": getpass.getuser(),
        "ansible_ssh_private_key_file": str(folder / "user"),
        "ansible_ssh_common_args": (
            f"-o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=no -o ControlMaster=no"
        ),
        "ansible_python_interpreter": sys.executable,
        "fleet_checkout": str(ROOT),
        "fleet_python": sys.executable,
        "fleet_prepare": "",
        "fleet_poll_s": 2,
    }
    file = folder / "inventory.json"
    file.write_text(json.dumps({"bench": {"hosts": hosts, "vars": shared}}), encoding="utf-8")
    return file


def fleet(sandbox: Sandbox, folder: Path) -> subprocess.CompletedProcess[str]:
    more = {
        "target": "sample",
        "range": "v1.0.0..v1.1.0",
        "fleet_pythons": [PYTHON],
        "fleet_options": OPTIONS,
        "fleet_repo": str(sandbox.repository),
        "fleet_controller_python": sys.executable,
        "fleet_controller_environment": sandbox.environ,
        "fleet_data": str(sandbox.workspace.data),
        "fleet_inbox": str(folder / "inbox"),
    }
    words = ["ansible-playbook", "-i", str(inventory(sandbox, folder)), "bench.yml"]
    # A socket's path may have some 100 characters, which pytest's folders have used up.
    with tempfile.TemporaryDirectory(prefix="cp") as short:
        return subprocess.run(
            [*words, "-e", json.dumps(more)],
            cwd=ANSIBLE,
            env=environment(folder, ANSIBLE_SSH_CONTROL_PATH_DIR=short),
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )


def test_three_hosts_measure_and_a_gap_is_filled(
    sandbox: Sandbox, servers: dict[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    sandbox.workspace.data.mkdir(parents=True)
    servers["three"].send_signal(signal.SIGTERM)
    servers["three"].wait()
    first = fleet(sandbox, tmp_path)
    assert first.returncode != 0
    assert "1 of 3 blocks" in first.stdout, first.stdout + first.stderr
    assert "MISSING" in first.stdout
    runs = sandbox.runs
    assert len(runs) == 2  # what was measured is there, though the fleet is not whole
    assert len({run.manifest.options.block for run in runs}) == 2
    servers["three"] = serve(tmp_path / "sshd-three.conf", "127.0.0.4")
    second = fleet(sandbox, tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    runs = sandbox.runs
    assert len(runs) == 3  # the two were not measured again
    assert len({run.manifest.options.block.partition("/")[0] for run in runs}) == 1
    manifests = list((sandbox.workspace.data / "fleet").rglob("*.json"))
    assert len(manifests) == 1
    assert (sandbox.workspace.results / "README.md").is_file()


def test_a_fleet_without_a_target_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "bench.yml"],
        cwd=ANSIBLE, env=environment(tmp_path), capture_output=True, text=True, check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Say what to measure and where" in done.stdout
