"""A container, and the engine that holds it, as the driver beside it (`driver.py`) uses them."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

Told = dict[str, Any]

POLL_S = 0.002
_TO_REMOVE_S = 5.0
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class ContainerError(Exception):
    """The engine or the container did not do as declared (the message says what)."""


class EngineClient:
    """The engine's command line, with what is left of the time."""

    def __init__(self, told: Told) -> None:
        self.name: str = told["engine"]["name"]
        self.program: str = told["engine"]["program"]
        self.env: dict[str, str] = told["engine"]["env"]
        # Time is left to remove the container: the launcher's own limit kills.
        timeout_s = float(told["timeout_s"])
        self.limit_s = timeout_s - min(timeout_s / 2, _TO_REMOVE_S)
        self.deadline = time.monotonic() + self.limit_s

    def left_s(self) -> float:
        """Seconds until the deadline; raises `ContainerError` when there are none."""
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise ContainerError(f"the engine was not done within {self.limit_s:g} s")
        return left_s

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command, with all that it says in one pipe."""
        return subprocess.Popen(
            [self.program, *words], env=self.env, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *words: str, status: int = 0) -> str:
        """Run a command to its end; returns what it says. Raises `ContainerError`."""
        process = self.start(*words)
        try:
            said, _ = process.communicate(timeout=self.left_s())
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            what = f"{self.name} {words[0]} has not ended within {self.limit_s:g} s"
            raise ContainerError(what) from None
        if process.returncode != status:
            ended = f"{self.name} {words[0]}: exit status {process.returncode}, not {status}"
            raise ContainerError(": ".join([ended, *last_line(said)]))
        return said

    def timed(self, *words: str, status: int = 0) -> float:
        """The same; returns the seconds."""
        before = time.monotonic()
        self.run(*words, status=status)
        return time.monotonic() - before

    def quietly(self, *words: str) -> None:
        """Run a command whose failure does not matter."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([self.program, *words], env=self.env, capture_output=True,
                           check=False, timeout=60)  # fmt: skip


class Box:
    """A container of the image; a context manager that removes it, and its volume."""

    def __init__(self, told: Told, *, hook: bool = False) -> None:
        self.told, self.declared = told, told["use"]["of"]
        self.engine = EngineClient(told)
        self.name = f"bench-{os.getppid()}-{os.getpid()}"
        self.folder = Path(os.environ["HOME"], self.name)
        self.started_at = 0.0
        self.ready_at: float | None = None
        self.said: list[str] = []
        self.problem = ""
        self.has_volume = False
        self.process: subprocess.Popen[str] | None = None
        self.options = ["--name", self.name, "--label", told["label"],
                        "--security-opt", "label=disable"]  # fmt: skip
        if told["network"] != "default":
            self.options.append(f"--network={told['network']}")
        for one in told["mounts"]:
            self.options += ["--volume", f"{one}:{one}:ro"]
        for name, value in self.declared["env"].items():
            self.options += ["--env", f"{name}={value}"]
        if hook:
            self._hook()

    def __enter__(self) -> Self:
        self.folder.mkdir()
        (self.folder / "told").mkdir()
        (self.folder / "told").chmod(0o777)  # whoever runs inside writes there
        return self

    def __exit__(self, *_: object) -> None:
        at_once = ("--time", "0") if self.engine.name == "podman" else ()  # docker kills anyway
        self.engine.quietly("rm", "--force", *at_once, self.name)
        if self.has_volume:
            self.engine.quietly("volume", "rm", self.name)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hook(self) -> None:
        """Have the first Python inside tell when it starts."""
        inside = ":".join(filter(None, ("/bench-inside", self.told["image"].get("pythonpath"))))
        self.options += [
            "--volume", f"{self.told['inside']}:/bench-inside:ro",
            "--volume", f"{self.folder / 'told'}:/bench-told",
            "--env", f"PYTHONPATH={inside}",
        ]  # fmt: skip

    def make_volume(self, where: str) -> None:
        """Have it see a new volume of the engine's."""
        self.has_volume = True
        self.engine.run("volume", "create", "--label", self.told["label"], self.name)
        self.options += ["--volume", f"{self.name}:{where}"]

    @property
    def image(self) -> list[str]:
        """The image and the command that runs in it."""
        return [self.told["image"]["identity"], *self.declared["command"]]

    def python(self, *words: str) -> list[str]:
        """The image with its Python as the command."""
        image = self.told["image"]
        return ["--entrypoint", image["python"], image["identity"], *words]

    def create(self, *words: str) -> float:
        """Create it; returns the seconds."""
        pid = ["--pidfile", str(self.folder / "pid")] if self.engine.name == "podman" else []
        return self.engine.timed("create", *pid, *self.options, *(words or self.image))

    def start(self) -> None:
        """Start it, and listen to what it says from its first word."""
        self.started_at = time.monotonic()
        self.process = self.engine.start("start", "--attach", self.name)
        threading.Thread(target=self._listen, daemon=True).start()
        if self.declared["ready_http"]:
            threading.Thread(target=self._ask, daemon=True).start()

    def _listen(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        wanted = self.declared["ready_line"]
        for line in self.process.stdout:
            if wanted and wanted in line and self.ready_at is None:
                self.ready_at = time.monotonic()
            self.said = [*self.said[-20:], line]

    def _ask(self) -> None:
        """Ask over HTTP whether it is ready, from within its network namespace."""
        port, _, path = self.declared["ready_http"].partition("/")
        try:
            if self.told["network"] != "host":
                _enter_network(self._pid())
        except OSError as error:
            self.problem = f"its network namespace cannot be entered: {error.strerror}"
            return
        while self.process is not None and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                client = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
                client.request("GET", f"/{path}")
                if client.getresponse().status == http.client.OK:
                    self.ready_at = time.monotonic()
                    return
            time.sleep(POLL_S)

    def _pid(self) -> int:
        """The process id of what runs inside, as seen from here."""
        while True:
            self.engine.left_s()
            if self.engine.name == "podman":
                with contextlib.suppress(OSError, ValueError):
                    return int((self.folder / "pid").read_text())
            else:
                told = self.engine.run("inspect", "--format", "{{.State.Pid}}", self.name)
                if int(told):
                    return int(told)
            time.sleep(POLL_S)

    def await_first_line(self) -> float:
        """The moment of the first line of the first Python inside."""
        file = self.folder / "told" / "first-line"

        def told() -> float | None:
            with contextlib.suppress(OSError, ValueError):
                return float(file.read_text())
            return None

        return self._await("no Python that reads PYTHONPATH was seen in it", told)

    def await_ready(self) -> float:
        """The moment it was ready."""
        return self._await("it was not ready", lambda: self.ready_at)

    def _await(self, otherwise: str, look: Callable[[], float | None]) -> float:
        """What `look` finds; raises `ContainerError` when the container ends, or time does."""
        assert self.process is not None
        while True:
            ended = self.process.poll() is not None
            if ended:
                time.sleep(10 * POLL_S)  # for the last line to be heard
            found = look()
            if found is not None:
                return found
            if self.problem:
                raise ContainerError(self.problem)
            if ended:
                how = f"the container ended with exit status {self.process.returncode}"
                raise ContainerError(": ".join([f"{otherwise} before {how}", *self._last_said()]))
            if self.engine.deadline < time.monotonic():
                within = f"{otherwise} within {self.engine.limit_s:g} s"
                raise ContainerError(": ".join([within, *self._last_said()]))
            time.sleep(POLL_S)

    def _last_said(self) -> list[str]:
        return last_line("".join(self.said))

    def await_end(self) -> float:
        """Wait until it has ended by itself; returns the moment. Raises `ContainerError`."""
        assert self.process is not None
        try:
            status = self.process.wait(self.engine.left_s())
        except subprocess.TimeoutExpired:
            raise ContainerError(f"it had not ended within {self.engine.limit_s:g} s") from None
        ended_at = time.monotonic()
        if status != self.declared["exit_status"]:
            ended = f"the container ended with exit status {status}"
            raise ContainerError(": ".join([ended, *self._last_said()]))
        return ended_at


def _enter_network(process: int) -> None:
    """Have this thread alone see the network that a process sees. Raises `OSError`."""
    with Path(f"/proc/{process}/ns/net").open("rb") as space:
        if _libc.setns(space.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "only root may enter it")


def last_line(said: str) -> list[str]:
    """The last line of what a program said, in a list; none if it said nothing."""
    return [line[:300] for line in said.strip().splitlines()[-1:]]
