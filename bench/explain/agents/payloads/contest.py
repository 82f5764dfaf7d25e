"""Times a serialiser and another on values that a scenario gave to it. Never imported.

`contest.py KEPT PACKAGE OTHER RESULT SECONDS`: runs in the subject's interpreter, both in turn on
the same values, in CPU time, until the seconds are spent. First each value goes through both once:
only where they agree is it timed, the rest is counted with the reason.
"""

# ruff: noqa: ANN401, ARG002, UP037

import gc
import pickle
import sys
import time
from io import StringIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    _Ways = tuple[Callable[[], Any], Callable[[], Any]]

_MOST_RUNS = 25
_FEWEST_RUNS = 5
_LEAST_NS = 2_000_000  # of one run


class _CannotError(Exception):
    """The other has nothing of the kind (the message says what)."""


class _Json:
    """`json` as it was called, and what both must agree in: the data, read again."""

    read: "Any"

    def __init__(self) -> None:
        self.json: "Any" = __import__("json")

    def original(self, function: str, value: "Any", options: "dict[str, Any]") -> "Any":
        if function == "dump":
            stream = StringIO()
            self.json.dump(value, stream, **options)
            return stream.getvalue()
        return getattr(self.json, function)(value, **options)

    def other(self, function: str, value: "Any", options: "dict[str, Any]") -> "Callable[[], Any]":
        if function == "loads":
            _refuse(options, set())
            return lambda: self.read(value)
        _refuse(options, {"indent", "sort_keys", "ensure_ascii", "separators", "check_circular"})
        write = self.writer(value, options)
        if function == "dump":
            return lambda: StringIO().write(write().decode())
        return lambda: write().decode()

    def data(self, function: str, result: "Any") -> str:
        return repr(result if function == "loads" else self.json.loads(result))

    def writer(self, value: "Any", options: "dict[str, Any]") -> "Callable[[], bytes]":
        raise NotImplementedError


class _Orjson(_Json):
    def __init__(self) -> None:
        super().__init__()
        self.orjson: "Any" = __import__("orjson")
        self.read = self.orjson.loads

    def writer(self, value: "Any", options: "dict[str, Any]") -> "Callable[[], bytes]":
        orjson = self.orjson
        flags = 0
        if options.get("indent") not in (None, 2):
            raise _CannotError("indent other than 2")
        if options.get("indent") == 2:
            flags |= orjson.OPT_INDENT_2
        if options.get("sort_keys"):
            flags |= orjson.OPT_SORT_KEYS
        try:
            orjson.dumps(value, option=flags)
        except TypeError:
            flags |= orjson.OPT_NON_STR_KEYS
        dumps = orjson.dumps
        return lambda: dumps(value, option=flags)


class _Msgspec(_Json):
    def __init__(self) -> None:
        super().__init__()
        self.msgspec: "Any" = __import__("msgspec").json
        self.read = self.msgspec.decode

    def writer(self, value: "Any", options: "dict[str, Any]") -> "Callable[[], bytes]":
        encode, indented = self.msgspec.encode, self.msgspec.format
        order = "sorted" if options.get("sort_keys") else None
        indent = options.get("indent")
        if indent is None:
            return lambda: encode(value, order=order)
        if not isinstance(indent, int):
            raise _CannotError("indent that is no number")
        return lambda: indented(encode(value, order=order), indent=indent)


class _Tomllib:
    def __init__(self) -> None:
        self.read: "Any" = __import__("tomllib").loads
        self.parse: "Any" = __import__("tomlkit").parse

    def original(self, function: str, value: "Any", options: "dict[str, Any]") -> "Any":
        if function != "parse":
            raise _CannotError("writing")
        return self.parse(value, **options)

    def other(self, function: str, value: "Any", options: "dict[str, Any]") -> "Callable[[], Any]":
        _refuse(options, set())
        text = value.decode() if isinstance(value, bytes) else value
        return lambda: self.read(text)

    def data(self, function: str, result: "Any") -> "Any":
        return result.unwrap() if hasattr(result, "unwrap") else result


class _CYaml:
    def __init__(self) -> None:
        yaml: "Any" = __import__("yaml")
        if not yaml.__with_libyaml__:
            raise ImportError("this PyYAML was built without libyaml")
        self.yaml = yaml

    def original(self, function: str, value: "Any", options: "dict[str, Any]") -> "Any":
        return self._call(function, value, options, "")

    def other(self, function: str, value: "Any", options: "dict[str, Any]") -> "Callable[[], Any]":
        return lambda: self._call(function, value, options, "C")

    def data(self, function: str, result: "Any") -> str:
        return repr(result) if function == "load" else repr(self.yaml.safe_load(result))

    def _call(self, function: str, value: "Any", options: "dict[str, Any]", kind: str) -> "Any":
        which = "Loader" if function == "load" else "Dumper"
        name = str(options.get(which, which))
        found = getattr(self.yaml, kind + name, None)
        if found is None or (kind and name.startswith("C")):
            raise _CannotError(f"{which}={name}")
        return getattr(self.yaml, function)(value, **{**options, which: found})


_OTHERS = {"orjson": _Orjson, "msgspec": _Msgspec, "tomllib": _Tomllib, "libyaml": _CYaml}


def _refuse(options: "dict[str, Any]", known: "set[str]") -> None:
    other = sorted(name for name, one in options.items() if name not in known and one is not None)
    if other:
        raise _CannotError(", ".join(f"{name}=" for name in other))


def _ways(room: "Any", call: "Any") -> "tuple[_Ways, bool]":
    """Both ways to do a call, and whether what they write is the same; raises `_CannotError`."""
    _package, function, pickled, options, odd = call
    if odd:
        raise _CannotError(", ".join(f"{name}=" for name in odd))
    if pickled is None:
        raise _CannotError("a value that can't be kept")
    value = pickle.loads(pickled)
    was = room.original(function, value, options)
    other = room.other(function, value, options)
    becomes = other()
    if function == "dump":  # what was written is not handed out
        becomes = room.other("dumps", value, options)()
    if room.data(function, was) != room.data(function, becomes):
        raise _CannotError("another result")
    same = type(was) is type(becomes) and was == becomes if isinstance(was, str) else True
    return (lambda: room.original(function, value, options), other), same


def _sort(room: "Any", calls: "list[Any]") -> "tuple[list[_Ways], dict[str, int], int]":
    """The calls that can be compared, the others by reason, and how many texts differ."""
    ways = []
    reasons: "dict[str, int]" = {}
    texts = 0
    for call in calls:
        try:
            both, same = _ways(room, call)
        except _CannotError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a library raises
            reason = type(error).__name__
        else:
            ways.append(both)
            texts += not same
            continue
        reasons[reason] = reasons.get(reason, 0) + 1
    return ways, reasons, texts


def _in_turn(ways: "list[_Ways]", limit_s: float) -> "list[list[float]]":
    """CPU nanoseconds of all calls by either way, run after run; the first, a warm-up, is left out.

    Few calls are made so often in each run that the clock is no matter.
    """
    runs: "list[list[float]]" = []
    repeats = 1
    began = time.monotonic()
    while len(runs) <= _MOST_RUNS:
        order = (0, 1) if len(runs) % 2 else (1, 0)
        taken = [0.0, 0.0]
        for way in order:
            taken[way] = _time([both[way] for both in ways] * repeats) / repeats
        if not runs:
            repeats = max(1, int(_LEAST_NS / max(min(taken), 1.0)))
        runs.append(taken)
        if len(runs) > _FEWEST_RUNS and time.monotonic() - began > limit_s:
            break
    return runs[1:]


def _time(calls: "list[Callable[[], Any]]") -> int:
    gc.collect()
    start = time.process_time_ns()
    for call in calls:
        call()
    return time.process_time_ns() - start


def main(kept: str, package: str, other: str, result: str, limit: str) -> None:
    """Compare, and write down what came out."""
    __import__(package)  # the scenario has it already
    known = set(sys.modules)
    began = time.process_time_ns()
    told: "dict[str, Any]" = {}
    try:
        __import__({"libyaml": "yaml"}.get(other, other))
        told["import_ns"] = time.process_time_ns() - began
        told["modules"] = len(set(sys.modules) - known)
        room = _OTHERS[other]()
    except ImportError as error:
        told["problem"] = str(error)
    else:
        with open(kept, "rb") as stream:  # noqa: PTH123 - nothing more is to be imported
            calls = pickle.load(stream)
        ways, reasons, texts = _sort(room, [one for one in calls if one[0] == package])
        told.update(calls=len(ways), reasons=reasons, texts=texts)
        told["runs"] = _in_turn(ways, float(limit)) if ways else []
    with open(result, "w", encoding="ascii") as stream:  # noqa: PTH123 - the same
        stream.write(ascii(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
