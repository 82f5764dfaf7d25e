"""The harness's end of the launcher: requests in, samples out."""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.core.crew import stop_handle
from bench.core.printable import printable
from bench.core.sample import Sample
from bench.engine.measure.homes import FreshHome
from bench.engine.sandbox.access import NO_ACCESS, Access
from bench.engine.sandbox.isolation import Isolation

_LOOK_EVERY_S = 1.0
_LEAST_FREE_BYTES = 512 << 20
_LATE_S = 30.0  # after the time-out: what was started is ended and removed first


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One side's process: what is started, where, with which variables.

    `extra` is a file the process gets as descriptor 3 to write to (pyperf's pipe); "" for none.
    `affinity` is an option that tells the process its core: a pyperf worker would otherwise move
    itself to isolated cores where there are any. `home` says what HOME is to hold at its start;
    None: whatever the process before has left there. `folder` is where it starts, if not in `cwd`.
    `access` is what it may see in a sandbox.
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
    access: Access = NO_ACCESS

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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a measured process ended; `status` None: stopped by the time-out.

    `left` are the processes that it left running and that were ended, by their command lines.
    `started_s` is when it began (CLOCK_MONOTONIC), `last_cpu` the core it ran on last, where known;
    `reprioritised`: it has changed its priority.
    """

    status: int | None
    sample: Sample | None = field(repr=False)
    left: tuple[str, ...] = ()
    started_s: float = 0.0
    last_cpu: int | None = None
    reprioritised: bool = False


class LauncherError(Exception):
    """The launcher could not start a process, or has died (`dead`): the message says how.

    `position` is that of the process which was to be run, where it can be told.
    """

    def __init__(self, message: str, *, dead: bool = False) -> None:
        super().__init__(message)
        self.dead = dead
        self.position: int | None = None


class Launcher:
    """Launcher processes, one for each access; a context manager that ends them with all they run.

    They are started when they are first needed, and again when one has died.
    """

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self.inside_s = 0.0  # seconds during which a measured process ran
        self.started_ns: tuple[int, ...] = ()  # when those of the last run began, CLOCK_MONOTONIC
        self.left: tuple[str, ...] = ()  # what the last run left running, and was ended
        self._baton = (*os.pipe(), *os.pipe())  # for "I have started" and "I have ended"
        self._workers: dict[Access | None, _Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.end(at_once=kind is not None)
        for one in self._baton:
            os.close(one)

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
        requests = [side.as_request(hash_seed, cpu) for side in sides]
        order = {"cpus": None if cpu is None else [cpu], "timeout_s": timeout_s}
        workers = [self._worker(side.access) for side in sides]
        if len(set(workers)) == 1:
            answers = self._ask(workers[:1], [order | {"sides": requests, "together": together}])
        elif together:
            answers = self._ask(
                workers,
                [
                    order | {"sides": [one], "waits": bool(n), "passes_on": not n}
                    for n, one in enumerate(requests)
                ],
            )
        else:
            answers = []
            for position, (worker, one) in enumerate(zip(workers, requests, strict=True)):
                try:
                    answers += self._ask([worker], [order | {"sides": [one]}])
                except LauncherError as error:
                    error.position = position
                    raise
                if answers[-1]["status"] is None:
                    break
        return self._account(answers, together=together, count=len(sides))

    def _worker(self, access: Access) -> _Worker:
        """The launcher process of an access; without sandboxes all have one."""
        key = access if self.isolation.sandbox else None
        if key not in self._workers:
            self._workers[key] = _Worker(self.isolation, access, self._baton)
        return self._workers[key]

    def _ask(
        self, workers: Sequence[_Worker], requests: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Each worker's counters; a worker that dies takes the one that waits for it along."""
        usual = {"together": False, "waits": False, "passes_on": False}
        asked = list(zip(workers, requests, strict=True))
        try:
            for worker, request in asked:
                worker.send(usual | request)
            limit_s = max(request["timeout_s"] for request in requests)
            heard = _hear([worker for worker, _ in asked], limit_s + _LATE_S)
        except LauncherError as error:
            for worker, _ in asked if error.dead or len(asked) > 1 else ():
                self._forget(worker)  # what the other one has started must end as well
            raise
        return [
            counters | {"left": tuple(map(printable, left))}
            for answer, left in heard
            for counters in answer
        ]

    def _forget(self, worker: _Worker) -> None:
        worker.end(at_once=True)
        self._workers = {key: one for key, one in self._workers.items() if one is not worker}
        while select.select([self._baton[0]], [], [], 0)[0]:
            os.read(self._baton[0], 1)

    def _account(
        self, answers: list[dict[str, Any]], *, together: bool, count: int
    ) -> list[Outcome]:
        answers += [{"status": None, "left": ()}] * (count - len(answers))
        # None of a process that did not start, or was stopped
        begun = [counters.get("started") for counters in answers]
        self.started_ns = tuple(round(one * 1e9) for one in begun if one is not None)
        outcomes = [_outcome(counters) for counters in answers]
        self.left = tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.left))
        walls = [outcome.sample.wall_s for outcome in outcomes if outcome.sample]
        self.inside_s += max(walls, default=0.0) if together else sum(walls)
        return outcomes


def _hear(workers: Sequence[_Worker], within_s: float) -> list[tuple[Any, list[str]]]:
    """The answer of each; raises `LauncherError` as soon as one can't start its process.

    So it does where one does not answer: a measured process can stop its launcher (SIGSTOP).
    """
    heard: dict[_Worker, tuple[Any, list[str]]] = {}
    stop = stop_handle()
    ends = time.monotonic() + within_s
    while waited_for := [worker for worker in workers if worker not in heard]:
        handles = [worker.fileno() for worker in waited_for]
        handles += [] if stop is None else [stop]
        ready = select.select(handles, [], [], _LOOK_EVERY_S)[0]
        if stop in ready:
            raise KeyboardInterrupt
        if not ready:
            _check_disk(waited_for)
            if time.monotonic() > ends:
                silent = LauncherError("the launcher process does not answer", dead=True)
                silent.position = workers.index(waited_for[0]) if len(workers) > 1 else None
                raise silent
        for worker in waited_for:
            if worker.fileno() not in ready:
                continue
            try:
                heard[worker] = worker.receive()
            except LauncherError as error:
                error.position = workers.index(worker) if len(workers) > 1 else None
                raise
    return [heard[worker] for worker in workers]


def _check_disk(workers: Sequence[_Worker]) -> None:
    """Raise `LauncherError` before a process has filled the disk that its HOME lies on."""
    for worker in workers:
        if worker.writes_to and shutil.disk_usage(worker.writes_to).free < _LEAST_FREE_BYTES:
            raise LauncherError(
                f"stopped: less than {_LEAST_FREE_BYTES >> 20} MiB of the disk are free", dead=True
            )


class _Worker:
    """One launcher process, in a sandbox where there are any."""

    def __init__(self, isolation: Isolation, access: Access, baton: tuple[int, ...]) -> None:
        requests, to = os.pipe()
        source, answers = os.pipe()
        self.writes_to = next(iter(access.write), None)
        script = Path(__file__).with_name("launcher.py")
        passed = (requests, answers, *baton)
        own = ("own",) if isolation.sandbox else ()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [
                *isolation.around(access),
                sys.executable, "-I", "-S", str(script), *map(str, passed), *own,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said,
            pass_fds=passed,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            cwd="/",
            # Ctrl-C is the harness's to handle: it must not reach measured processes by itself.
            start_new_session=True,
        )  # fmt: skip
        os.close(requests)
        os.close(answers)
        self._requests, self._answers = os.fdopen(to, "wb"), os.fdopen(source, "rb")

    def fileno(self) -> int:
        """Where its answers come from."""
        return self._answers.fileno()

    def send(self, request: dict[str, Any]) -> None:
        """Ask for processes to be run; raises `LauncherError`."""
        try:
            marshal.dump(request, self._requests)
            self._requests.flush()
        except OSError as error:
            raise self._died() from error

    def receive(self) -> tuple[Any, list[str]]:
        """What came of it; raises `LauncherError`."""
        try:
            answer: tuple[Any, list[str]] = marshal.load(self._answers)
        except (OSError, EOFError) as error:
            raise self._died() from error
        if isinstance(answer[0], str):
            raise LauncherError(answer[0])
        return answer

    def _died(self) -> LauncherError:
        self._said.seek(0)
        last = self._said.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
        return LauncherError(": ".join(["the launcher process has died", *last]), dead=True)

    def end(self, *, at_once: bool) -> None:
        """End the process with all it has started."""
        if at_once:
            self._process.terminate()
        with contextlib.suppress(BrokenPipeError):  # it may be dead already, with a request unread
            self._requests.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._said.close()


def _outcome(counters: dict[str, Any]) -> Outcome:
    used = dict(counters)
    status, left = used.pop("status"), used.pop("left")
    started, last_cpu = used.pop("started", 0.0), used.pop("last_cpu", None)
    reprioritised = used.pop("reprioritised", False)
    return Outcome(
        status=status,
        sample=Sample(**used) if used else None,
        left=left,
        started_s=started,
        last_cpu=last_cpu,
        reprioritised=reprioritised,
    )
