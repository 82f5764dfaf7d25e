"""Runs in the Python process of a scenario and writes down its imports. Never imported by us.

`BENCH_RECORDER` names the file to write; the first process takes it, children are left alone.
With `BENCH_RECORDER_OWN` (folders, one a line) every import is recorded: who imports what, in which
file and line, on whose account, and which lines of the files in those folders ran, how often their
functions were called (`bench_import_places.py`). That is slow: without it, only the CPU time each
module takes by itself is measured, from which times are taken, with the objects it makes and what
the garbage collector takes (`bench_import_times.py`); with `BENCH_RECORDER_TOP` (folders as well)
also that of each statement at the top of their modules.
`BENCH_RECORDER_STILL` alone turns the garbage collector off.

No module may be imported here that the interpreter has not loaded already: it would be missing
from the program's own account.
"""

# ruff: noqa: ANN401, UP037

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = "BENCH_RECORDER"
_OWN = "BENCH_RECORDER_OWN"
_TOP = "BENCH_RECORDER_TOP"
_STILL = "BENCH_RECORDER_STILL"


def _borrow(name: str) -> "Any":
    """A built-in module, or one beside this one, without leaving it behind as imported."""
    there = name in sys.modules
    module = __import__(name)
    if not there:
        del sys.modules[name]
    return module


def _write(file: str, told: "dict[str, object]", now: "Any") -> None:
    """Last comes when that is written: what the process takes from then on is its finalisation."""
    handle = os.open(file, os.O_WRONLY | os.O_TRUNC)
    told["children_ns"] = _children_ns()
    data = ascii(told)[:-1].encode()
    data += f", 'left_ns': {now()}}}".encode()
    while data:
        data = data[os.write(handle, data) :]
    os.close(handle)


def _children_ns() -> int:
    """CPU time of children that have ended."""
    try:
        resource = _borrow("resource")
    except ImportError:
        times = os.times()
        return round((times.children_user + times.children_system) * 1e9)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken: int = round((used.ru_utime + used.ru_stime) * 1e9)
    return taken


def _install(file: str) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # a child of the process that is recorded
    machinery = sys.modules["_frozen_importlib"]
    folders, top = os.environ.get(_OWN), os.environ.get(_TOP)
    at_exit, time = _borrow("atexit"), _borrow("time")
    now = time.process_time_ns
    recorder: "Any"
    if folders:
        recorder = _borrow("bench_import_places").Graph(machinery, tuple(folders.split("\n")))
    elif top:
        times = _borrow("bench_import_times")
        recorder = times.TopLevel(machinery, now, _borrow, tuple(top.split("\n")))
    else:
        recorder = _borrow("bench_import_times").Clock(machinery, now, _borrow)
    leave = os._exit

    def save() -> None:
        _write(file, recorder.told(), now)

    def save_and_leave(status: int) -> None:
        save()
        leave(status)

    at_exit.register(save)
    os._exit = save_and_leave  # type: ignore[assignment]


if _STILL in os.environ:
    _borrow("gc").disable()
if _FILE in os.environ:
    _install(os.environ[_FILE])
