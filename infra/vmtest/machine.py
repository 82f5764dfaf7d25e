"""One virtual machine: a QEMU process, its disk overlay, its seed, and ssh into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.core.process import Finished, run_tool
from vmtest.image import Image
from vmtest.problems import VmError

USER = "bench"
ADMIN = "bench-admin"
# Where QEMU's user network shows the host, and only what listens on its loopback interface.
HOST_FROM_INSIDE = "10.0.2.2"


@dataclass(frozen=True)
class Machine:
    """A running machine; `folder` holds everything about it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def key(self) -> Path:
        """The private key that logs in."""
        return self.folder / "key"

    @property
    def console(self) -> Path:
        """What the machine printed on its serial line."""
        return self.folder / "console.log"

    def ssh(self, command: str, *, user: str = USER, timeout_s: float = 120) -> Finished:
        """Run a shell command inside."""
        self._alive()
        return run_tool(
            ["ssh", "-i", self.key, "-p", str(self.port), *ssh_options(self.folder),
             f"{user}@127.0.0.1", command],
            timeout_s=timeout_s,
        )  # fmt: skip

    def tell(self, command: str, *, user: str = USER, timeout_s: float = 120) -> str:
        """The same for a command that has to work: its output."""
        done = self.ssh(command, user=user, timeout_s=timeout_s)
        if not done.ok:
            raise VmError(f"in the machine: {command}: status {done.status}\n{done.last_lines()}")
        return done.stdout.strip()

    def wait_for(self, command: str, what: str, *, within_s: float) -> str:
        """Try a command until it works; raises `VmError` when it does not in time."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            done = self.ssh(command, timeout_s=60)
            if done.ok:
                return done.stdout.strip()
            time.sleep(3)
        raise VmError(f"{what}: not within {within_s:.0f} s; the console is in {self.console}")

    def stop(self) -> None:
        """End it; its files stay."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()
        self.process.wait()

    def _alive(self) -> None:
        if self.process.poll() is not None:
            said = (self.folder / "qemu.log").read_text(encoding="utf-8", errors="replace")
            raise VmError(f"QEMU ended with status {self.process.returncode}: {said[-500:]}")


def ssh_options(folder: Path) -> list[str]:
    """Options that keep the test's host keys out of the user's own files."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "StrictHostKeyChecking": "accept-new",
        "UserKnownHostsFile": folder / "known_hosts",
        "LogLevel": "ERROR",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "8",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def make_key(folder: Path) -> Path:
    """A key pair for one machine."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "key"
    done = run_tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vm test", "-f", key])
    if not done.ok:
        raise VmError(f"no key: {done.last_lines()}")
    return key


def start(image: Image, folder: Path, user_data: str, *, accelerator: str) -> Machine:
    """Start a machine from the image, with its own overlay and a NoCloud seed."""
    disk = folder / "disk.qcow2"
    made = run_tool(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.path.resolve(), disk]
    )
    if not made.ok:
        raise VmError(f"no disk: {made.last_lines()}")
    port = _free_port()
    command = [
        "qemu-system-x86_64", *_accelerator(accelerator), "-smp", "2", "-m", "3072",
        "-drive", f"file={disk},if=virtio,cache=unsafe",
        "-drive", f"file={_seed(folder, user_data)},if=virtio,format=raw,readonly=on",
        "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:22",
        "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
        "-display", "none", "-monitor", "none", "-serial", f"file:{folder / 'console.log'}",
    ]  # fmt: skip
    with (folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Machine(folder, port, process)


def usable_accelerator() -> str:
    """`kvm` where the processor's own virtualisation is behind it, else `tcg`.

    A nested hypervisor without it (pvm) has /dev/kvm too, but runs no ordinary kernel.
    """
    native = any(Path(f"/sys/module/{name}").is_dir() for name in ("kvm_intel", "kvm_amd"))
    return "kvm" if native and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def _accelerator(name: str) -> list[str]:
    if name == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # An older model is emulated faster; binary wheels want no more than this one has.
    return ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]


def _seed(folder: Path, user_data: str) -> Path:
    """The disk cloud-init finds its user-data on."""
    source = folder / "seed"
    source.mkdir(exist_ok=True)
    (source / "user-data").write_text(user_data, encoding="utf-8")
    (source / "meta-data").write_text("instance-id: vm-test\nlocal-hostname: vm-test\n")
    seed = folder / "seed.iso"
    done = run_tool(
        ["genisoimage", "-quiet", "-output", seed, "-volid", "cidata", "-joliet", "-rock", source]
    )
    if not done.ok:
        raise VmError(f"no seed: {done.last_lines()}")
    return seed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def forget(folder: Path) -> None:
    """Remove what a machine leaves behind."""
    shutil.rmtree(folder, ignore_errors=True)
