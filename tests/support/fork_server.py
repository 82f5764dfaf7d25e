"""Start `python -m bench` without importing all of it each time: a server that forks.

It has imported every command and has run none. Each request is answered by a fork of it, with the
working directory, the variables and the output of the request. Most tests' commands take less time
than importing the harness does. What starts differently in a process of its own (other variables
than this session's, signals) is left to a process of its own: see `Sandbox.bench`.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MOST_BYTES = 1 << 20
_FOLDERS = "BENCH_"


@dataclass(frozen=True)
class ForkServer:
    """The server of this process, and the variables it was started with."""

    process: subprocess.Popen[bytes]
    requests: socket.socket
    environ: Mapping[str, str]

    @classmethod
    def start(cls, environ: Mapping[str, str]) -> ForkServer:
        """Start one; it ends with this process."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            process = subprocess.Popen(
                [sys.executable, __file__, str(its.fileno())],
                cwd=ROOT,
                # A fork has none of the threads: there shall be none.
                env={**environ, "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
            )
        return cls(process, ours, dict(environ))

    def serves(self, environ: Mapping[str, str]) -> bool:
        """Whether a process with these variables differs in nothing but the places of folders."""
        return _others(environ) == _others(self.environ)

    def run(
        self, words: Sequence[str], environ: Mapping[str, str], cwd: Path, timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end. Raises `TimeoutError`."""
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            request = json.dumps([list(words), dict(environ), str(cwd)]).encode()
            handles = array.array("i", [stdout.fileno(), stderr.fileno()])
            self.requests.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
            pid = int(self._answer(timeout_s))
            try:
                status = int(self._answer(timeout_s))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._answer(timeout_s)
                raise
            texts = []
            for stream in (stdout, stderr):
                stream.seek(0)
                text = stream.read().decode()
                texts.append(text.replace("\r\n", "\n").replace("\r", "\n"))
            return subprocess.CompletedProcess(list(words), status, *texts)

    def _answer(self, timeout_s: float) -> bytes:
        self.requests.settimeout(timeout_s)
        return self.requests.recv(100)


def _others(environ: Mapping[str, str]) -> dict[str, str]:
    # pytest tells the name of the test that runs.
    return {
        key: value
        for key, value in environ.items()
        if not key.startswith(_FOLDERS) and key != "PYTEST_CURRENT_TEST"
    }


def _serve(requests: socket.socket) -> None:
    """Fork for each request; returns in the fork, as the command."""
    while True:
        message, control, _, _ = requests.recvmsg(_MOST_BYTES, socket.CMSG_SPACE(8))
        if not message:
            raise SystemExit
        handles = array.array("i")
        handles.frombytes(control[0][2][:8])
        pid = os.fork()
        if pid == 0:
            requests.close()
            words, environ, cwd = json.loads(message)
            _become(words, environ, cwd, handles)
            return
        for handle in handles:
            os.close(handle)
        try:
            requests.send(str(pid).encode())
            _, status = os.waitpid(pid, 0)
            requests.send(str(os.waitstatus_to_exitcode(status)).encode())
        except BrokenPipeError as error:
            raise SystemExit from error


def _become(words: list[str], environ: dict[str, str], cwd: str, handles: Sequence[int]) -> None:
    """Be what `python -m bench WORDS` is when it begins."""
    for stream, handle in zip((1, 2), handles, strict=True):
        os.dup2(handle, stream)
        os.close(handle)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    time.tzset()
    tempfile.tempdir = None
    sys.path[0] = cwd
    sys.argv = [str(ROOT / "bench" / "__main__.py"), *words]


def main() -> int:
    """Import everything, then serve."""
    sys.path[0] = str(ROOT)
    entry = importlib.import_module("bench.cli.main")
    for commands in entry.COMMANDS.values():
        for name in commands:
            importlib.import_module(f"bench.cli.{name.replace('-', '_')}")
    _serve(socket.socket(fileno=int(sys.argv[1])))
    return int(entry.main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
