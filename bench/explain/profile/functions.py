"""cProfile: how often each function is called, and how long it takes, which comes out too long.

Its clock runs at each call and return: what is called often looks more expensive than it is. Times
are for finding, not for comparing; numbers of calls are for both.
"""

from __future__ import annotations

import marshal
import pstats
import re
from dataclasses import dataclass
from pathlib import Path

from bench.core.sample import Sample
from bench.explain.profile.frames import BUILT_IN, Frame, Namer, RawFrame
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess, is_ours

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
        merged = pstats.Stats(*map(str, files))
        whole = folder / "functions.pstats"
        merged.dump_stats(whole)
        kept = subject.keep(whole)
    return Functions(read_functions(kept, namer), kept), sample


def read_functions(file: Path, namer: Namer) -> dict[Frame, Called]:
    """Functions of a .pstats file by name; those of one name in a module are one."""
    stats = marshal.loads(file.read_bytes())
    found: dict[Frame, Called] = {}
    for (path, _line, function), (_, calls, own_s, inclusive_s, _callers) in stats.items():
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
