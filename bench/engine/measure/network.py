"""The network of a session: none, or one of its own in which services answer on loopback.

Services live beside the launcher, not in it: a small process (`keeper.py`) holds a network
namespace with a loopback interface, and the services are its children, so that nothing of theirs
is on a measured process's account. Whatever is to see them is started with `nsenter` in front.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from bench.engine.sandbox.isolation import PYTHON, WITH_LOOPBACK, Isolation

_READY_WITHIN_S = 60.0  # a machine that is busy with its disk can be very slow
NO_LOOPBACK = (
    "needs a server on the loopback interface of a network namespace, which this system does not "
    "lend"
)
AS_DECLARED = 'network = "host" in the target\'s file'
IN_CONTAINERS = "the measured processes run in containers"
WITHOUT_ROOT = (
    "a container engine without root makes its own namespaces, and can't be put into ours"
)


@dataclass(frozen=True)
class Service:
    """A server for measured processes: a program that listens on a port of 127.0.0.1.

    `journal` is the file in which it writes down what it answered, if it does.
    """

    name: str
    argv: tuple[str, ...]
    port: int
    journal: Path | None = None

    @property
    def address(self) -> str:
        """Its URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(kw_only=True)
class Network:
    """What measured processes can reach.

    `refusal` says why the services that were asked for can't be had ("" if they are there or none
    was asked for). `service_cpu` is the core they keep to, None where there is no core to spare;
    `cpus` are those that processes are measured on.
    """

    isolation: Isolation
    services: tuple[Service, ...] = ()
    refusal: str = ""
    service_cpu: int | None = None
    holder: int | None = None  # the process that holds the namespace
    _keeper: int | None = None  # the pipe it tells on
    _heard: bytes = b""
    _ready: set[str] = field(default_factory=set)
    _dead: dict[str, str] = field(default_factory=dict)
    cpus: tuple[int, ...] = ()

    def cpus_beside(self, cpus: tuple[int, ...]) -> tuple[int, ...]:
        """The cores for processes that are served: not the one of the services, if possible."""
        return tuple(cpu for cpu in cpus if cpu != self.service_cpu) or cpus

    def problem(self, name: str) -> str:
        """Why a service does not answer; "" when, for all that is known, it does."""
        self._listen(0.0)
        return (
            f"the server of {name} does not answer: {self._dead[name]}"
            if name in self._dead
            else ""
        )

    def journal(self, name: str) -> Path | None:
        """The journal of a service, if it is there and keeps one."""
        return next((one.journal for one in self.services if one.name == name), None)

    def services_cpu_s(self) -> float:
        """CPU seconds that the services have used so far: none of a measured process's."""
        used_s = 0.0
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.holder).children() if self.holder else ():
                times = process.cpu_times()
                used_s += times.user + times.system
        return used_s

    def await_services(self, timeout_s: float) -> None:
        """Wait until each service answers or is known to be dead."""
        deadline = time.monotonic() + timeout_s
        names = {service.name for service in self.services}
        while names - self._ready - self._dead.keys():
            left = deadline - time.monotonic()
            if left < 0:
                silent = names - self._ready - self._dead.keys()
                self._dead |= dict.fromkeys(silent, f"not ready within {timeout_s:g} s")
            self._listen(max(left, 0.0))

    def _listen(self, timeout_s: float) -> None:
        """Take in what the keeper has to tell, waiting at most so long for the first of it."""
        while self._keeper is not None and select.select([self._keeper], [], [], timeout_s)[0]:
            timeout_s = 0.0
            told = os.read(self._keeper, 4096)
            if not told:
                self._keeper = None
                for service in self.services:
                    self._dead.setdefault(service.name, "the process that held it is gone")
            *lines, self._heard = (self._heard + told).split(b"\n")
            for line in lines:
                what, name, how = (*line.decode(errors="replace").split(" ", 2), "", "")[:3]
                if what == "dead":
                    self._dead[name] = how
                elif what == "ready":
                    self._ready.add(name)


@contextmanager
def session_network(
    services: Sequence[Service],
    cpus: tuple[int, ...],
    isolation: Isolation,
    *,
    loopback: bool = False,
) -> Iterator[Network]:
    """The network for a session, with its services ready; they are gone when it ends.

    `cpus` are the cores that processes are measured on. Where services can't be had the network is
    that of `isolation`, and says why. `loopback` is for processes that serve each other.
    """
    if isolation.is_open:
        refusal = f"needs a server in a network namespace, and there is none: {isolation.network}"
        yield Network(isolation=isolation, refusal=refusal if services else "")
        return
    if not services and (isolation.sandbox is not None or not loopback):
        yield Network(isolation=isolation)
        return
    cpu = _service_cpu(cpus)
    keeper = _start(services, cpu)
    if keeper is None:
        needed = bool(services or isolation.enter)
        yield Network(isolation=isolation, refusal=NO_LOOPBACK if needed else "")
        return
    process, enter, description = keeper
    try:
        assert process.stdout is not None
        network = Network(
            isolation=replace(isolation, enter=enter, shares_network=True, network=description),
            services=tuple(services),
            refusal="",
            service_cpu=cpu,
            holder=process.pid,
            _keeper=process.stdout.fileno(),
        )
        network.await_services(_READY_WITHIN_S + 5)
        yield network
    finally:
        _end(process)


def _service_cpu(cpus: tuple[int, ...]) -> int | None:
    """A core nothing is measured on, or else one of at least two that can then be left to them."""
    others = sorted(os.sched_getaffinity(0) - set(cpus)) if cpus else []
    if others:
        return others[0]
    return cpus[0] if len(cpus) > 1 else None


def _start(
    services: Sequence[Service], cpu: int | None
) -> tuple[subprocess.Popen[bytes], tuple[str, ...], str] | None:
    """The keeper in a new namespace, how to get into it, and what it is; None if not allowed."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return None
    asked = {
        "services": [{"name": one.name, "argv": one.argv, "port": one.port} for one in services],
        "cpu": cpu,
        "timeout_s": _READY_WITHIN_S,
    }
    served = ", ".join(f"{one.name} on port {one.port}" for one in services)
    for prefix in WITH_LOOPBACK:
        process = subprocess.Popen(
            [*prefix, *PYTHON, str(Path(__file__).with_name("keeper.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"}, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked).encode() + b"\n")
        if process.stdout.readline().strip() == b"up":
            enter = _enter(process.pid, user="--user" in prefix)
            where = "; ".join(filter(None, ("network namespace", served)))
            return process, enter, f"cut off, loopback only ({where})"
        _end(process)
    return None


def _enter(process: int, *, user: bool) -> tuple[str, ...]:
    own = (f"--user=/proc/{process}/ns/user", "--preserve-credentials") if user else ()
    return ("nsenter", *own, f"--net=/proc/{process}/ns/net")


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()  # the kernel then ends the services
        process.wait()
    process.stdout.close()
