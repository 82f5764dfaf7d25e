"""Tools that some users want beside our own figures: hyperfine's times, perf's counters.

Both are run where they are there and may; else they are named with what helps.
"""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.core.sample import Sample
from bench.core.target import Kind
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess

_WARM_UP = 3
_RUNS = 15
_EVENTS = ("instructions:u", "cycles:u", "branches:u", "branch-misses:u", "cache-misses:u")
_VALUE, _UNIT, _EVENT = 0, 1, 2


@dataclass(frozen=True)
class Hyperfine:
    """Its own figures for a command, in seconds; `file` is its export."""

    mean_s: float
    deviation_s: float
    median_s: float
    file: Path


def find(name: str, remedy: str) -> str:
    """A tool's path; raises `NotProfiledError` with the remedy."""
    found = shutil.which(name)
    if found is None:
        raise NotProfiledError(f"{name} is not installed: {remedy}")
    return found


def run_hyperfine(subject: ProfiledProcess, program: str) -> tuple[Hyperfine, Sample]:
    """Have hyperfine time the process, without a shell; raises `NotProfiledError`."""
    if subject.sides.benchmark.kind is Kind.SCRIPT:
        raise NotProfiledError("only commands and imports: a script times itself, in its process")
    with subject.scratch() as folder:
        file = folder / "hyperfine.json"
        bare = subject.sides.side(subject.side)
        under = (
            program, "--shell=none", f"--warmup={_WARM_UP}", f"--runs={_RUNS}",
            f"--export-json={file}", "--ignore-failure", "--style=none", shlex.join(bare.argv),
        )  # fmt: skip
        sample = subject.run_instead(under)
        told = json.loads(file.read_text(encoding="utf-8"))["results"][0]
        kept = subject.keep(file)
    return Hyperfine(told["mean"], told["stddev"] or 0.0, told["median"], kept), sample


def count_events(subject: ProfiledProcess, program: str) -> tuple[dict[str, int], Sample]:
    """What perf counts of the process; raises `NotProfiledError` where nothing can be counted."""
    with subject.scratch() as folder:
        file = folder / "perf.csv"
        under = (program, "stat", "-x", ",", "-o", str(file), "-e", ",".join(_EVENTS), "--")
        sample = subject.run(under=under)
        lines = file.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines if line.count(",") > _EVENT]
    found = {one[_EVENT]: int(one[_VALUE]) for one in cells if one[_VALUE].isdigit()}
    if not found:
        raise NotProfiledError(
            "perf counts nothing here: this machine shows no performance counters (most virtual "
            "machines do not; a metal one does), or sysctl kernel.perf_event_paranoid is above 2"
        )
    return found, sample
