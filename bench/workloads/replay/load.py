"""Ask a replay service as fast as it answers, from a number of clients at once: what can it do?

Each client is a connection that sends its next request when it has the answer to the last one
(`Connection: close` in between, as codeflash does, on demand). The service runs by itself on the
last core, the clients on the first; what it says of its own time is in its journal.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from bench.core.errors import UsageError
from bench.workloads.journal import Exchange, read_journal

_PROGRAM = Path(__file__).with_name("program.py")
_STARTS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Load:
    """What is asked: requests in all, from so many clients, `body_bytes` of JSON in each.

    `rate`: so many a second between them, on a schedule; 0: each as soon as the last is answered.
    """

    clients: int = 16
    requests: int = 4000
    body_bytes: int = 2000
    reuse: bool = False
    rate: float = 0.0


@dataclass(frozen=True)
class Findings:
    """What came of it, in seconds a request.

    `own_s` is the service's time for it, `inside_s` that from its first byte to its answer, during
    which others may have their turn, and `seen_s` the client's, with the connection.
    """

    elapsed_s: float
    service_cpu_s: float
    own_s: tuple[float, ...]
    inside_s: tuple[float, ...]
    seen_s: tuple[float, ...]
    connections: int
    failed: int

    @property
    def requests_per_s(self) -> float:
        """Answered requests a second."""
        return len(self.own_s) / self.elapsed_s


def percentile(seconds: Sequence[float], share: float) -> float:
    """The time that this share of requests did not exceed."""
    return float(np.quantile(np.array(seconds), share))


def measure(folder: Path, load: Load, ports: tuple[int, int]) -> Findings:
    """Start a service of the answers in `folder`, load it, and end it.

    Raises `UsageError` when it does not start.
    """
    with (
        tempfile.TemporaryDirectory(prefix="replay-load-") as scratch,
        _service(folder, ports, Path(scratch) / "journal.jsonl") as service,
    ):
        asyncio.run(_ask_all(ports[0], Load(load.clients, load.clients * 10, load.body_bytes)))
        before, cpu_s = read_journal(service.journal), _cpu_s(service.process.pid)
        started = time.monotonic()
        seen, failed = asyncio.run(_ask_all(ports[0], load))
        elapsed_s = time.monotonic() - started
        answered = read_journal(service.journal)[len(before) :]
        return Findings(
            elapsed_s,
            _cpu_s(service.process.pid) - cpu_s,
            tuple(one.own_s for one in answered),
            tuple((one.sent_ns - one.received_ns) / 1e9 - one.simulated_s for one in answered),
            tuple(seen),
            _connections(answered),
            failed,
        )


def _connections(exchanges: Sequence[Exchange]) -> int:
    return len({one.connection for one in exchanges})


@dataclass(frozen=True)
class _Running:
    process: subprocess.Popen[bytes]
    journal: Path


@contextmanager
def _service(folder: Path, ports: tuple[int, int], journal: Path) -> Iterator[_Running]:
    """A service on the last core this process may use."""
    cores = sorted(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [
            *(sys.executable, "-I", _PROGRAM, folder, str(ports[0])),
            *("--cf-port", str(ports[1]), "--journal", journal),
        ],
        stderr=subprocess.PIPE,
    )
    os.sched_setaffinity(process.pid, {cores[-1]})
    os.sched_setaffinity(0, {cores[0]})
    try:
        _await(process, ports[0])
        yield _Running(process, journal)
    finally:
        os.sched_setaffinity(0, cores)
        process.terminate()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            asyncio.run(_ask_all(port, Load(1, 1)))
            return
        time.sleep(0.05)
    process.kill()
    _, said = process.communicate()
    raise UsageError(f"The replay service did not start: {said.decode(errors='replace').strip()}")


async def _ask_all(port: int, load: Load) -> tuple[list[float], int]:
    """The seconds that each request took, and how many were not answered as they should."""
    body = msgspec.json.encode({"trace_id": "load", "filling": "x" * load.body_bytes})
    request = _request(body, reuse=load.reuse)
    left = iter(range(load.requests))
    clients = [_client(port, request, left, load) for _ in range(load.clients)]
    told = await asyncio.gather(*clients)
    seen = [seconds for one in told for seconds, _ok in one]
    return seen, sum(not ok for one in told for _seconds, ok in one)


def _request(body: bytes, *, reuse: bool) -> bytes:
    return (
        b"POST /ai/log_features HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + (b"" if reuse else b"Connection: close\r\n")
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


async def _client(
    port: int, request: bytes, left: Iterator[int], load: Load
) -> list[tuple[float, bool]]:
    found: list[tuple[float, bool]] = []
    reader, writer = None, None
    began = time.monotonic()
    for number in left:
        if load.rate:
            await asyncio.sleep(began + number / load.rate - time.monotonic())
        started = time.monotonic()
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        found.append((time.monotonic() - started, head.startswith(b"HTTP/1.1 200")))
        if not load.reuse:
            writer.close()
            reader, writer = None, None
    if writer is not None:
        writer.close()
    return found


def _cpu_s(process: int) -> float:
    text = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")
