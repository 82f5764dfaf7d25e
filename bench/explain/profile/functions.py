"""cProfile: how often each function is called, and how long it takes, which comes out too long.

Its clock runs at each call and return: what is called often looks more expensive than it is. Times
are for finding, not for comparing; numbers of calls are for both.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.core.sample import Sample
from bench.core.told import read_literal
from bench.explain.profile.frames import BUILT_IN, Frame, Namer, RawFrame
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess, is_ours

# As `pstats` knows it: file, line and function → calls without recursion, all calls, seconds of its
# own, seconds with all it calls, and the same by caller.
_Function = tuple[str, int, str]
_Counted = tuple[int, int, float, float]
_Timings = tuple[int, int, float, float, dict[_Function, _Counted]]
Profile = dict[_Function, _Timings]
_NO_FILE = "~"
_BUILT_IN_NAME = re.compile(r"^<built-in method (?:builtins\.)?([\w.]+)>$")


@dataclass(frozen=True)
class Called:
    """A function: calls in all, seconds of its own, and seconds with all it calls."""

    calls: int
    own_s: float
    inclusive_s: float


@dataclass(frozen=True)
class Functions:
    """One run over all its Python processes; `file` is for pstats and its relatives."""

    called: dict[Frame, Called]
    file: Path

    @property
    def calls(self) -> int:
        """All calls together."""
        return sum(one.calls for one in self.called.values())


def profile_functions(subject: ProfiledProcess, namer: Namer) -> tuple[Functions, Sample]:
    """Run once under cProfile, started before the first line; raises `NotProfiledError`."""
    with subject.scratch() as folder:
        sample = subject.run(variables=subject.inside("functions", folder))
        files = sorted(folder.glob("*.pstats"))
        if not files:
            raise NotProfiledError("no Python process of it wrote a profile")
        told = merge([read_literal(file, Profile) for file in files])
        whole = folder / "functions.pstats"
        whole.write_bytes(marshal.dumps(told))
        kept = subject.keep(whole)
    return Functions(called(told, namer), kept), sample


def merge(profiles: Iterable[Profile]) -> Profile:
    """Several processes' functions as one's, as pstats adds them up."""
    merged: Profile = {}
    for one in profiles:
        for function, timings in one.items():
            known = merged.get(function)
            merged[function] = _sum(known, timings) if known else timings
    return merged


def _sum(one: _Timings, other: _Timings) -> _Timings:
    callers = dict(one[4])
    for function, more in other[4].items():
        known = callers.get(function, (0, 0, 0.0, 0.0))
        callers[function] = _added(known, more)
    return (*_added(one[:4], other[:4]), callers)


def _added(one: _Counted, other: _Counted) -> _Counted:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def called(profile: Profile, namer: Namer) -> dict[Frame, Called]:
    """Functions of a profile by name; those of one name in a module are one."""
    found: dict[Frame, Called] = {}
    for (path, _line, function), (_, calls, own_s, inclusive_s, _callers) in profile.items():
        if is_ours(path) or "_lsprof" in function:
            continue
        frame = _frame(path, function, namer)
        known = found.get(frame, Called(0, 0.0, 0.0))
        found[frame] = Called(
            known.calls + calls, known.own_s + own_s, known.inclusive_s + inclusive_s
        )
    return found


def _frame(path: str, function: str, namer: Namer) -> Frame:
    if path == _NO_FILE:
        name = _BUILT_IN_NAME.sub(r"\1()", function)
        return Frame(name, name, BUILT_IN)
    return namer.frame(RawFrame(function, path))
