"""The harness's end of the launcher: requests in, samples out."""

from __future__ import annotations

import contextlib
import marshal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.core.process import run_tool
from bench.core.sample import Sample
from bench.engine.machine.pinning import Slice
from bench.engine.measure.homes import FreshHome


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One side's process: what is started, where, with which variables.

    `extra` is a file the process gets as descriptor 3 to write to (pyperf's pipe); "" for none.
    `affinity` is an option that tells the process its core: a pyperf worker would otherwise move
    itself to isolated cores where there are any. `home` says what HOME is to hold at its start;
    None: whatever the process before has left there. `folder` is where it starts, if not in `cwd`.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    stdin: Path = Path("/dev/null")
    stdout: Path = Path("/dev/null")
    stderr: Path = Path("/dev/null")
    extra: str = ""
    affinity: str = ""
    home: FreshHome | None = None
    folder: Path | None = None

    def as_request(self, hash_seed: int, cpu: int | None) -> dict[str, Any]:
        """The plain data the launcher understands; the seed is padded to a constant length."""
        told = [f"{self.affinity}={cpu}"] if self.affinity and cpu is not None else []
        return {
            "argv": [*self.argv, *told],
            "env": {**self.env, "PYTHONHASHSEED": f"{hash_seed:010d}"},
            "cwd": str(self.folder or self.cwd),
            "stdin": str(self.stdin),
            "stdout": str(self.stdout),
            "stderr": str(self.stderr),
            "extra": self.extra,
        }


@dataclass(frozen=True)
class Outcome:
    """How a measured process ended; `status` None: stopped by the time-out."""

    status: int | None
    sample: Sample | None = field(repr=False)


class LauncherError(Exception):
    """The launcher could not start a process (the message is the kernel's)."""


@dataclass(frozen=True)
class Isolation:
    """How measured processes are kept off the network; `slice` names a cgroup they run in."""

    prefix: tuple[str, ...]
    description: str
    slice: str = ""

    def inside(self, apart: Slice | None) -> Isolation:
        """The same for processes that run in a slice of their own, where there is one."""
        if apart is None:
            return self
        return Isolation((*apart.prefix, *self.prefix), self.description, "bench.slice")


def find_isolation() -> Isolation:
    """A network namespace of its own where the kernel lets us, otherwise the open network."""
    for prefix in (("unshare", "--net"), ("unshare", "--user", "--map-current-user", "--net")):
        try:
            if run_tool([*prefix, "true"], timeout_s=10).ok:
                return Isolation(prefix, "cut off (network namespace)")
        except FileNotFoundError:
            break
    return Isolation((), "open (this system lends no network namespace)")


class Launcher:
    """A running launcher process; a context manager that ends it with all it has started."""

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self.inside_s = 0.0  # seconds during which a measured process ran
        self.started_ns: tuple[int, ...] = ()  # when those of the last run began, CLOCK_MONOTONIC
        script = Path(__file__).with_name("launcher.py")
        self._process = subprocess.Popen(
            [*isolation.prefix, sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is the harness's to handle: it must not reach measured processes by itself.
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.terminate()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it may be dead already, with a request unread
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def run(
        self,
        sides: Sequence[Invocation],
        *,
        together: bool,
        hash_seed: int,
        timeout_s: float,
        cpu: int | None,
    ) -> list[Outcome]:
        """Run processes, one after the other or together, and account for each.

        `cpu` is the core they are pinned to, if any; `timeout_s` is for all of them. Raises
        `LauncherError` when one can't be started.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "sides": [side.as_request(hash_seed, cpu) for side in sides],
            "together": together,
            "cpus": None if cpu is None else [cpu],
            "timeout_s": timeout_s,
        }
        try:
            marshal.dump(request, self._process.stdin)
            self._process.stdin.flush()
            answer = marshal.load(self._process.stdout)
        except (OSError, EOFError) as error:
            raise LauncherError("the launcher process has died") from error
        if isinstance(answer, str):
            raise LauncherError(answer)
        # None of a process that did not start, or was stopped
        begun = [counters.pop("started", None) for counters in answer]
        self.started_ns = tuple(round(one * 1e9) for one in begun if one is not None)
        outcomes = [_outcome(counters) for counters in answer]
        walls = [outcome.sample.wall_s for outcome in outcomes if outcome.sample]
        self.inside_s += max(walls, default=0.0) if together else sum(walls)
        return outcomes


def _outcome(counters: dict[str, Any]) -> Outcome:
    status = counters.pop("status")
    return Outcome(status, Sample(**counters) if counters else None)
