"""Runs in every Python process of a traced benchmark and writes down when it did what.

Never imported by the harness. `BENCH_TRACE` names a folder; each process appends to a file of its
own there: marshalled lists of events, written as they come, so that a process that is killed
leaves what it did until then. An event is `(kind, begin, end, thread, …)`; times are nanoseconds of
CLOCK_MONOTONIC, the same clock in all processes, taken from functions that were looked up before
anything could replace them. `explain/trace/recording.py` reads the files and names the fields.

How it gets to know: the import system's `_find_and_load` is replaced by one that looks at the
clock, and calls that wait or work for others (sockets, children, sleeps, conditions, serialisers)
by ones that do, as soon as the module they live in is loaded. Nothing may be imported here that the
interpreter has not loaded already. Every replacement passes on arguments, results and errors.

CPU time of the process and of its first thread is noted besides, wherever at least half a
millisecond has passed: what a program does between two events is then known to be work or waiting.
"""

# ruff: noqa: ANN401, SLF001, UP037

import _thread
import marshal
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_now = time.monotonic_ns
_thread_cpu = time.thread_time_ns
_process_cpu = time.process_time_ns
_ident = _thread.get_ident
_write, _open, _close, _getpid = os.write, os.open, os.close, os.getpid
_pread, _dup2 = os.pread, os.dup2

_BATCH = 256
_FLUSH_NS = 250_000_000
_MARK_NS = 500_000
_QUEUE_NS = 5_000_000  # how long it waited for a CPU is read more rarely: from a file
_SHORT_NS = 50_000  # spans of serialisers and imports below this are only counted
_WHO_NS = 500_000  # who called is looked up for spans from this on
_FRAMES, _DEEPEST = 16, 400
_KEPT = 1 << 18  # bytes of one send or receive that are kept
_MAY_BE_SHORT = ("import", "json", "pickle", "wait", "select")
_LIBRARY = (getattr(os, "__file__", "") or "?").rpartition("/")[0] + "/"
_FORMAT = 2  # of marshal: any Python can read it
# Descriptors of ours, where no program looks. They stay open: a program may forbid itself to open
# files while it runs (CrossHair does, by an audit hook), and that is not to hit what we write.
_FILE, _SCHEDSTAT = 1000, 1001


class _Recorder:
    """The events of this process and the file they go to."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.lock = _thread.allocate_lock()
        self.begin("exec")

    def begin(self, how: str) -> None:
        """Take a file nobody else has, and say who this is; also in a forked child."""
        self.main = _ident()
        self.events: "list[tuple[Any, ...]]" = []
        self.short: "dict[str, list[int]]" = {}
        self.kept = 0
        self.over = False
        self.main_over = 0
        self.connections: "dict[int, tuple[int, int]]" = {}
        self.count = 0
        self.queued = 0
        self.flushed = self.marked = now = _now()
        self.file = self._claim()
        self.schedstat = _keep_open("/proc/self/schedstat", os.O_RDONLY, _SCHEDSTAT)
        header = {
            "how": how,
            "pid": _getpid(),
            "parent": os.getppid(),
            "argv": [_text(word) for word in getattr(sys, "orig_argv", sys.argv)],
            "python": sys.version.split()[0],
            "site": now,
            "started": _started(),
            "thread": self.main,
        }
        self.events.append(("process", now, now, self.main, header))
        self.mark(now)
        self.flush()

    def _claim(self) -> int:
        number = 0
        while True:
            name = f"{self.folder}/{_getpid()}.{number}"
            try:
                _close(_open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except FileExistsError:
                number += 1
            except Exception:  # noqa: BLE001 - a hook of the program's may forbid it
                return -1
            else:
                return _keep_open(name, os.O_WRONLY | os.O_APPEND, _FILE)

    def enter(self) -> int:
        """The time now, at the beginning of something."""
        now = _now()
        if now - self.marked > _MARK_NS and _ident() == self.main:
            self.mark(now)
        return now

    def mark(self, now: int) -> None:
        """CPU time of this thread, the first, and of the process; and time waiting for a CPU."""
        self.marked = now
        queue = -1
        if now - self.queued > _QUEUE_NS:
            self.queued = now
            queue = self.waited_for_cpu()
        self.events.append(("cpu", now, now, self.main, _thread_cpu(), _process_cpu(), queue))

    def waited_for_cpu(self) -> int:
        """Nanoseconds that the first thread waited for a CPU; -1: not known."""
        try:
            return int(_pread(self.schedstat, 200, 0).split()[1])
        except (OSError, ValueError, IndexError):
            return -1

    def note(self, kind: str, begin: int, *what: "Any") -> None:
        """Something began then and is over now."""
        now = _now()
        if now - begin < _SHORT_NS and kind in _MAY_BE_SHORT:
            counted = self.short.setdefault(kind, [0, 0])
            counted[0] += 1
            counted[1] += now - begin
            return
        who = _who() if now - begin > _WHO_NS and kind != "import" else ()
        thread = _ident()
        self.events.append((kind, begin, now, thread, who, *what))
        if now - self.marked > _MARK_NS and thread == self.main:
            self.mark(now)
        if len(self.events) >= _BATCH or now - self.flushed > _FLUSH_NS:
            self.flush()

    def flush(self) -> None:
        """Append what there is; one thread at a time, the others need not wait."""
        if self.over or not self.lock.acquire(False):  # noqa: FBT003 - takes no keyword
            return
        try:
            many = len(self.events)
            batch = self.events[:many]
            del self.events[:many]
            self.flushed = _now()
            _write(self.file, marshal.dumps(batch, _FORMAT))
        except (OSError, ValueError):  # a full disk, or our descriptor is gone: nobody's business
            pass
        finally:
            self.lock.release()

    def end(self, how: str, became: "tuple[str, ...]" = ()) -> None:
        """The last that is known of this process; what comes after is its end.

        `became` is the command of the program that takes its place, if one does.
        """
        now = _now()
        if _ident() == self.main:
            self.mark(now)
        told = {
            "how": how,
            "became": became,
            "main_over": self.main_over,
            "short": self.short,
            "cpu": _process_cpu(),
            "io": _read("/proc/self/io"),
            "modules": len(sys.modules),
        }
        self.events.append(("end", now, now, _ident(), told))
        self.flush()

    def finish(self) -> None:
        """At the end of everything that the program has to do at its end."""
        self.end("exit")
        self.over = True

    def keep(self, data: "Any") -> bytes:
        """Bytes that are sent or received, up to a limit."""
        if self.kept > _KEPT * 64:
            return b""
        kept = bytes(memoryview(data)[:_KEPT])
        self.kept += len(kept)
        return kept


def _text(value: "Any") -> str:
    """Never fails."""
    try:
        return os.fsdecode(value)
    except TypeError:
        return repr(value)


def _read(path: str) -> str:
    try:
        handle = _open(path, os.O_RDONLY)
    except Exception:  # noqa: BLE001 - or a hook of the program's forbids it
        return ""
    try:
        return os.read(handle, 4000).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        _close(handle)


def _keep_open(path: str, flags: int, number: int) -> int:
    """A descriptor of a file that children do not inherit, under a high number if there is one."""
    try:
        handle = _open(path, flags | os.O_CLOEXEC)
    except Exception:  # noqa: BLE001 - as above
        return -1
    try:
        _dup2(handle, number, inheritable=False)
    except OSError:
        return handle
    _close(handle)
    return number


def _started() -> int:
    """When the kernel made this process, to a hundredth of a second; 0: it does not tell."""
    fields = _read("/proc/self/stat").rpartition(")")[2].split()
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if len(fields) < 20 or clock is None:
        return 0
    since_boot = int(fields[19]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return since_boot - (time.clock_gettime_ns(clock) - _now())


def _who() -> "tuple[str, ...]":
    """`function (file:line)` of what is running, innermost first, without the standard library.

    Of deep stacks the two ends.
    """
    found: "list[tuple[str, Any]]" = []
    frame: "Any" = sys._getframe(3)
    for _ in range(_DEEPEST):
        if frame is None:
            break
        code = frame.f_code
        known = _names.get(id(code))
        if known is None:
            known = _names[id(code)] = (_name(code), code)
        if known[0]:
            found.append((known[0], frame))
        frame = frame.f_back
    if len(found) > 2 * _FRAMES:
        found = found[:_FRAMES] + found[-_FRAMES:]
    return tuple(f"{name}:{frame.f_lineno})" for name, frame in found)


# By number, with the code itself: its number is then nobody else's.
_names: "dict[int, tuple[str, Any]]" = {}


def _name(code: "Any") -> str:
    """`function (file` of what is worth naming, or nothing."""
    file = code.co_filename
    ours = file.startswith(("<frozen", _OURS))
    library = file.startswith(_LIBRARY) and "site-packages" not in file
    return "" if ours or library else f"{code.co_qualname} ({file}"


_OURS = __file__.rpartition("/")[0] + "/"


class _Timed:
    """In place of a built-in function: like one, it does not bind and is pickled by its name."""

    def __init__(self, original: "Any", call: "Callable[..., Any]") -> None:
        self.__wrapped__ = original
        self.__name__ = self.__qualname__ = original.__name__
        self.__module__ = original.__module__
        self.__doc__ = original.__doc__
        self.call = call

    def __call__(self, *words: "Any", **named: "Any") -> "Any":
        return self.call(*words, **named)

    def __reduce__(self) -> str:
        return str(self.__name__)


def _like(original: "Any", made: "Any") -> "Any":
    """A replacement that says of itself what the original says."""
    if type(original).__name__ == "builtin_function_or_method":
        return _Timed(original, made)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        if hasattr(original, name):
            setattr(made, name, getattr(original, name))
    made.__wrapped__ = original
    return made


def _replace(owner: "Any", name: str, make: "Callable[[Any], Any]") -> None:
    """Replace a function of a module or class, once, if it is there."""
    original = getattr(owner, name, None)
    if original is not None and not getattr(original, "_bench", False):
        made = _like(original, make(original))
        try:
            made._bench = True
            setattr(owner, name, made)
        except (AttributeError, TypeError):
            pass


def _start(folder: str) -> None:
    """Begin to record."""
    recorder = _Recorder(folder)
    patches = __import__("bench_trace_patches")
    del sys.modules["bench_trace_patches"], sys.modules["bench_trace_sockets"]
    patches.install(recorder, _replace)
    atexit = __import__("atexit")
    atexit.register(recorder.finish)
    os.register_at_fork(after_in_child=lambda: recorder.begin("fork"))
    # The program itself comes next: `site` has only to look for a usercustomize.
    now = _now()
    recorder.events.append(("main", now, now, recorder.main))


if "BENCH_TRACE" in os.environ:
    _start(os.environ["BENCH_TRACE"])
