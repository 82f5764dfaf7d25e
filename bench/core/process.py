"""Run tools (git, uv, interpreters): the one place that starts a process that is not measured."""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.core.crew import stop_handle
from bench.core.lock import say_what_waits
from bench.core.printable import printable
from bench.core.secrets import without_secrets

_GUARDIAN = Path(__file__).with_name("guardian.py")
_SAY_AFTER_S = 1.0
_END_WITHIN_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A tool that has ended: its exit status (None when it was stopped by the time-out).

    `left` are the processes that it had started and left running; they were ended.
    """

    command: tuple[str, ...]
    status: int | None
    stdout: str
    stderr: str
    left: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the tool ended by itself and with status 0."""
        return self.status == 0

    def describe(self) -> str:
        """The command as one would type it, and how it ended."""
        ending = "ran into its time-out" if self.status is None else f"exit status {self.status}"
        left = f" (ended what it had left running: {'; '.join(self.left)})" if self.left else ""
        return printable(without_secrets(f"{shlex.join(self.command)}: {ending}{left}"))

    def last_lines(self, count: int = 15) -> str:
        """The end of what the tool said: standard error, or standard output when that is empty."""
        text = printable(without_secrets(self.stderr.strip() or self.stdout.strip()))
        return "\n".join(text.splitlines()[-count:])


def transcript(tools: Iterable[Finished]) -> str:
    """What was run and all that it said, for a log."""
    return without_secrets(
        "\n".join(f"$ {one.describe()}\n{one.stdout}{one.stderr}" for one in tools)
    )


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 600.0,
    guarded: bool = True,
    tidies: bool = False,
) -> Finished:
    """Run a tool to its end with its output kept.

    The tool and everything it has started end with it, at the time-out, with an interruption, and
    when this process dies. `guarded=False` is for tools of milliseconds that start nothing (a
    guardian takes as long as an interpreter to start): only their process group is ended, and only
    by this process. `tidies` is for a tool that removes what an interrupted one left: a worker that
    is to stop waits for it. Raises `FileNotFoundError` when the tool does not exist.
    """
    words = tuple(str(word) for word in command)
    variables = dict(os.environ if env is None else env)
    with (
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
        tempfile.TemporaryFile() as told,
    ):
        # Output goes to files: what is left of a tool could keep a pipe open for ever.
        process = subprocess.Popen(
            _guarding(told) if guarded else words,
            cwd=None if guarded else cwd,
            env=_guardians(variables) if guarded else variables,
            stdin=subprocess.PIPE if guarded else subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(told.fileno(),) if guarded else (),
            process_group=0,
        )
        try:
            if process.stdin is not None:
                process.stdin.write(marshal.dumps((words, variables, str(cwd or ""))))
                process.stdin.flush()
            in_time = _wait(process, timeout_s, whatever=tidies)
        finally:
            _end(process)
        answer = _answer(told) if guarded else {}
        if "error" in answer:
            raise OSError(answer["error"], os.strerror(answer["error"]), answer["file"])
        status = answer.get("status", process.returncode) if in_time else None
        left = tuple(answer.get("left", ()))
        return Finished(
            command=words, status=status, stdout=_text(stdout), stderr=_text(stderr), left=left
        )


def _guarding(told: IO[bytes]) -> list[str]:
    return [sys.executable, "-I", "-S", str(_GUARDIAN), str(told.fileno())]


def _guardians(variables: Mapping[str, str]) -> dict[str, str]:
    """Where the tool is looked for, and what our own interpreter may need to start."""
    own = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": variables.get("PATH", os.defpath), **own}


def _wait(process: subprocess.Popen[bytes], timeout_s: float, *, whatever: bool) -> bool:
    """Wait for a process; whether it has ended in time. Says when it waits for a lock."""
    said_s = min(timeout_s, _SAY_AFTER_S)
    if _wait_for(process, said_s, whatever=whatever):
        return True
    say_what_waits(process.pid)
    return _wait_for(process, timeout_s - said_s, whatever=whatever)


def _wait_for(
    process: subprocess.Popen[bytes], timeout_s: float, *, whatever: bool = False
) -> bool:
    """Whether it ends in time; a worker that is to stop is interrupted, unless `whatever`."""
    try:
        handle = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or an old one: this looks from time to time
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)
        return process.returncode is not None
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        stop = None if whatever else stop_handle()
        if stop is not None:
            poll.register(stop, select.POLLIN)
        ready = [found for found, _ in poll.poll(timeout_s * 1000)]
        if stop in ready:
            raise KeyboardInterrupt
        return bool(ready)
    finally:
        os.close(handle)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it unless it has ended: a guardian ends its tool when its standard input ends."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        _wait_for(process, _END_WITHIN_S, whatever=True)
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answer(told: IO[bytes]) -> dict[str, Any]:
    told.seek(0)
    try:
        answer: dict[str, Any] = marshal.load(told)
    except (EOFError, ValueError):  # it was killed
        return {}
    return answer


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    text = stream.read().decode(errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
