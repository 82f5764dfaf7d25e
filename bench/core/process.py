"""Run tools (git, uv, interpreters): the one place that starts a process that is not measured."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """A tool that has ended: its exit status (None when it was stopped by the time-out)."""

    command: tuple[str, ...]
    status: int | None
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the tool ended by itself and with status 0."""
        return self.status == 0

    def describe(self) -> str:
        """The command as one would type it, and how it ended."""
        ending = "ran into its time-out" if self.status is None else f"exit status {self.status}"
        return f"{shlex.join(self.command)}: {ending}"

    def last_lines(self, count: int = 15) -> str:
        """The end of what the tool said: standard error, or standard output when that is empty."""
        text = self.stderr.strip() or self.stdout.strip()
        return "\n".join(text.splitlines()[-count:])


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 600.0,
) -> Finished:
    """Run a tool to its end with its output kept.

    The tool gets a process group of its own; the time-out and an interruption kill the whole
    group. Raises `FileNotFoundError` when the tool does not exist.
    """
    words = tuple(str(word) for word in command)
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        stdout, stderr = process.communicate()
        return Finished(words, None, stdout, stderr)
    except BaseException:
        _kill_group(process)
        process.wait()
        raise
    return Finished(words, process.returncode, stdout, stderr)


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
