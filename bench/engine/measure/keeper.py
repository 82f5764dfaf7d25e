"""The process that holds a session's network namespace, and the services in it.

Run as a script inside the new namespace (behind `loopback.py`), never imported by the harness. It
starts the services, and tells on standard output what becomes of them, one line each: `up` (the
namespace is there), `ready NAME`, `dead NAME how it ended`. When
standard input ends, however its harness ended, it ends with all it has started; should it be
killed itself, the kernel kills the services.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass
class ServedProcess:
    """A server that was started; `log` is what it says, `told` the last that was said of it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    told: str = ""

    def tell(self, what: str, how: str = "") -> None:
        """Say what became of it, unless that was said."""
        if self.told != what:
            self.told = what
            _say(f"{what} {self.name} {how}".strip())

    def ending(self) -> str:
        """How it ended, with the last line it said."""
        status = self.process.returncode
        self.log.seek(0)
        last = self.log.read()[-4000:].decode(errors="replace").strip().splitlines()[-1:]
        ended = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
        return ": ".join([ended, *(line[:300] for line in last)])


def start(declared: dict[str, Any]) -> ServedProcess:
    """Start a service, which ends when this process does."""
    log = open(os.memfd_create(declared["name"]), "w+b", buffering=0)  # noqa: SIM115, PTH123
    process = subprocess.Popen(
        declared["argv"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
    )
    return ServedProcess(declared["name"], declared["port"], process, log)


def answers(port: int) -> bool:
    """Whether something accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def tell_of(service: ServedProcess) -> None:
    """Say what has become of a service since."""
    if service.process.poll() is not None:
        service.tell("dead", service.ending())
    elif not service.told and answers(service.port):
        service.tell("ready")


def watch(services: list[ServedProcess], timeout_s: float) -> None:
    """Tell of the services until standard input ends."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    deadline = time.monotonic() + timeout_s
    while True:
        for service in services:
            tell_of(service)
            if not service.told and time.monotonic() > deadline:
                service.process.kill()
                service.tell("dead", f"did not answer within {timeout_s:g} s")
        starting = any(not service.told for service in services)
        readable, _, _ = select.select([0, woken], [], [], 0.02 if starting else None)
        if woken in readable:
            os.read(woken, 100)
        if 0 in readable and not os.read(0, 100):
            return


def main() -> None:
    """Hold the namespace until standard input ends."""
    request = json.loads(_first_line())
    if request["cpu"] is not None:
        os.sched_setaffinity(0, {request["cpu"]})
    _say("up")
    services = [start(declared) for declared in request["services"]]
    try:
        watch(services, request["timeout_s"])
    finally:
        for service in services:
            service.process.kill()
            service.process.wait()


def _first_line() -> bytes:
    """Read no further than the line: what comes after it is the end, and is waited for."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            raise SystemExit(0)
        line += piece
    return line


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
