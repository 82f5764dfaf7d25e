"""Memory that was asked for, all of it: also what was given back at once, which no peak shows.

valgrind's memcheck, its checks switched off, counts each block that the program and everything it
is linked with asks for; Python's own allocator is told to pass every request on
(PYTHONMALLOC=malloc), since else only its arenas were seen. Repeats to within about 1% under a
fixed hash seed. Programs that the benchmark starts are included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.core.counts import Counter, Tally
from bench.core.target import Benchmark
from bench.core.told import read_text
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import NotCountedError, Runner, find_tool, scratch

_USAGE = re.compile(
    r"^==\d+== +total heap usage: ([\d,]+) allocs, [\d,]+ frees, ([\d,]+) bytes allocated$",
    re.MULTILINE,
)
_OPTIONS = (
    "--tool=memcheck",
    "--undef-value-errors=no",
    "--leak-check=no",
    "--trace-children=yes",
    "--child-silent-after-fork=yes",
    "--vgdb=no",
)


@dataclass(frozen=True)
class AllocationCounter:
    """valgrind where it is installed; `slow_down` and `start_s` as for instructions."""

    valgrind: str
    slow_down: float = 14.0
    start_s: float = 1.2

    def count(self, runner: Runner, benchmark: Benchmark, invocation: Invocation) -> Tally:
        """Run once; raises `NotCountedError`."""
        with scratch(invocation) as folder:
            under = (self.valgrind, *_OPTIONS, f"--log-file={folder}/log.%p")
            passed_on = {"PYTHONMALLOC": "malloc"}
            runner.run(benchmark, invocation, under=under, variables=passed_on)
            return _read(folder)


def find_allocation_counter() -> AllocationCounter:
    """Raises `NotCountedError` where valgrind is missing."""
    return AllocationCounter(find_tool("valgrind"))


def parse_usage(log: str) -> tuple[int, int]:
    """Blocks and bytes in one process's log; zeros where it ended without a total."""
    found = [tuple(int(n.replace(",", "")) for n in pair) for pair in _USAGE.findall(log)]
    return sum(blocks for blocks, _ in found), sum(size for _, size in found)


def _read(folder: Path) -> Tally:
    logs = (read_text(file) for file in folder.glob("log.*"))
    usages = [parse_usage(log) for log in logs]
    blocks, size = (sum(numbers) for numbers in zip(*usages, strict=True)) if usages else (0, 0)
    if not blocks:
        raise NotCountedError("valgrind wrote no total")
    return Tally({Counter.ALLOCATIONS: blocks, Counter.ALLOCATED: size})
