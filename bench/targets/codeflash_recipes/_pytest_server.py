"""Run pytest in processes forked from one that has imported its libraries already.

`python -m codeflash.verification.pytest_server FD` is that process; `run_pytest` is what asks it.
Nothing of the project is imported before the fork, and no plugin of pytest, since pytest rewrites
those while they are imported.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LIBRARIES = (
    "pytest", "asyncio", "unittest", "xml.etree.ElementTree", "pygments.formatters.terminal",
    "pygments.lexers.diff", "pygments.lexers.python", "memray", "dill", "pydantic.types",
    "rich.logging", "rich.panel", "rich.progress", "rich.tree", "tomlkit", "platformdirs",
)  # fmt: skip
_OURS = ("__main__", "__mp_main__", "codeflash", "codeflash.verification")
# They differ from run to run, and nothing that is imported before the fork reads them.
_OF_A_RUN = frozenset(
    {
        "CODEFLASH_LOOP_INDEX", "CODEFLASH_TEST_ITERATION", "CODEFLASH_TRACER_DISABLE",
        "LINE_PROFILE", "PYTEST_PLUGINS",
    }
)  # fmt: skip
_LENGTH = 8


def run_pytest(
    words: list[str], cwd: Path, env: dict[str, str] | None, timeout: float
) -> subprocess.CompletedProcess[str] | None:
    """Run `python -m pytest ...` as `subprocess.run` does; None where only that can do it."""
    if sys.platform != "linux" or words[1:3] != ["-m", "pytest"] or env is None:
        return None
    if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in env or not _lock.acquire(blocking=False):
        return None
    try:
        server = _server_for(words[0], str(cwd), env)
        return server.run(words, env, timeout) if server else None
    except (OSError, EOFError):
        _drop()
        return None
    except BaseException:
        _drop()
        raise
    finally:
        _lock.release()


class _Server:
    def __init__(self, python: str, cwd: str, env: dict[str, str]) -> None:
        self.channel, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [python, "-m", "codeflash.verification.pytest_server", str(theirs.fileno())],
                cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self.child = 0

    def run(
        self, words: list[str], env: dict[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        body = json.dumps({"words": words[3:], "env": env}).encode()
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        with io.FileIO(out) as output, io.FileIO(err) as errors:
            try:
                size = len(body).to_bytes(_LENGTH, "big")
                socket.send_fds(self.channel, [size], [out_end, err_end])
            finally:
                os.close(out_end)
                os.close(err_end)
            self.channel.sendall(body)
            self.child = int.from_bytes(_received(self.channel, _LENGTH), "big")
            texts, in_time = _read_all([output, errors], time.monotonic() + timeout)
        if not in_time:
            raise subprocess.TimeoutExpired(words, timeout, output=texts[0], stderr=texts[1])
        status = int.from_bytes(_received(self.channel, _LENGTH), "big", signed=True)
        self.child = 0
        return subprocess.CompletedProcess(words, status, _text(texts[0]), _text(texts[1]))

    def stop(self) -> None:
        if self.child:
            with contextlib.suppress(OSError):
                os.kill(self.child, signal.SIGKILL)
        self.channel.close()  # the server ends when nobody can ask it any more
        self.process.wait()


_lock = threading.Lock()
_servers: dict[tuple[str, str, frozenset[tuple[str, str]]], _Server | None] = {}


def _server_for(python: str, cwd: str, env: dict[str, str]) -> _Server | None:
    rest = frozenset((name, value) for name, value in env.items() if name not in _OF_A_RUN)
    key = (python, cwd, rest)
    if key not in _servers:
        _drop()
        _servers[key] = _Server(python, cwd, env)
    return _servers[key]


def _drop() -> None:
    """End the server; where it failed it is not tried again."""
    for key, server in list(_servers.items()):
        _servers[key] = None
        if server is not None:
            server.stop()


atexit.register(_drop)


def _read_all(files: list[io.FileIO], until: float) -> tuple[list[bytes], bool]:
    found = {one.fileno(): bytearray() for one in files}
    with selectors.DefaultSelector() as selector:
        for one in files:
            selector.register(one, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return [bytes(one) for one in found.values()], False
            for key, _ in selector.select(left):
                part = os.read(key.fd, 65536)
                found[key.fd].extend(part)
                if not part:
                    selector.unregister(key.fileobj)
    return [bytes(one) for one in found.values()], True


def _text(output: bytes) -> str:
    with io.TextIOWrapper(io.BytesIO(output)) as reader:
        return reader.read()


def _received(channel: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = channel.recv(size - len(found))
        if not part:
            raise EOFError
        found.extend(part)
    return bytes(found)


def _is_library(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module cannot be what is being optimized."""
    file = getattr(sys.modules[name], "__file__", None)
    if not file or name in _OURS:
        return True
    return "site-packages" in file or "dist-packages" in file or file.startswith(places)


def _prepare() -> bool:
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name in importlib.import_module("_pytest.config").default_plugins:
        importlib.import_module(f"_pytest.{name}")
    places = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return all(_is_library(name, places) for name in list(sys.modules))


def _serve(channel: socket.socket) -> tuple[list[str], dict[str, str]]:
    """Answer until nobody asks; returns in a forked process, as that is to run."""
    while True:
        size, files, _, _ = socket.recv_fds(channel, _LENGTH, 2)
        if not size:
            os._exit(0)
        request = json.loads(_received(channel, int.from_bytes(size, "big")))
        child = os.fork()
        if not child:
            channel.close()
            for number, file in enumerate(files):
                os.dup2(file, number + 1)
                os.close(file)
            return request["words"], request["env"]
        for file in files:
            os.close(file)
        channel.sendall(child.to_bytes(_LENGTH, "big"))
        _, status = os.waitpid(child, 0)
        channel.sendall(os.waitstatus_to_exitcode(status).to_bytes(_LENGTH, "big", signed=True))


if __name__ == "__main__":
    import runpy

    if not _prepare():
        os._exit(1)
    gc.collect()
    gc.freeze()
    asked, environment = _serve(socket.socket(fileno=int(sys.argv[1])))
    atexit.unregister(_drop)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["pytest", *asked]
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
