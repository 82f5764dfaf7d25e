"""Have a container engine do one thing, and give the seconds it took to pyperf.

Run in the empty environment beside an image (`python driver.py PYPERF-OPTION …`), never imported
by the harness. What to do is in the JSON file named by `BENCH_CONTAINER`, written by
`telling.py`. Each process takes one value, in a container of its own that is gone
when it ends: under a name that tells by whom it was made, so that what was killed can be removed
later. Where there is no daemon between, this process adopts what the engine starts and waits for
it: the CPU time of the container is then on its account.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyperf

from bench.workloads.containers.boxes import POLL_S, Box, ContainerError, Told, last_line

_SET_CHILD_SUBREAPER = 36
_ORPHANS_WITHIN_S = 5.0
_FILES = "/tmp/bench-files"  # inside the container
_MOUNTED = "/bench-files"
_libc = ctypes.CDLL(None, use_errno=True)


def measure_create(told: Told) -> float:
    """Create a container."""
    with Box(told) as box:
        return box.create()


def measure_start(told: Told) -> float:
    """Start a created container, until the engine says that it is started."""
    with Box(told) as box:
        box.create()
        return box.engine.timed("start", box.name)


def measure_first_line(told: Told) -> float:
    """From the start to Python's first line."""
    with Box(told, hook=True) as box:
        box.create()
        box.start()
        return box.await_first_line() - box.started_at


def measure_ready(told: Told) -> float:
    """From Python's first line until the app is ready."""
    with Box(told, hook=True) as box:
        box.create()
        box.start()
        ready_at = box.await_ready()
        return ready_at - box.await_first_line()


def measure_cold_start(told: Told) -> float:
    """From nothing until the app is ready, and nothing else in the container."""
    with Box(told) as box:
        created_s = box.create()
        box.start()
        return created_s + box.await_ready() - box.started_at


def measure_exit(told: Told) -> float:
    """From ready, or from the first line of what ends by itself, until the container has ended."""
    declared = told["use"]["of"]
    by_itself = not (declared["ready_line"] or declared["ready_http"])
    with Box(told, hook=by_itself) as box:
        box.create()
        box.start()
        if by_itself:
            return -box.await_first_line() + box.await_end()
        box.await_ready()
        before = time.monotonic()
        box.engine.run("stop", box.name)
        assert box.process is not None
        box.process.wait(box.engine.left_s())
        return time.monotonic() - before


def measure_run(told: Told) -> float:
    """Run a command in a new container, from nothing until it has ended.

    It is removed off the clock: podman 4.3 can wait for 20 s when `--rm` is quicker than itself.
    """
    with Box(told) as box:
        status = box.declared["exit_status"]
        return box.engine.timed("run", *box.options, *box.image, status=status)


def measure_import(told: Told) -> float:
    """Import the module in a new container, as its Python sees it."""
    code = (
        "import sys, time\nbefore = time.perf_counter()\n"
        f"import {told['module']}\nprint('', repr(time.perf_counter() - before), sep='\\n')"
    )
    with Box(told) as box:
        return _seconds(box.engine.run("run", *box.options, *box.python("-c", code)))


def measure_files(told: Told) -> float:
    """Read or write files where the benchmark says, as the Python inside sees it."""
    use = told["use"]
    what = "read" if use["measure"] == "read-files" else "write"
    program = Path(told["inside"], "files.py").read_text(encoding="utf-8")
    with Box(told) as box:
        box.options += ["--user", "0"]
        folder = _FILES if use["where"] in {"layer", "copy"} else _MOUNTED
        words = ["-c", program, what, folder, str(use["files"])]
        if use["where"] == "copy":
            return _copied(box, what, words)
        _place(box, what, words)
        return _seconds(box.engine.run("run", *box.options, *box.python(*words)))


def _place(box: Box, what: str, words: list[str]) -> None:
    """Mount what the benchmark's `where` says; files of the host's that are read are made there."""
    where = box.told["use"]["where"]
    if where == "volume":
        box.make_volume(_MOUNTED)
    elif where == "bind":
        host = box.folder / "files"
        host.mkdir()
        box.options += ["--volume", f"{host}:{_MOUNTED}"]
        if what == "read":
            _make_files(host, words)
            words.append("made")


def _make_files(folder: Path, words: list[str]) -> None:
    made = [sys.executable, "-c", words[1], "write", str(folder), words[-1]]
    subprocess.run(made, check=True, capture_output=True, timeout=60)


def _copied(box: Box, what: str, words: list[str]) -> float:
    """Seconds of the work in the container's own layer, and of copying in or out."""
    host = box.folder / "files"
    copy_s = 0.0
    if what == "read":
        host.mkdir()
        _make_files(host, words)
        words.append("made")
    box.create(*box.python(*words))
    if what == "read":
        copy_s = box.engine.timed("cp", str(host), f"{box.name}:{_FILES}")
    inside_s = _seconds(box.engine.run("start", "--attach", box.name))
    if what == "write":
        copy_s = box.engine.timed("cp", f"{box.name}:{_FILES}", str(host))
    return inside_s + copy_s


def _seconds(said: str) -> float:
    """The figure on the last line of what a program inside says."""
    try:
        return float(said.rsplit(maxsplit=1)[-1])
    except (IndexError, ValueError):
        raise ContainerError(
            ": ".join(["the program in the container printed no number", *last_line(said)])
        ) from None


def measure_build(told: Told) -> float:
    """Build the image: all of its steps, or those that come after a file that is new."""
    again = told["use"]["measure"] == "rebuild"
    with Box(told) as box:
        checkout = Path(told["checkout"])
        if again:
            checkout = box.folder / "checkout"
            shutil.copytree(told["checkout"], checkout, symlinks=True, copy_function=os.link)
            new = checkout / told["use"]["of"]["context"] / f"{box.name}.txt"
            new.write_text(f"{time.time_ns()}\n")
        words = [
            word.replace("{checkout}", str(checkout)).replace("{tag}", f"localhost/{box.name}")
            for word in told["build"]
        ]
        words[1:1] = ["--label", told["label"], *([] if again else ["--no-cache"])]
        try:
            return box.engine.timed(*words)
        finally:
            box.engine.quietly("rmi", f"localhost/{box.name}")


MEASURES: dict[str, Callable[[Told], float]] = {
    "build": measure_build,
    "rebuild": measure_build,
    "create": measure_create,
    "start": measure_start,
    "first-line": measure_first_line,
    "ready": measure_ready,
    "exit": measure_exit,
    "cold-start": measure_cold_start,
    "run": measure_run,
    "import": measure_import,
    "read-files": measure_files,
    "write-files": measure_files,
}


def adopt_orphans() -> None:
    """Become the parent of what the engine leaves running, so that it can be waited for."""
    with contextlib.suppress(AttributeError, OSError):
        _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def await_orphans() -> None:
    """Wait for them: nothing of this round runs beside the next, and its CPU time is counted."""
    deadline = time.monotonic() + _ORPHANS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(POLL_S)


def main() -> None:
    """Take one value as pyperf's options say."""
    told = json.loads(Path(os.environ["BENCH_CONTAINER"]).read_text(encoding="utf-8"))
    runner = pyperf.Runner()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    adopt_orphans()
    try:
        runner.bench_time_func("container", lambda _loops: MEASURES[told["use"]["measure"]](told))
    finally:
        await_orphans()


if __name__ == "__main__":
    try:
        main()
    except ContainerError as error:
        sys.exit(str(error))
