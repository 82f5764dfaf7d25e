"""Processes for the launcher, and what became of them."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from pathlib import Path

import psutil

from bench.engine.measure.client import Invocation
from bench.engine.sandbox.access import Access, python_folders


def python(folder: Path, code: str, *arguments: str, **env: str) -> Invocation:
    """A Python process of a side; its output lands in files in the folder."""
    return Invocation(
        argv=(sys.executable, "-I", "-S", "-c", code, *arguments),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **env},
        cwd=folder,
        stdout=folder / "stdout",
        stderr=folder / "stderr",
        access=Access(python_folders(Path(sys.executable)), (folder,)),
    )


def shell(folder: Path, line: str) -> Invocation:
    """A shell process of a side: quicker to start."""
    return Invocation(
        argv=("/bin/sh", "-c", line),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        cwd=folder,
        stderr=folder / f"stderr-{hash(line)}",
        # Each line has a sandbox of its own, as base and head have.
        access=Access((Path(f"/usr/{abs(hash(line))}"),), (folder,)),
    )


def is_running(process: int) -> bool:
    """Whether a process runs (a dead one that nobody has waited for does not)."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def ends(process: int, within_s: float = 10.0) -> bool:
    """Whether a process ends soon."""
    deadline = time.monotonic() + within_s
    while is_running(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def left_behind(command: str, folder: Path) -> list[int]:
    """Processes of this command that run in a folder (or in what was one) and do not end soon."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if shlex.join(process.cmdline()) == command and process.cwd().startswith(str(folder)):
                found.append(process.pid)
    return [process for process in found if not ends(process)]


def left_in(folder: Path) -> list[int]:
    """Processes that run in a folder, whatever their command, and do not end soon."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            ours = process.pid == os.getpid() or any("launcher.py" in w for w in process.cmdline())
            if not ours and process.cwd().startswith(str(folder)):
                found.append(process.pid)
    return [process for process in found if not ends(process)]


def children_of(process: int) -> list[int]:
    """Processes it has started."""
    return [child.pid for child in psutil.Process(process).children()]
