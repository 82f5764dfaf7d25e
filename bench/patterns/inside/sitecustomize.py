"""Runs in the Python process of a scenario and, at its end, looks at classes and caches there.

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


def _classes(own: "frozenset[str]") -> "list[tuple[Any, ...]]":
    """(name, instances, is a dataclass, has slots, fields, bytes with a dict, bytes with slots)."""
    alive: "dict[type, list[Any]]" = {}
    for one in gc.get_objects():
        kind = type(one)
        if str(kind.__module__).partition(".")[0] in own:
            alive.setdefault(kind, []).append(one)
    found: "list[tuple[Any, ...]]" = []
    for kind, instances in alive.items():
        if not _is_plain(kind):
            continue
        values = getattr(instances[0], "__dict__", None)
        name = f"{kind.__module__}.{kind.__qualname__}"
        is_dataclass = "__dataclass_fields__" in vars(kind)
        if values is None:
            found.append((name, len(instances), is_dataclass, True, 0, 0, 0))
        else:
            fields = tuple(key for key in values if key.isidentifier())
            values = [values[key] for key in fields]
            sizes = [_bytes(kind_, fields, values) for kind_ in _copies(fields)]
            found.append((name, len(instances), is_dataclass, False, len(fields), *sizes))
    return found


def _is_plain(kind: type) -> bool:
    """Whether `__slots__` could be had by a word: classes in Python over `object`, no more."""
    meta = type(kind)
    if meta is not type and meta.__name__ != "ABCMeta":
        return False
    return all(one.__flags__ & (1 << 9) for one in kind.__mro__[:-1])


def _copies(fields: "tuple[str, ...]") -> "tuple[type, type]":
    return type("WithDict", (), {}), type("WithSlots", (), {"__slots__": fields})


def _bytes(kind: "Any", fields: "tuple[str, ...]", values: "list[Any]") -> int:
    """Bytes an instance takes, without what its fields hold."""
    made: "list[Any]" = [None] * _INSTANCES
    tracer = __import__("_tracemalloc")
    tracer.start(1)
    before = tracer.get_traced_memory()[0]
    for number in range(_INSTANCES):
        one = kind()
        for field, value in zip(fields, values):  # noqa: B905 - not on a hot path, and of one length
            setattr(one, field, value)
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


def _save(file: str, own: "frozenset[str]") -> None:
    caches, miss_ns = _caches()
    told = {"classes": _classes(own), "caches": caches, "miss_ns": miss_ns}
    with open(file, "w", encoding="ascii") as stream:  # noqa: PTH123 - nothing may be imported
        stream.write(ascii(told))


def _install(file: str) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # a child of the process that is looked at
    own = frozenset(os.environ[_OWN].split("\n"))
    at_exit = __import__("atexit")
    at_exit.register(lambda: _save(file, own))
    leave = os._exit

    def save_and_leave(status: int) -> None:
        _save(file, own)
        leave(status)

    os._exit = save_and_leave  # type: ignore[assignment]


if _FILE in os.environ:
    _install(os.environ[_FILE])
