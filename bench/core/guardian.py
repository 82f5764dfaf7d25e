"""Runs one tool and ends with it everything that it has started. A program, never imported.

The harness starts it with `python -I -S` for each tool (`bench/core/process.py`). It waits for the
tool, and for the end of its own standard input: that comes when the harness gives up, and also
when the harness dies, `kill -9` included. On Linux orphans of the tool become children of this
process, so that daemons with a session of their own are found too; elsewhere only the tool's
process group is ended. Neither typing nor ctypes is imported: each takes as long as all the rest.

Protocol: a marshalled request on standard input (argv, env, cwd), a marshalled answer in the file
whose descriptor is the only argument: `status` and `left`, or `error` (an errno) and `file`.
"""

from __future__ import annotations

import marshal
import posix
import select
import sys
import time
from _signal import SIGCHLD, SIGKILL, SIGPIPE, SIGTERM, set_wakeup_fd, signal

_PR_SET_CHILD_SUBREAPER = 36
_SIGXFSZ = 25
_END_WITHIN_S = 3.0  # what the kernel does not let go of by then (a dead disk) is left to it
_endings: dict[int, int] = {}  # statuses by process id


def _adopt_orphans() -> None:
    try:
        import _ctypes  # noqa: PLC0415

        prctl = _ctypes.dlsym(_ctypes.dlopen(None, 2), "prctl")  # type: ignore[arg-type]
        _ctypes.call_function(prctl, (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    except (ImportError, OSError):  # not Linux
        pass


def _reap() -> bool:
    """Note how children have ended; whether there are any left."""
    try:
        while True:
            process, status = posix.waitpid(-1, posix.WNOHANG)
            if not process:
                return True
            _endings[process] = posix.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return False


def _wait(tool: int) -> None:
    """Wait until the tool has ended, or the harness wants it to."""
    woken, waker = posix.pipe()
    posix.set_blocking(waker, False)
    for number in (SIGCHLD, SIGTERM):
        signal(number, lambda *_: None)
    set_wakeup_fd(waker)
    while _reap() and tool not in _endings:
        readable, _, _ = select.select([0, woken], [], [])
        if 0 in readable or SIGTERM in posix.read(woken, 100):
            return


def _end_all(tool: int) -> list[str]:
    """Kill what runs until there is nothing; returns the names of what was not the tool itself."""
    names: dict[int, str] = {}
    deadline = time.monotonic() + _END_WITHIN_S
    while _reap() and time.monotonic() < deadline:
        for process in _children():
            names.setdefault(process, _name(process))
            _kill(process)
        time.sleep(0.002)
    names.pop(tool, None)
    return list(names.values())


def _children() -> list[int]:
    own, found = str(posix.getpid()), []
    try:
        listed = posix.listdir("/proc")
    except OSError:
        return []
    for entry in listed:
        told = _read(f"/proc/{entry}/stat") if entry.isdigit() else ""
        state, _, rest = told.rpartition(")")[2].strip().partition(" ")
        if rest.partition(" ")[0] == own and state != "Z":
            found.append(int(entry))
    return found


def _name(process: int) -> str:
    return " ".join(_read(f"/proc/{process}/cmdline").split("\0"))[:100].strip() or str(process)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            return stream.read(4000)
    except OSError:
        return ""


def _kill(process: int) -> None:
    try:
        posix.kill(process, SIGKILL)
    except OSError:
        pass


def _run(argv: list[str], env: dict[str, str], cwd: str) -> dict[str, object]:
    place = cwd
    try:
        if cwd:
            posix.chdir(cwd)
        place = argv[0]
        tool = posix.posix_spawnp(
            argv[0], argv, env,
            file_actions=[(posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0)],
            setsigdef=[SIGPIPE, _SIGXFSZ],
        )  # fmt: skip
    except OSError as error:
        return {"error": error.errno, "file": place}
    _wait(tool)
    left = _end_all(tool)
    return {"status": _endings.get(tool), "left": left}


def main() -> None:
    """Run the tool that is asked for, and answer."""
    told = int(sys.argv[1])
    posix.set_inheritable(told, False)  # noqa: FBT003
    _adopt_orphans()
    posix.write(told, marshal.dumps(_run(*marshal.load(sys.stdin.buffer))))
    if not sys.platform.startswith("linux"):
        posix.killpg(0, SIGKILL)
    posix._exit(0)  # noqa: SLF001 - taking the interpreter down takes longer


if __name__ == "__main__":
    main()
