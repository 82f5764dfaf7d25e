"""Runs in the Python process of a scenario and keeps what it gives to serialisers. Never imported.

`BENCH_TAP` names the file to write; the first process takes it, children are left alone.
`BENCH_TAP_PACKAGES` are the packages to listen to, `BENCH_TAP_MOST` how many calls and bytes may be
kept, `BENCH_TAP_WITHIN` the function that has to be running meanwhile, if there is one. Values are
pickled at the call, since they may change later; options that are no plain values (`default=`,
`object_hook=`) are kept by name. The file is a pickle; `.told` beside it says how many calls of
each package are in it, how many there were by function, and how many bytes were kept.
"""

# ruff: noqa: ANN401, UP037

import os
import pickle
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    _Call = tuple[str, str, "bytes | None", dict[str, Any], tuple[str, ...]]

_FILE = "BENCH_TAP"
_PLAIN = (int, float, str, bool, type(None))


class _Tap:
    """What was given so far: (package, function, pickled value, options, other options' names)."""

    def __init__(self, file: str, calls: int, size: int, within: str) -> None:
        self.file = file
        self.within = within
        self.calls_left = calls
        self.bytes_left = size
        self.kept: "list[_Call]" = []
        self.seen: "dict[tuple[str, str], int]" = {}
        self.busy = False

    def hear(self, package: str, function: str, value: "Any", options: "dict[str, Any]") -> None:
        if self.within and not _is_within(self.within):
            return
        key = package, function
        self.seen[key] = self.seen.get(key, 0) + 1
        if self.calls_left <= 0 or self.bytes_left <= 0:
            return
        self.busy = True
        try:
            pickled: "bytes | None" = pickle.dumps(value, 4)
        except Exception:  # noqa: BLE001 - a value's own pickling can do anything
            pickled = None
        finally:
            self.busy = False
        self.calls_left -= 1
        self.bytes_left -= len(pickled or b"")
        plain = {name: one for name, one in options.items() if _is_plain(one)}
        odd = tuple(sorted(set(options) - set(plain)))
        self.kept.append((package, function, pickled, plain, odd))

    def save(self) -> None:
        with open(self.file, "wb") as stream:  # noqa: PTH123 - as little as can be
            pickle.dump(self.kept, stream, 4)
        kept: "dict[str, int]" = {}
        for package, *_ in self.kept:
            kept[package] = kept.get(package, 0) + 1
        size = sum(len(one[2] or b"") for one in self.kept)
        with open(f"{self.file}.told", "w", encoding="ascii") as told:  # noqa: PTH123
            told.write(ascii((kept, self.seen, size)))


def _is_within(name: str) -> bool:
    frame = sys._getframe(1)  # noqa: SLF001 - the one way to know
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == name:
            return True
    return False


def _is_plain(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(isinstance(one, _PLAIN) for one in value)
    return isinstance(value, _PLAIN)


def _tapped(
    tap: _Tap, package: str, name: str, original: "Callable[..., Any]", names: "tuple[str, ...]"
) -> "Callable[..., Any]":
    """The same function, heard of; `names` are those of its positional parameters."""

    def heard(*arguments: "Any", **options: "Any") -> "Any":
        if arguments and not tap.busy:
            value, rest = arguments[0], dict(zip(names, arguments[1:]))  # noqa: B905
            if hasattr(value, "read"):
                value = value.read()
                arguments = (value, *arguments[1:])
            named = {key: _named(key, one) for key, one in {**rest, **options}.items()}
            for stream in ("fp", "stream"):
                named.pop(stream, None)
            tap.hear(package, name, value, named)
        return original(*arguments, **options)

    heard.__name__ = heard.__qualname__ = name
    heard.__doc__ = original.__doc__
    heard.__module__ = original.__module__
    return heard


def _named(key: str, value: "Any") -> "Any":
    """Classes of PyYAML's by name."""
    if key in {"Loader", "Dumper"} and str(getattr(value, "__module__", "")).startswith("yaml."):
        return value.__name__
    return value


# Package → module → function → names of the positional parameters after the first.
_FUNCTIONS: "dict[str, dict[str, dict[str, tuple[str, ...]]]]" = {
    "json": {"json": {"loads": (), "dumps": (), "dump": ("fp",)}},
    "tomlkit": {"tomlkit.api": {"parse": (), "dumps": ()}},
    "yaml": {"yaml": {"load": ("Loader",), "dump_all": ("stream", "Dumper")}},
}


def _listen(tap: _Tap, package: str) -> None:
    for module_name, functions in _FUNCTIONS[package].items():
        try:
            __import__(module_name)
        except ImportError:
            continue
        top, module = sys.modules[package], sys.modules[module_name]
        for name, names in functions.items():
            original = getattr(module, name)
            heard = _tapped(tap, package, name, original, names)
            setattr(module, name, heard)
            if getattr(top, name, None) is original:
                setattr(top, name, heard)


def _install(file: str) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # a child of the process that is listened to
    calls, size = map(int, os.environ["BENCH_TAP_MOST"].split(","))
    tap = _Tap(file, calls, size, os.environ.get("BENCH_TAP_WITHIN", ""))
    for package in os.environ["BENCH_TAP_PACKAGES"].split(","):
        _listen(tap, package)
    __import__("atexit").register(tap.save)
    leave = os._exit

    def save_and_leave(status: int) -> None:
        tap.save()
        leave(status)

    os._exit = save_and_leave  # type: ignore[assignment]


if _FILE in os.environ:
    _install(os.environ[_FILE])
