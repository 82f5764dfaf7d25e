"""What the machine fetches from this host: this repository, and a small project to measure."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.core.process import run_tool
from vmtest.machine import HOST_FROM_INSIDE
from vmtest.problems import VmError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Repositories:
    """Addresses as the machine sees them, and the commit of this repository."""

    this: str
    sample: str
    commit: str


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Repositories]:
    """Serve both, read-only, on the loopback interface until the block ends."""
    served = folder / "served"
    served.mkdir()
    _git("clone", "--quiet", "--bare", ROOT, served / "bench.git")
    _make_sample(served / "sample-project")
    commit = _git("-C", ROOT, "rev-parse", "HEAD")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = subprocess.Popen(
        ["git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}",
         f"--base-path={served}", str(served)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port)
        base = f"git://{HOST_FROM_INSIDE}:{port}"
        yield Repositories(f"{base}/bench.git", f"{base}/sample-project", commit)
    finally:
        daemon.terminate()
        daemon.wait()


def _make_sample(path: Path) -> None:
    """The test suite's sample project: its versions differ in how much they compute."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.sample_project import make_repository  # noqa: PLC0415 - only the tests have it

    make_repository(path)


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise VmError("git daemon does not answer")


def _git(*arguments: str | Path) -> str:
    done = run_tool(["git", *arguments])
    if not done.ok:
        raise VmError(f"{done.describe()}\n{done.last_lines()}")
    return done.stdout.strip()
