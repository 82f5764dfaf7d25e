"""Hardware events by perf, where the machine has counters and perf may read them."""

from __future__ import annotations

import shutil

from bench.core.sample import Sample
from bench.core.told import read_text
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess

_EVENTS = ("instructions:u", "cycles:u", "branches:u", "branch-misses:u", "cache-misses:u")
_VALUE, _UNIT, _EVENT = 0, 1, 2


def find(name: str, remedy: str) -> str:
    """A tool's path; raises `NotProfiledError` with the remedy."""
    found = shutil.which(name)
    if found is None:
        raise NotProfiledError(f"{name} is not installed: {remedy}")
    return found


def count_events(subject: ProfiledProcess, program: str) -> tuple[dict[str, int], Sample]:
    """What perf counts of the process; raises `NotProfiledError` where nothing can be counted."""
    with subject.scratch() as folder:
        file = folder / "perf.csv"
        under = (program, "stat", "-x", ",", "-o", str(file), "-e", ",".join(_EVENTS), "--")
        sample = subject.run(under=under)
        lines = read_text(file).splitlines()
    cells = [line.split(",") for line in lines if line.count(",") > _EVENT]
    found = {one[_EVENT]: int(one[_VALUE]) for one in cells if one[_VALUE].isdigit()}
    if not found:
        raise NotProfiledError(
            "perf counts nothing here: this machine shows no performance counters (most virtual "
            "machines do not; a metal one does), or sysctl kernel.perf_event_paranoid is above 2"
        )
    return found, sample
