"""Start a service, ask it, and give what was measured to pyperf.

Run in the subject's interpreter (`python driver.py PYPERF-OPTION …`), never imported by the
harness. What to do is in the JSON file named by `BENCH_SERVICE`: a `ServiceUse` of
`bench/core/service.py`. The service is a child process in this one's process group, on the core
this one was started on; clients then move to the other cores, if there are any. Each client keeps
one connection open as long as the service does. What is answered otherwise than declared is an
error and never a value.
"""

from __future__ import annotations

import collections
import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyperf

if TYPE_CHECKING:
    from typing import Self

Declared = dict[str, Any]

POLL_S = 0.002
STOP_WITHIN_S = 10.0
# To start a service costs more than to ask it: a value may take twice what pyperf aims at.
LONGER = 2
_CPUCLOCK_SCHED = 2


class ServiceError(Exception):
    """The service did not do as declared (the message says what)."""


class ServerProcess:
    """A running service; a context manager that ends it."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.port = _free_port()
        command = [self._fill(word) for word in declared["command"]]
        own = Path(sys.executable).parent / command[0]
        if os.access(own, os.X_OK):
            command[0] = str(own)
        env = {key: value for key, value in os.environ.items() if key != "BENCH_SERVICE"}
        # pyperf lies there for this program: the service must not see it.
        env.pop("PYTHONPATH", None)
        env.update({key: self._fill(value) for key, value in declared["env"].items()})
        self.said = Path(os.environ["HOME"], f".service-{os.getpid()}")
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process)
        self.said.unlink(missing_ok=True)

    def _fill(self, word: str) -> str:
        return word.replace("{port}", str(self.port)).replace("{home}", os.environ["HOME"])

    def wait_until_ready(self) -> None:
        """Ask for its health until it answers."""
        deadline = time.monotonic() + self.declared["ready_timeout_s"]
        health = {"method": "GET", "path": self.declared["health"], "headers": {}, "status": 200}
        while time.monotonic() < deadline:
            self.check_alive()
            with contextlib.suppress(OSError, http.client.HTTPException, ServiceError):
                client = Client(self)
                client.ask(health)
                client.close()
                return
            time.sleep(POLL_S)
        limit = self.declared["ready_timeout_s"]
        raise ServiceError(f"{health['path']} was not answered with 200 within {limit:g} s")

    def check_alive(self) -> None:
        """Raise `ServiceError` when it has ended."""
        if self.process.poll() is None:
            return
        last = self.said.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()[-1:]
        status = self.process.returncode
        how = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
        raise ServiceError(": ".join(["the service ended", how, *last]))

    def cpu_s(self) -> float:
        """CPU seconds of its processes that live, threads that have ended included.

        Each process has a clock of its own; its number is what `clock_getcpuclockid(3)` makes of
        the process's.
        """
        total_s = 0.0
        for process in _tree(self.process.pid):
            with contextlib.suppress(OSError):
                total_s += time.clock_gettime((~process << 3) | _CPUCLOCK_SCHED)
        return total_s


class Client:
    """One connection, opened anew when the service has closed it."""

    def __init__(self, service: ServerProcess) -> None:
        timeout_s = service.declared["request_timeout_s"]
        self.service = service
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout_s)

    def ask(self, request: Declared) -> None:
        """Send a request and read its whole answer. Raises `ServiceError`."""
        headers = dict(request["headers"])
        body = request.get("body")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(request["method"], request["path"], body=body, headers=headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != request["status"]:
            told = content[:200].decode(errors="replace")
            raise ServiceError(
                f"{request['method']} {request['path']} was answered with {answer.status}, "
                f"not {request['status']}: {told}"
            )

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def measure_cold_start(declared: Declared, loops: int) -> float:
    """Seconds of `loops` cold starts, each from the start of the process to its first answer."""
    total_s = 0.0
    for _ in range(loops):
        before = time.perf_counter()
        with ServerProcess(declared) as service:
            service.wait_until_ready()
            total_s += time.perf_counter() - before
    return total_s


def load(service: ServerProcess, requests: list[Declared], clients: int, loops: int) -> list[float]:
    """Have clients send all requests `loops` times each; returns the seconds each answer took."""
    taken_s: collections.deque[float] = collections.deque()
    problems: list[Exception] = []
    ready = threading.Barrier(clients)

    def work() -> None:
        client = Client(service)
        try:
            ready.wait()
            for _ in range(loops):
                for request in requests:
                    before = time.perf_counter()
                    client.ask(request)
                    taken_s.append(time.perf_counter() - before)
        except (OSError, http.client.HTTPException, ServiceError) as error:
            problems.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        service.check_alive()
        error = problems[0]
        told = str(error) if isinstance(error, ServiceError) else f"{type(error).__name__}: {error}"
        raise ServiceError(told)
    return list(taken_s)


def with_bodies(service: ServerProcess, *, once: bool) -> list[Declared]:
    """The declared requests that are sent once, or those that are measured, as they are sent."""
    return [
        {**one, "body": None if one["json"] is None else json.dumps(one["json"])}
        for one in service.declared["request"]
        if one["once"] == once
    ]


def prepare(service: ServerProcess) -> None:
    """Send what is to be sent once before anything is measured. Raises `ServiceError`."""
    client = Client(service)
    try:
        for request in with_bodies(service, once=True):
            client.ask(request)
    except (OSError, http.client.HTTPException) as error:
        service.check_alive()
        raise ServiceError(f"{type(error).__name__}: {error}") from error
    finally:
        client.close()


def measure_requests(
    service: ServerProcess, use: Declared, loops: int, *, calibrating: bool
) -> float:
    """Seconds for pyperf, which divides them by `loops`; calibrated is by wall time.

    In each loop a client sends all requests as often as `repeats` says: a value is one of many.
    """
    requests = with_bodies(service, once=False)
    leave_core_to(service)  # here, since pyperf has the last word before
    cpu_s, before = service.cpu_s(), time.perf_counter()
    taken_s = load(service, requests, use["clients"], loops * use["repeats"])
    if calibrating:
        return (time.perf_counter() - before) / LONGER
    if use["measure"] == "latency":
        return statistics.median(taken_s) * loops
    if use["measure"] == "throughput":
        return (time.perf_counter() - before) / len(taken_s) * loops
    return (service.cpu_s() - cpu_s) / len(taken_s) * loops


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force if it does not listen."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def leave_core_to(service: ServerProcess) -> None:
    """Clients, which are threads of this process, work elsewhere if they can."""
    if not hasattr(os, "sched_setaffinity"):
        return
    its = os.sched_getaffinity(service.process.pid)
    others = set(range(os.cpu_count() or 1)) - its
    if len(its) == 1 and others:
        with contextlib.suppress(OSError):  # a cgroup may keep us here
            os.sched_setaffinity(0, others)


def _tree(root: int) -> list[int]:
    """A process and all below it (`/proc/PID/task/TID/children`)."""
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        for children in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                todo += [int(child) for child in children.read_text().split()]
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Measure as pyperf's options say."""
    use = json.loads(Path(os.environ["BENCH_SERVICE"]).read_text(encoding="utf-8"))
    declared = use["of"]
    runner = pyperf.Runner()
    calibrating = bool(runner.parse_args().calibrate_loops)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if use["measure"] == "cold-start":
        runner.bench_time_func("service", lambda loops: measure_cold_start(declared, loops))
        return
    with ServerProcess(declared) as service:
        service.wait_until_ready()
        prepare(service)

        def value(loops: int) -> float:
            return measure_requests(service, use, loops, calibrating=calibrating)

        runner.bench_time_func("service", value)


if __name__ == "__main__":
    try:
        main()
    except ServiceError as error:
        sys.exit(str(error))
