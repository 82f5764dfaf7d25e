"""The small process that starts measured processes and accounts for them.

Run as a script in an isolated interpreter (`python -I -S launcher.py`), never imported by the
harness. Three reasons for a process of its own, with built-in modules only:

- `wait4` reports a child's peak memory as at least its parent's at the time of the spawn, so the
  parent has to be smaller than anything measured;
- it can live in a network namespace, and so cuts measured processes off from every network;
- it sleeps while the subjects run, and its bookkeeping between rounds takes well under 1 ms.

Protocol: marshalled dicts on the two descriptors named on its command line, one answer a request;
no measured process can open them, since this process lets nobody look into it. A request has
`sides` (each: argv, env, cwd, stdin, stdout, stderr, extra), `together` (both at once, on one
core), `cpus` (where to run) and `timeout_s`. The answer is a list with a dict of counters for each
side, or a message. Each side of a round can have a launcher in a sandbox of its own: then the one
that starts second awaits a byte from the first (`waits`, `passes_on`) on a pipe they share, and the
one whose side ends first sends another on a second pipe.

Of two sides at once, the one that ends last is told what it used after the other had ended
(`alone_s`): then it had the core to itself.

Whatever is still there after a round is named and ended. In a sandbox (`own` on the command line)
that is everybody, and what was left in folders for temporary files is removed; elsewhere, on Linux,
orphans of what was measured become children of this process.
"""

# ruff: noqa: ANN401
from __future__ import annotations

import marshal
import posix
import select
import sys
import time
from _signal import ITIMER_REAL, SIGALRM, SIGKILL, SIGTERM, setitimer, signal
from typing import Any


class TimedOut(Exception):  # noqa: N818
    """A round took longer than its time-out."""


_MACOS = sys.platform == "darwin"
_CREATE = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
# As it was before anything was measured: a process could change that of this one.
_NICE = posix.getpriority(posix.PRIO_PROCESS, 0)
_SANDBOXED = sys.argv[7:] == ["own"]
_TICK_S = 0.0 if _MACOS else 1 / posix.sysconf("SC_CLK_TCK")
_running: dict[int, int] = {}  # process id → position of its side
# Of a side when the other one ends: the CPU seconds it has used (`used_s`; None: can't be told),
# the core of a child that has left ours (`last_cpu`), whether one has changed its priority.
_Look = dict[str, Any]


def _kill_all() -> None:
    for process in list(_running):
        _kill_group(process)


def _kill_group(process: int) -> None:
    try:
        posix.killpg(process, SIGKILL)
    except OSError:
        pass


def _on_alarm(_number: int, _frame: Any) -> None:
    raise TimedOut


def _on_terminate(_number: int, _frame: Any) -> None:
    _kill_all()
    if not _SANDBOXED:
        _end_left()
    posix._exit(143)  # noqa: SLF001


def _remove(path: str) -> None:
    try:
        posix.unlink(path)
    except OSError:
        try:
            for name in posix.listdir(path):
                _remove(f"{path}/{name}")
            posix.rmdir(path)
        except OSError:
            pass


def _spawn(side: dict[str, Any], position: int) -> tuple[int, float]:
    for name in ("stdout", "stderr", "extra"):
        if side[name] and not side[name].startswith("/dev/"):
            _remove(side[name])  # a process may have put a link in its place
    actions = [
        (posix.POSIX_SPAWN_OPEN, 0, side["stdin"], posix.O_RDONLY, 0),
        (posix.POSIX_SPAWN_OPEN, 1, side["stdout"], _CREATE, 0o600),
        (posix.POSIX_SPAWN_OPEN, 2, side["stderr"], _CREATE, 0o600),
    ]
    if side["extra"]:
        actions.append((posix.POSIX_SPAWN_OPEN, 3, side["extra"], _CREATE, 0o600))
    posix.chdir(side["cwd"])
    argv = side["argv"]
    started = time.monotonic()
    process = posix.posix_spawn(argv[0], argv, side["env"], file_actions=actions, setpgroup=0)
    _running[process] = position
    return process, started


def _read(path: str) -> bytes:
    try:
        handle = posix.open(path, posix.O_RDONLY)
    except OSError:
        return b""
    try:
        return posix.read(handle, 1000)
    except OSError:
        return b""
    finally:
        posix.close(handle)


def _stat(process: int) -> tuple[bytes, bytes]:
    """The short name of a process, and what follows it: state, parent, …"""
    name, _, rest = _read(f"/proc/{process}/stat").partition(b" (")[2].rpartition(b") ")
    return name, rest


def _scheduled_s(process: int) -> tuple[float | None, float | None]:
    """Of the first thread of the (dead, not yet reaped) process: the seconds it ran, and those it
    stood ready without a core; None if not told.
    """
    told = _read(f"/proc/{process}/schedstat").split()
    return (int(told[0]) / 1e9, int(told[1]) / 1e9) if len(told) > 1 else (None, None)


def _share(process: str | int) -> bytes:
    """The weight of the process's autogroup, where the kernel makes any: "… nice 0"."""
    return _read(f"/proc/{process}/autogroup").rpartition(b" ")[2]


_SHARE = _share("self")


def _children_s(process: int) -> float:
    """CPU seconds of a process's children that have ended, in ticks rounded down."""
    return sum(map(int, _stat(process)[1].split()[13:15])) * _TICK_S


def _last_seen(process: int) -> tuple[int | None, bool]:
    """The core that the (dead, not yet reaped) process ran on last; whether it has changed its
    priority. (None, False) if not told.
    """
    told = _stat(process)[1].split()
    if len(told) < 39:
        return None, False
    nice, cpu, policy = int(told[16]), int(told[36]), int(told[38])
    return cpu, policy != 0 or nice != _NICE or _share(process) != _SHARE


def _descendants(process: int) -> list[int]:
    found: list[int] = []
    try:
        threads = posix.listdir(f"/proc/{process}/task")
    except OSError:  # it has ended
        return found
    for thread in threads:
        for child in map(int, _read(f"/proc/{process}/task/{thread}/children").split()):
            found += [child, *_descendants(child)]
    return found


def _used_s(process: int) -> float:
    """CPU seconds of a process by now, and of its children that have ended, as `wait4` will count.

    The latter are told in ticks, of user and of system time, each rounded down: half of one on
    average, which is added. 0 once it has gone: its parent counts it then.
    """
    try:
        own_s = time.clock_gettime(~process << 3 | 2)  # its clock, as <linux/posix-timers.h> has it
    except OSError:
        return 0.0
    ticks = map(int, _stat(process)[1].split()[13:15])
    return own_s + sum(count + 0.5 for count in ticks if count) * _TICK_S


def _look_at(process: int) -> _Look:
    used_s = _used_s(process)
    look: _Look = {"last_cpu": None, "reprioritised": False}
    here = posix.sched_getaffinity(0)
    for one in _descendants(process):
        used_s += _used_s(one)
        cpu, reprioritised = _last_seen(one)
        if cpu is not None and cpu not in here:
            look["last_cpu"] = cpu
        look["reprioritised"] = look["reprioritised"] or reprioritised
    return look | {"used_s": used_s}


def _until_end(process: int, ends: tuple[int, int]) -> dict[int, _Look]:
    """Wait until a side ends, and look at it when the one in the other launcher does before.

    If that one ends later, it is told.
    """
    looks: dict[int, _Look] = {}
    try:
        handle = posix.pidfd_open(process)
    except (AttributeError, OSError):  # an old kernel, or an emulated one
        return {process: {"used_s": None}}
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        poller.register(ends[0], select.POLLIN)
        while True:
            ready = [one for one, _ in poller.poll()]
            if ends[0] in ready:
                looks[process] = _look_at(process)
                poller.unregister(ends[0])
                posix.read(ends[0], 1)
            if handle in ready:
                if not looks:
                    posix.write(ends[1], b".")
                return looks
    finally:
        posix.close(handle)


def _reap(looks: dict[int, _Look]) -> tuple[int, dict[str, Any]]:
    """The process that ends next, and its counters; adds to `looks` at the side that goes on."""
    waiting = getattr(posix, "waitid", None)
    process, ended = 0, 0.0
    thread: float | None = None
    queue: float | None = None
    children = 0.0
    last_cpu, reprioritised = None, False
    if waiting is not None and not _MACOS:
        process = waiting(posix.P_ALL, 0, posix.WEXITED | posix.WNOWAIT).si_pid
        ended = time.monotonic()  # before anything is looked up, on nobody's account
        for other in _running if process in _running else ():
            if other != process:
                looks[other] = _look_at(other)
        thread, queue = _scheduled_s(process)
        children = _children_s(process)
        last_cpu, reprioritised = _last_seen(process)
    process, status, usage = posix.wait4(process or -1, 0)
    ended = ended or time.monotonic()
    if process in _running:
        _kill_group(process)  # what it left behind must not run beside the next round
    return process, {
        "ended": ended,
        "status": posix.waitstatus_to_exitcode(status),
        "user_s": usage.ru_utime,
        "system_s": usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * (1 if _MACOS else 1024),
        "minor_faults": usage.ru_minflt,
        "major_faults": usage.ru_majflt,
        "voluntary_switches": usage.ru_nvcsw,
        "involuntary_switches": usage.ru_nivcsw,
        "run_queue_s": queue,
        "first_thread_s": thread,
        "children_s": children,
        "last_cpu": last_cpu,
        "reprioritised": reprioritised,
    }


def _with_alone(counters: dict[str, Any], look: _Look) -> dict[str, Any]:
    """Counters of a side, with what it used after the other one had ended."""
    cpu_s = counters["user_s"] + counters["system_s"]
    before_s = look.get("used_s", cpu_s)
    return counters | {
        "alone_s": None if before_s is None else max(0.0, cpu_s - before_s),
        "last_cpu": counters["last_cpu"] if look.get("last_cpu") is None else look["last_cpu"],
        "reprioritised": counters["reprioritised"] or look.get("reprioritised", False),
    }


def _collect(
    started: dict[int, float], results: list[dict[str, Any]], ends: tuple[int, int] | None
) -> None:
    is_duet = ends is not None or len(_running) > 1
    looks: dict[int, _Look] = {}
    while _running:
        if ends is not None:
            for process in list(_running):
                looks |= _until_end(process, ends)
        process, counters = _reap(looks)
        position = _running.pop(process, None)
        if position is None:
            continue
        counters["started"] = started[process]
        counters["wall_s"] = counters.pop("ended") - started[process]
        if is_duet and not _MACOS:
            counters = _with_alone(counters, looks.get(process, {}))
        results[position] = counters


def _drain(pipe: int) -> None:
    """Take out what a round before has left: both sides may have told that they ended first."""
    while select.select([pipe], [], [], 0)[0]:
        posix.read(pipe, 1)


def _start_and_await(
    request: dict[str, Any],
    baton: tuple[int, int],
    ends: tuple[int, int],
    results: list[dict[str, Any]],
) -> None:
    started: dict[int, float] = {}
    has_partner = request["waits"] or request["passes_on"]
    if request["waits"]:
        posix.read(baton[0], 1)
    if request["passes_on"]:
        _drain(ends[0])
    for position, side in enumerate(request["sides"]):
        process, start = _spawn(side, position)
        started[process] = start
        if request["passes_on"]:
            posix.write(baton[1], b".")
        if not request["together"]:
            _collect(started, results, ends if has_partner else None)
    _collect(started, results, None)


def _measure(
    request: dict[str, Any], baton: tuple[int, int], ends: tuple[int, int]
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [{"status": None} for _ in request["sides"]]
    home = posix.sched_getaffinity(0) if request["cpus"] else None
    setitimer(ITIMER_REAL, request["timeout_s"])
    try:
        if request["cpus"]:
            # This process, which the children inherit it from, not the children after they have
            # started: getting a turn on a busy core first halves the noise of what starts there.
            posix.sched_setaffinity(0, request["cpus"])
        _start_and_await(request, baton, ends, results)
    except TimedOut:
        _end_all()
    finally:
        setitimer(ITIMER_REAL, 0)
        if home:
            posix.sched_setaffinity(0, home)
    return results


def _end_all() -> None:
    _kill_all()
    try:
        while _running:
            _running.pop(_reap({})[0], None)
    except ChildProcessError:  # the time-out came between reaping one and noting it
        _running.clear()


def _everybody() -> list[int]:
    """All processes of this sandbox besides its first and this one."""
    own = posix.getpid()
    return [
        int(name) for name in posix.listdir("/proc") if name.isdigit() and int(name) not in (1, own)
    ]


def _orphans() -> list[int]:
    """The children of this process when all that it has started have ended."""
    try:
        while posix.waitpid(-1, posix.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return []
    own = str(posix.getpid()).encode()
    return [
        int(name)
        for name in posix.listdir("/proc")
        if name.isdigit() and _stat(int(name))[1].split()[1:2] == [own]
    ]


def _name(process: int) -> str:
    """The command line of a process, or its short name; "" when it has ended."""
    words = _read(f"/proc/{process}/cmdline").split(b"\0")
    name, rest = _stat(process)
    if rest[:1] in b"ZX":
        return ""
    told = b" ".join(words).strip() or name
    return told.decode("utf-8", "replace")[:100]


def _end_left() -> list[str]:
    """End what measured processes have left running; returns the names."""
    names: list[str] = []
    for _ in range(1000):
        left = _everybody() if _SANDBOXED else _orphans()
        if not left:
            break
        names += [name for name in map(_name, left) if name and name not in names]
        for process in [-1] if _SANDBOXED else left:
            try:
                posix.kill(process, SIGKILL)
            except OSError:  # they have ended by themselves
                pass
        time.sleep(0.001)
    return names


def _contents() -> dict[str, set[str]]:
    return {folder: set(posix.listdir(folder)) for folder in _TEMPORARY}


def _clean(standing: dict[str, set[str]]) -> None:
    for folder, names in _contents().items():
        for name in names - standing[folder]:
            _remove(f"{folder}/{name}")


def _set_up() -> None:
    """Let no process of the same account read or write this one's memory and descriptors.

    Outside of a sandbox, which does both: end with the harness, and adopt orphans.
    """
    if _MACOS:
        return
    import _ctypes  # noqa: PLC0415 (ctypes itself would take a megabyte more)

    prctl = _ctypes.dlsym(_ctypes.dlopen("", 0), "prctl")
    _ctypes.call_function(prctl, (_PR_SET_DUMPABLE, 0, 0, 0, 0))
    if not _SANDBOXED:
        _ctypes.call_function(prctl, (_PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
        _ctypes.call_function(prctl, (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def _answer(request: dict[str, Any], baton: tuple[int, int], ends: tuple[int, int]) -> Any:
    try:
        return _measure(request, baton, ends)
    except OSError as error:
        _end_all()  # of two sides, one may have started
        if request["passes_on"]:
            posix.write(baton[1], b".")
        return str(error)


def main() -> None:
    """Answer requests until there are no more."""
    signal(SIGALRM, _on_alarm)
    signal(SIGTERM, _on_terminate)
    descriptors = [int(word) for word in sys.argv[1:7]]
    baton, ends = (descriptors[2], descriptors[3]), (descriptors[4], descriptors[5])
    for one in descriptors:
        posix.set_inheritable(one, False)  # noqa: FBT003
    _set_up()
    standing = _contents() if _SANDBOXED else {}
    requests, answers = open(descriptors[0], "rb"), open(descriptors[1], "wb")  # noqa: PTH123, SIM115
    while True:
        try:
            request = marshal.load(requests)
        except EOFError:
            return
        answer = _answer(request, baton, ends)
        left = _end_left()
        if _SANDBOXED:
            _clean(standing)
        marshal.dump((answer, left), answers)
        answers.flush()


if __name__ == "__main__":
    main()
