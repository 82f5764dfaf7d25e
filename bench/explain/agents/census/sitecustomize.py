"""Runs in the Python process of a scenario; at its end, counts its instances and cache hits.

Instances are also counted now and then before, since they may no longer exist at the end.

Never imported by us. `BENCH_CENSUS` names the file to write; the first process takes it, children
are left alone. `BENCH_CENSUS_OWN` has the project's own packages, one a line. What is measured at
the end (bytes of an instance with and without `__slots__`, what a cache costs a call) is measured
here, since it is this Python's.
"""

# ruff: noqa: ANN401, UP037

import gc
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = "BENCH_CENSUS"
_OWN = "BENCH_CENSUS_OWN"
_INSTANCES = 500
_CALLS = 2000
_REST = 10  # times as long as a count took
_SOME = 20  # instances of a class whose fields are read


class _Peaks:
    """The most instances of own classes that were seen at once, counted after garbage collections.

    A count asks every object for its type. The next one is taken after ten times as long, so that
    counting takes at most a tenth of the time.
    """

    def __init__(self, own: "frozenset[str]") -> None:
        self._own = own
        self._next_ns = 0
        self._count = __import__("_collections")._count_elements  # noqa: SLF001 - written in C
        self.counts = 0
        self.most: "dict[type, int]" = {}
        self.fields: "dict[type, tuple[str, ...]]" = {}

    def after_collection(self, phase: str, _told: "dict[str, int]") -> None:
        """What `gc.callbacks` calls."""
        if phase == "stop" and time.perf_counter_ns() >= self._next_ns:
            began = time.perf_counter_ns()
            self.count()
            ended = time.perf_counter_ns()
            self._next_ns = ended + _REST * (ended - began)

    def count(self) -> "dict[type, int]":
        """Count now; returns the instances of own classes."""
        objects = gc.get_objects()
        found: "dict[type, int]" = {}
        try:
            self._count(found, map(type, objects))
        except TypeError:
            return {}  # a class that can't be a key, by its metaclass
        self.counts += 1
        alive = {kind: many for kind, many in found.items() if self._is_own(kind)}
        more = [kind for kind, many in alive.items() if many > self.most.get(kind, 0)]
        if more:
            self._note_fields(objects, dict.fromkeys(more, 0))
        self.most.update((kind, alive[kind]) for kind in more)
        return alive

    def _is_own(self, kind: type) -> bool:
        return str(kind.__module__).partition(".")[0] in self._own

    def _note_fields(self, objects: "list[Any]", read: "dict[type, int]") -> None:
        """Of some instances: the longest list of fields, as one may be half made just now."""
        for one in objects:
            number = read.get(type(one), _SOME)
            if number < _SOME:
                read[type(one)] = number + 1
                fields = _fields(one)
                if fields is not None:
                    known = self.fields.get(type(one), ())
                    self.fields[type(one)] = max(fields, known, key=len)


def _fields(one: object) -> "tuple[str, ...] | None":
    """Names in an instance's `__dict__`, past what its class does when asked; None without one."""
    try:
        values = object.__getattribute__(one, "__dict__")
    except AttributeError:
        return None
    return tuple(key for key in values if key.isidentifier())


def _classes(peaks: _Peaks) -> "list[dict[str, Any]]":
    """What `census.ClassCount` has, of each class."""
    alive = peaks.count()
    found: "list[dict[str, Any]]" = []
    for kind, most in peaks.most.items():
        if not _is_plain(kind):
            continue
        name = f"{kind.__module__}.{kind.__qualname__}"
        is_dataclass = "__dataclass_fields__" in vars(kind)
        fields = peaks.fields.get(kind)
        at_end = alive.get(kind, 0)
        sizes = [0, 0] if fields is None else [_bytes(one, fields) for one in _copies(fields)]
        found.append(
            {
                "name": name,
                "at_end": at_end,
                "most": most,
                "is_dataclass": is_dataclass,
                "has_slots": fields is None,
                "fields": len(fields or ()),
                "with_dict": sizes[0],
                "with_slots": sizes[1],
            }
        )
    return found


def _is_plain(kind: type) -> bool:
    """Whether `__slots__` could be had by a word: classes in Python over `object`, no more."""
    meta = type(kind)
    if meta is not type and meta.__name__ != "ABCMeta":
        return False
    return all(one.__flags__ & (1 << 9) for one in kind.__mro__[:-1])


def _copies(fields: "tuple[str, ...]") -> "tuple[type, type]":
    return type("WithDict", (), {}), type("WithSlots", (), {"__slots__": fields})


def _bytes(kind: "Any", fields: "tuple[str, ...]") -> int:
    """Bytes an instance takes, without what its fields hold."""
    made: "list[Any]" = [None] * _INSTANCES
    tracer = __import__("_tracemalloc")
    tracer.start(1)
    before = tracer.get_traced_memory()[0]
    for number in range(_INSTANCES):
        one = kind()
        for field in fields:
            setattr(one, field, None)
        made[number] = one
    after = tracer.get_traced_memory()[0]
    tracer.stop()
    return int(after - before) // _INSTANCES


def _caches() -> "tuple[list[tuple[Any, ...]], float]":
    """(name, hits, misses, limit or -1, entries) of each lru_cache, and ns that a miss adds."""
    functools = sys.modules.get("functools")
    if functools is None:
        return [], 0.0
    kind = type(functools.lru_cache(_nothing))
    found = []
    for one in gc.get_objects():
        if type(one) is kind:
            hits, misses, limit, entries = one.cache_info()
            name = f"{one.__module__}.{one.__qualname__}"
            found.append((name, hits, misses, -1 if limit is None else limit, entries))
    return found, _cost_of_a_miss(functools)


def _cost_of_a_miss(functools: "Any") -> float:
    cached = functools.lru_cache(maxsize=128)(_nothing)
    return min(_ns_a_call(cached) - _ns_a_call(_nothing) for _ in range(3))


def _ns_a_call(function: "Any") -> float:
    began = time.perf_counter_ns()
    for number in range(_CALLS):
        function(number)
    return (time.perf_counter_ns() - began) / _CALLS


def _nothing(value: object) -> object:
    return value


def _save(file: str, peaks: _Peaks) -> None:
    gc.callbacks[:] = [one for one in gc.callbacks if one != peaks.after_collection]
    caches, miss_ns = _caches()
    classes = _classes(peaks)
    told = {"classes": classes, "caches": caches, "miss_ns": miss_ns, "counts": peaks.counts}
    with open(file, "w", encoding="ascii") as stream:  # noqa: PTH123 - nothing may be imported
        stream.write(ascii(told))


def _install(file: str) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # a child of the process that is counted
    peaks, process, leave = _Peaks(frozenset(os.environ[_OWN].split("\n"))), os.getpid(), os._exit
    gc.callbacks.append(peaks.after_collection)

    def save() -> None:
        if os.getpid() == process:  # not in a fork of it
            _save(file, peaks)

    def save_and_leave(status: int) -> None:
        save()
        leave(status)

    __import__("atexit").register(save)
    os._exit = save_and_leave  # type: ignore[assignment]


if _FILE in os.environ:
    _install(os.environ[_FILE])
