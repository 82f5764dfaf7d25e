"""Pythons by their names: `3.14`, `3.14t` (free-threaded), `3.14+jit` (with its JIT on).

The name is that of a folder in `data/`, so that figures of two variants never meet.
"""

from __future__ import annotations

import re

JIT = "+jit"
JIT_ON = {"PYTHON_JIT": "1"}
_NAME = re.compile(r"(\d+(?:\.\d+)*)(t?)(\+jit)?")


def is_name(text: str) -> bool:
    """Whether this is a Python's name, and no path or other words."""
    return _NAME.fullmatch(text) is not None


def whole_name(name: str, version: str) -> str:
    """A run's Python with its patch release, `3.14.2t+jit`: `version` is what its build says."""
    return version + JIT * name.endswith(JIT)


def numbers(name: str) -> tuple[int, ...]:
    """The version in a name: (3, 14) of `3.14t`; () of other words."""
    found = _NAME.fullmatch(name)
    return tuple(map(int, found[1].split("."))) if found else ()


def python_order(name: str) -> tuple[bool, tuple[int, ...], str]:
    """What Pythons are sorted by: 3.9 stands before 3.13, variants behind the usual build."""
    return is_name(name), numbers(name), name
