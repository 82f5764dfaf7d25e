"""Instructions executed: by the machine's own counter where it has one, else by cachegrind.

Measured here (valgrind 3.19, CPython 3.13, a fixed hash seed): `codeflash --help` 177,745,844 in
each of seven runs, also from another home directory; 1.6 and 3.1 thousand million instructions
within 0.006%. Valgrind lays the address space out itself, so the kernel's randomisation changes
nothing (the same count without `setarch`); `perf` needs it switched off.

Programs that the benchmark starts are included. A child that is forked and goes on without exec is
not: cachegrind would count its parent's past a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.core.counts import Counter, Tally
from bench.core.process import run_tool
from bench.core.target import Benchmark
from bench.core.told import read_text
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import NotCountedError, Runner, find_tool, scratch

_EVENT = "instructions:u"
_REFERENCES = re.compile(r"^==\d+== I +refs: +([\d,]+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class InstructionCounter:
    """A tool that counts instructions: its name, its command, and how to read what it writes.

    `slow_down` is how many times longer a program takes under it, `start_s` what comes on top.
    """

    name: str
    command: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path], int]
    slow_down: float
    start_s: float

    def count(self, runner: Runner, benchmark: Benchmark, invocation: Invocation) -> Tally:
        """Run once; raises `NotCountedError`."""
        with scratch(invocation) as folder:
            runner.run(benchmark, invocation, under=self.command(folder))
            return Tally({Counter.INSTRUCTIONS: self.read(folder)})


def find_instruction_counter() -> InstructionCounter:
    """perf where the machine counts for us, valgrind elsewhere; raises `NotCountedError`."""
    fixed = _without_randomisation()
    perf = _find_perf()
    if perf:
        return InstructionCounter(
            name="perf stat",
            command=lambda folder: (*fixed, perf, *_perf_options(folder)),
            read=lambda folder: parse_perf(read_text(folder / "perf")),
            slow_down=1.2,
            start_s=0.1,
        )
    valgrind = find_tool("valgrind")
    return InstructionCounter(
        name="cachegrind",
        command=lambda folder: (*fixed, valgrind, *_cachegrind_options(folder)),
        read=_read_cachegrind,
        slow_down=15.0,
        start_s=1.2,
    )


def parse_cachegrind(log: str) -> int:
    """The instructions in one process's log; 0 where it ended without a total."""
    return sum(int(number.replace(",", "")) for number in _REFERENCES.findall(log))


def parse_perf(report: str) -> int:
    """The count in a report of `perf stat -x,`; raises `NotCountedError` if it was not counted."""
    for line in report.splitlines():
        cells = line.split(",")
        if len(cells) > 2 and cells[2].startswith("instructions") and cells[0].isdigit():
            return int(cells[0])
    raise NotCountedError("perf did not count instructions")


def _read_cachegrind(folder: Path) -> int:
    logs = [read_text(file) for file in folder.glob("log.*")]
    total = sum(map(parse_cachegrind, logs))
    if not total:
        raise NotCountedError("cachegrind wrote no total")
    return total


def _cachegrind_options(folder: Path) -> tuple[str, ...]:
    return (
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        "--trace-children=yes",
        "--child-silent-after-fork=yes",
        "--vgdb=no",
        f"--log-file={folder}/log.%p",
    )


def _perf_options(folder: Path) -> tuple[str, ...]:
    return ("stat", "-x", ",", "-e", _EVENT, "-o", str(folder / "perf"), "--")


def _find_perf() -> str:
    """The path of perf if it can count instructions on this machine, else ""."""
    try:
        perf = find_tool("perf")
        tried = run_tool(
            [perf, "stat", "-x", ",", "-e", _EVENT, "/bin/true"], timeout_s=10, guarded=False
        )
        parse_perf(tried.stderr)
    except NotCountedError:
        return ""
    return perf


def _without_randomisation() -> tuple[str, ...]:
    try:
        setarch = find_tool("setarch")
    except NotCountedError:
        return ()
    return (
        (setarch, "-R")
        if run_tool([setarch, "-R", "/bin/true"], timeout_s=10, guarded=False).ok
        else ()
    )
