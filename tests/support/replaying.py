"""A replay service as a process, and requests to it."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.sandbox import ROOT

ANSWERS = ROOT / "bench" / "workloads" / "replay" / "answers"
PROGRAM = ROOT / "bench" / "workloads" / "replay" / "program.py"


@dataclass(frozen=True)
class Replay:
    """A running service."""

    ai: int
    cf: int
    journal: Path
    process: subprocess.Popen[str]

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "cf-replay-small",
        connection: http.client.HTTPConnection | None = None,
        timeout_s: float = 20.0,
    ) -> tuple[int, Any]:
        """Status and body of an answer; over a connection of its own unless one is given."""
        port = self.cf if path.startswith("/cfapi") else self.ai
        over = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        sent = None if body is None else json.dumps(body)
        try:
            over.request(method, path, sent, {"Authorization": f"Bearer {key}"})
            answer = over.getresponse()
            text = answer.read()
        finally:
            if connection is None:
                over.close()
        return answer.status, json.loads(text) if text[:1] in b"[{" else text.decode()


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


@contextmanager
def replaying(folder: Path, *options: str, answers: Path = ANSWERS) -> Iterator[Replay]:
    """The service of the scenarios in `answers`, its journal in `folder`."""
    ai, cf = free_ports(2)
    journal = folder / "journal.jsonl"
    command = [
        *(sys.executable, "-I", str(PROGRAM), str(answers), str(ai), "--cf-port", str(cf)),
        *("--journal", str(journal), *options),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            await_port(ai, process)
            yield Replay(ai, cf, journal, process)
        finally:
            process.terminate()


def await_port(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until something listens there."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
