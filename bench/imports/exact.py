"""Instructions of each module by itself, by callgrind: slow (three times cachegrind), but exact.

The recorder asks for the CPU time whenever a module begins or ends. Callgrind is told to dump its
counts, and to begin anew, before each such call: the k-th dump is the work between two of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.target import Benchmark
from bench.counters.running import NotCountedError, Runner, find_tool, scratch
from bench.imports.recording import take_steps
from bench.measure.client import Invocation

_CALL = "time_process_time_ns"
_TRIGGER = f"desc: Trigger: --dump-before={_CALL}"
_SUMMARY = re.compile(r"^summary: (\d+)", re.MULTILINE)
_HEAD = 4096
SLOW_DOWN = 180.0  # how many times longer a program takes, most of it writing dumps


@dataclass(frozen=True)
class Instructions:
    """`own` of each module; `end` is what comes after the program: taking everything down."""

    own: Mapping[str, int]
    total: int
    end: int

    def saved(self, own: float) -> int:
        """All that goes with modules of so many instructions: their part of the end as well."""
        return round(own * (1 + self.end / (self.total - self.end)))


def attribute(runner: Runner, benchmark: Benchmark, invocation: Invocation) -> Instructions:
    """Run once; raises `NotCountedError`, also for an interpreter without symbols."""
    with scratch(invocation) as folder:
        steps = take_steps(runner, benchmark, invocation, _command(find_tool("valgrind"), folder))
        parts = _read(folder)
    return share_out(steps, parts)


def share_out(steps: Sequence[str], parts: Sequence[int]) -> Instructions:
    """Give each part to the module that was on top: a name begins one, "" ends the last.

    `parts` has one for each step, one for the last look at the clock, and the end.
    """
    if len(parts) != len(steps) + 2:
        raise NotCountedError(
            f"callgrind saw {len(parts) - 1} looks at the clock, the recorder made "
            f"{len(steps) + 1}: is the interpreter without symbols?"
        )
    own: dict[str, int] = {}
    stack: list[str] = []
    for step, part in zip(steps, parts, strict=False):
        if stack:
            own[stack[-1]] = own.get(stack[-1], 0) + part
        if step:
            stack.append(step)
        else:
            stack.pop()
    return Instructions(own, sum(parts), parts[-1])


def _command(valgrind: str, folder: Path) -> tuple[str, ...]:
    return (
        valgrind,
        "--tool=callgrind",
        f"--dump-before={_CALL}",
        f"--callgrind-out-file={folder}/out",
        f"--log-file={folder}/log",
        "--vgdb=no",
    )


def _read(folder: Path) -> list[int]:
    """The counts of all dumps, in order: numbered ones, then the one at the end."""
    files = sorted(folder.glob("out.*"), key=lambda file: int(file.suffix[1:]))
    found = []
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as stream:
            summary = _SUMMARY.search(stream.read(_HEAD))
        found.append(int(summary[1]) if summary else 0)
    return found
