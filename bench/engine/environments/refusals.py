"""What uv says when a package cannot be had for a Python, on one line and with its name."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

_NOT_BUILT = re.compile(r"Failed to (?:download and )?build `([\w.-]+)==([^`\s]+)`")
_BEING_BUILT = re.compile(r"^ *Building ([\w.-]+)==(\S+)$", re.MULTILINE)
_BUILT = re.compile(r"^ *Built ([\w.-]+)==", re.MULTILINE)
_NO_WHEEL = re.compile(r"([\w.-]+)==(\S+) has no wheels with a matching")
_NO_FILE = re.compile(r"[Dd]istribution `([\w.-]+)==(\S+)[^`]*` can't be installed because")
_CAUSE = re.compile(r"^ *(?:cause|error): (.+)$", re.MULTILINE)
_TOO_NEW = re.compile(r"does not satisfy (Python\S+) and ([\w.-]+)==(\S+) depends on")


def refused_package(said: str, own: str) -> str:
    """The package that keeps a project from being installed, and why; "" if it is something else.

    `own` is the project's distribution: that it cannot be built itself is no matter of a Python.
    """
    for pattern, why in (
        (_NOT_BUILT, "has no wheel for it and could not be built from its sources"),
        (_NO_WHEEL, "has no wheel for it"),
        (_NO_FILE, "has neither a wheel for it nor sources"),
    ):
        found = pattern.search(said)
        if found is not None and canonicalize_name(found[1]) != canonicalize_name(own):
            return f"{found[1]} {found[2]} {why}{_others(said, found[1])}"
    found = _TOO_NEW.search(said)
    return f"{found[2]} {found[3]} needs {found[1]}" if found is not None else ""


def in_one_line(message: str) -> str:
    """Why a build failed: the last cause that uv names, and the last words on standard error.

    Another message is only put on one line.
    """
    causes = _CAUSE.findall(message)
    if not causes:
        return " ".join(message.split())
    said = message.partition("[stderr]")[2].partition("\nhint:")[0].split("\n")
    words = [line.strip() for line in said if line.strip()]
    return ": ".join([causes[-1], *words[-1:]])


def _others(said: str, first: str) -> str:
    """Packages that were still being built when the first failed: they have no wheel either."""
    built = {found[1] for found in _BUILT.finditer(said)}
    others = [
        f"{found[1]} {found[2]}"
        for found in _BEING_BUILT.finditer(said)
        if found[1] not in {*built, first}
    ]
    return f"; without a wheel too: {', '.join(others)}" if others else ""
