"""Runs in every Python process of a profiled benchmark, before its own first line.

Never imported by the harness. What it does follows from BENCH_PROFILE, `MODE:FOLDER`; each process
writes a file of its own there. Nothing may be imported before the benchmark's own code runs that
the interpreter has not loaded already, or is built in or C: it would be missing in the profile.
What a profile needs to be written down is imported when the benchmark is over.

A child that was forked without exec writes what it inherited and did itself under its own number.
"""

import gc
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from collections.abc import Callable

_WAIT_S = 0.2
_HELD = 5  # types whose holders are looked for
_SOME = 50  # objects of each
# What memray imports and does not need in order to track.
_STAND_INS = ("rich", "rich.progress", "typing_extensions")


def _wait(_folder: str) -> None:
    """Do nothing until a sampler that was started with us has found us; it skips idle time."""
    time.sleep(_WAIT_S)


def _functions(folder: str) -> None:
    """cProfile without the module of that name, which imports others."""
    profiler = type("_Profiler", (__import__("_lsprof").Profiler,), {})()

    def save() -> None:
        profiler.disable()
        profile = __import__("cProfile").Profile
        profile.snapshot_stats(profiler)
        _write(folder, "pstats", __import__("marshal").dumps(profiler.stats))

    _at_end(save)
    profiler.enable()


def _objects(folder: str) -> None:
    """What there is at the end, and what there was before the benchmark's own first line."""
    before = _census()

    def save() -> None:
        gc.collect()
        after = _census()
        _write(folder, "objects", ascii((before, after, _holders(before, after))).encode())

    _at_end(save)


def _census() -> "dict[str, tuple[int, int]]":
    """Objects the garbage collector tracks, by type: how many, and bytes of their own."""
    found: dict[str, tuple[int, int]] = {}
    for one in gc.get_objects():
        name = _kind(one)
        count, size = found.get(name, (0, 0))
        try:
            size += sys.getsizeof(one)
        except Exception:  # noqa: BLE001, S110 - a type's own __sizeof__ can do anything
            pass
        found[name] = count + 1, size
    return found


def _holders(
    before: "dict[str, tuple[int, int]]", after: "dict[str, tuple[int, int]]"
) -> "dict[str, dict[str, int]]":
    """For the types that have grown most, Python's own aside: who refers to some of the newest."""
    grown = {
        name: count - before.get(name, (0, 0))[0]
        for name, (count, _size) in after.items()
        if not name.startswith("builtins.")
    }
    found: dict[str, dict[str, int]] = {}
    for name in sorted(grown, key=grown.__getitem__)[-_HELD:]:
        ours = tuple([one for one in gc.get_objects() if _kind(one) == name][-_SOME:])
        kinds: dict[str, int] = {}
        for holder in gc.get_referrers(*ours):
            if holder is not ours and not hasattr(holder, "f_code"):
                kind = _holder(holder)
                kinds[kind] = kinds.get(kind, 0) + 1
        found[name] = kinds
    return found


def _holder(one: object) -> str:
    """Its type; a module's names under the module's name."""
    if type(one) is dict and "__spec__" in one and isinstance(one.get("__name__"), str):
        return f"module {one['__name__']}"
    return _kind(one)


def _kind(one: object) -> str:
    return f"{type(one).__module__}.{type(one).__qualname__}"


def _lines(folder: str) -> None:
    """tracemalloc without the module of that name: bytes by line at the end, and the peak."""
    tracer = __import__("_tracemalloc")
    tracer.start(1)

    def save() -> None:
        now, peak = tracer.get_traced_memory()
        lines: dict[tuple[str, int], int] = {}
        for _domain, size, frames, *_ in tracer._get_traces() or ():  # noqa: SLF001
            lines[frames[0]] = lines.get(frames[0], 0) + size
        tracer.stop()
        _write(folder, "lines", ascii((now, peak, lines)).encode())

    _at_end(save)


def _memory(folder: str) -> None:
    """memray, from a folder beside the environment.

    It imports Rich and half of the standard library: Rich is kept from it, and the rest is
    forgotten before tracking begins, so that the benchmark imports its own. C extensions and
    `threading` stay: they can't be loaded twice.
    """
    known = set(sys.modules)
    support = os.environ["BENCH_SUPPORT"]
    for name in _STAND_INS:
        sys.modules[name] = _stand_in(name)
    sys.path.insert(0, support)
    try:
        memray = __import__("memray")
        tracker = memray.Tracker(
            destination=memray.FileDestination(f"{folder}/{os.getpid()}.memray"),
            trace_python_allocators=True,
            follow_fork=False,
        )
    finally:
        sys.path.remove(support)
        _forget(set(sys.modules) - known, support)
    _at_end(lambda: tracker.__exit__(None, None, None))
    _enter_elsewhere(tracker.__enter__)


def _enter_elsewhere(enter: "Callable[[], object]") -> None:
    """Begin from a thread of its own.

    From the thread that begins, memray takes as many of the outermost frames away as there were
    then: those of the benchmark, since ours are gone by the time it runs.
    """
    thread = __import__("_thread")
    entered = thread.allocate_lock()
    entered.acquire()

    def begin() -> None:
        enter()
        entered.release()

    thread.start_new_thread(begin, ())
    entered.acquire()


def _stand_in(name: str) -> "types.ModuleType":
    """A module in which every name can be imported: a type that can be a base, and no more."""
    kind = type("_StandIn", (type(sys),), {"__getattr__": lambda _self, _name: dict})
    made: types.ModuleType = kind(name)
    made.__path__ = []
    return made


def _forget(modules: "set[str]", support: str) -> None:
    for name in modules:
        file = str(getattr(sys.modules[name], "__file__", None) or "")
        ours = name in _STAND_INS or file.startswith(support)
        if ours or (file.endswith(".py") and name != "threading"):
            del sys.modules[name]


def _at_end(save: "Callable[[], None]") -> None:
    """When the process ends, after all that the benchmark itself does then."""
    atexit = __import__("atexit")
    del sys.modules["atexit"]  # whether the benchmark imports it is for the benchmark to say
    atexit.register(save)
    leave = os._exit

    def save_and_leave(status: int) -> None:
        save()
        leave(status)

    os._exit = save_and_leave  # type: ignore[assignment]


def _write(folder: str, ending: str, content: bytes) -> None:
    handle = os.open(f"{folder}/{os.getpid()}.{ending}", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)


_MODES = {
    "wait": _wait,
    "functions": _functions,
    "objects": _objects,
    "lines": _lines,
    "memory": _memory,
}


def _start(wanted: str) -> None:
    mode, _, folder = wanted.partition(":")
    _MODES[mode](folder)


if "BENCH_PROFILE" in os.environ:
    _start(os.environ["BENCH_PROFILE"])
