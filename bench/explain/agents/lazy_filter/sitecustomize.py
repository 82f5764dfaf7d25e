"""Runs in a process of Python 3.15 or newer: which imports may be lazy there. Never imported by us.

`BENCH_LAZY_OWN` names the project's top-level packages, one a line. Only what they import is
concerned: the standard library has lazy imports of its own, which stay as they are. `BENCH_LAZY` is
`yes` (the project's imports may be lazy) or `no` (none of them is): both sides of a comparison get
a filter, since the call costs. With `BENCH_LAZY_TOLD` (a file to write) the project's imports are
written down, each with whether the program ended without having needed it.

No module may be imported here that the interpreter has not loaded already.
"""

# ruff: noqa: ANN401

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OWN, _ANSWER, _TOLD = "BENCH_LAZY_OWN", "BENCH_LAZY", "BENCH_LAZY_TOLD"


def _install(own: "frozenset[str]", file: str, *, answer: bool) -> None:
    asked: dict[tuple[str, str, tuple[str, ...]], None] = {}

    def is_lazy(importer: str, name: str, names: "Any") -> bool:
        if importer.partition(".")[0] not in own:
            return not file  # where all imports are lazy, those of others are not to be
        if file:
            asked[importer, name, tuple(names or ())] = None
        return answer

    set_filter: Any = getattr(sys, "set_lazy_imports_filter")  # noqa: B009 - not before 3.15
    set_filter(is_lazy)
    if file:
        there = "atexit" in sys.modules
        at_exit = __import__("atexit")
        if not there:
            del sys.modules["atexit"]
        at_exit.register(_write, file, asked)


def _write(file: str, asked: "dict[tuple[str, str, tuple[str, ...]], None]") -> None:
    told = [(*one, one[1] not in sys.modules) for one in asked]
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    data = ascii(told).encode()
    while data:
        data = data[os.write(handle, data) :]
    os.close(handle)


if _OWN in os.environ and hasattr(sys, "set_lazy_imports_filter"):
    _install(
        frozenset(os.environ[_OWN].split("\n")),
        os.environ.pop(_TOLD, ""),
        answer=os.environ.get(_ANSWER) == "yes",
    )
