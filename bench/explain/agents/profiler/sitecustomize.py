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
    from typing import Any

    _Census = dict[str, tuple[int, int]]
    _Ways = dict[tuple[tuple[str, str], ...], int]

_WAIT_S = 0.2
_HELD = 25  # types whose holders are looked for
_SOME = 50  # objects of each
_SEARCH_S = 10.0
_NOT_HELD = (
    "builtins",
    "weakref",
    "abc",
    "_abc",
    "enum",
    "_frozen_importlib",
    "_frozen_importlib_external",
)
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
        _write(folder, "pstats", ascii(profiler.stats).encode())

    _at_end(save)
    profiler.enable()


def _objects(folder: str) -> None:
    """What there is at the end, and what there was before the benchmark's own first line."""
    before = _census(gc.get_objects())

    def save() -> None:
        gc.collect()
        alive = gc.get_objects()
        after = _census(alive)
        _write(folder, "objects", ascii((before, after, *_held(alive, before, after))).encode())

    _at_end(save)


def _census(objects: "list[object]") -> "dict[str, tuple[int, int]]":
    """Objects by type: how many, and bytes of their own."""
    found: dict[str, tuple[int, int]] = {}
    for one in objects:
        name = _kind(one)
        count, size = found.get(name, (0, 0))
        try:
            size += sys.getsizeof(one)
        except Exception:  # noqa: BLE001, S110 - a type's own __sizeof__ can do anything
            pass
        found[name] = count + 1, size
    return found


def _held(
    alive: "list[object]", before: "_Census", after: "_Census"
) -> "tuple[dict[str, _Ways], str]":
    """How modules hold instances of the types that have grown most, or why that is not known."""
    support = os.environ.get("BENCH_SUPPORT", "")
    if not support:
        return {}, ""
    try:
        sys.path.insert(0, support)
        return _ways(alive, _grown(before, after), __import__("objgraph")), ""
    except Exception as error:  # noqa: BLE001 - the program may have done anything to its Python
        return {}, f"objgraph failed: {type(error).__name__}: {error}"


def _grown(before: "_Census", after: "_Census") -> "dict[str, int]":
    """Types that grew most, by how much; not Python's own, nor what each import or class makes."""
    grown = {
        name: count - before.get(name, (0, 0))[0]
        for name, (count, _size) in after.items()
        if name.partition(".")[0] not in _NOT_HELD and name != "collections._tuplegetter"
    }
    most = sorted(grown, key=lambda name: (grown[name], name))[-_HELD:]
    return {name: grown[name] for name in most if grown[name] > 0}


def _ways(
    alive: "list[object]", grown: "dict[str, int]", objgraph: "types.ModuleType"
) -> "dict[str, _Ways]":
    """For some of each type: a shortest way from a module to it, and how many have that way.

    objgraph asks the collector for referrers at each step, each time a pass over all objects; one
    pass makes an index of them, which has nothing of ours in it.
    """
    vars(objgraph)["gc"] = _Index(alive)
    some: dict[str, list[object]] = {name: [] for name in grown}
    for one in alive:
        name = _kind(one)
        if name in some:
            some[name].append(one)
    until = time.perf_counter() + _SEARCH_S
    found: dict[str, _Ways] = {}
    for name, instances in some.items():
        ways: _Ways = found.setdefault(name, {})
        newest = instances[-grown[name] :]
        for one in newest[:: -(-len(newest) // _SOME)]:
            if time.perf_counter() > until:
                break
            way = _way(objgraph.find_backref_chain(one, objgraph.is_proper_module))
            ways[way] = ways.get(way, 0) + 1
    return found


class _Index:
    """What objgraph asks of the collector."""

    def __init__(self, alive: "list[object]") -> None:
        self._referrers: dict[int, list[object]] = {}
        known = self._referrers.get
        for one in alive:
            for held in gc.get_referents(one):
                referrers = known(id(held))
                if referrers is None:
                    self._referrers[id(held)] = [one]
                else:
                    referrers.append(one)

    def get_referrers(self, one: object) -> "list[object]":
        return self._referrers.get(id(one), [])

    def collect(self) -> None:
        """It has been done."""


def _way(chain: "list[Any]") -> "tuple[tuple[str, str], ...]":
    """Types from the module to the instance, each with its name in what holds it, if it has one.

    The first is a module with its own name. The dict that has a holder's names is left out. Empty
    where no module was found.
    """
    if len(chain) == 1:
        return ()
    holder = chain[0]
    found = [("module", str(holder.__name__))]
    for one in chain[1:]:
        names = _names(holder)
        name = next((key for key, value in list((names or {}).items()) if value is one), "")
        # A class shows its names through a proxy: the dict itself is one that has no name there.
        if one is names or (isinstance(holder, type) and type(one) is dict and not name):
            continue
        is_class = isinstance(one, type) and one is not chain[-1]
        found.append(("class" if is_class else _kind(one), str(name)))
        holder = one
    return tuple(found)


def _names(holder: object) -> "dict[str, object] | None":
    """An object's own attributes by name, where it has any."""
    try:
        return vars(holder)
    except Exception:  # noqa: BLE001 - a property of that name can do anything
        return None


def _kind(one: object) -> str:
    return f"{type(one).__module__}.{type(one).__qualname__}"


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
    "memory": _memory,
}


def _start(wanted: str) -> None:
    mode, _, folder = wanted.partition(":")
    _MODES[mode](folder)


if "BENCH_PROFILE" in os.environ:
    _start(os.environ["BENCH_PROFILE"])
