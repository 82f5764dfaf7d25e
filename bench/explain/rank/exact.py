"""Instructions that go with sets of modules, by callgrind: twice as slow as cachegrind, but exact.

The recorder asks for the CPU time whenever work goes over from modules of one kind to another.
Callgrind is told to dump its counts, and to begin anew, before each such call: the k-th dump is the
work between two of them. (A look at each module's ends would cost three times as much: each dump
takes 30 ms.) What goes when the process is taken down follows no such order: it is the difference
between its own end and that of a copy, forked at the end, which had let go of the set before.
The garbage collector is off meanwhile.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import NotCountedError, Runner, find_tool, scratch
from bench.explain.rank.recording import take_steps

SLOW_DOWN = 70.0  # how many times longer a program takes
_CALL = "time_process_time_ns"
_SUMMARY = re.compile(r"^summary: (\d+)", re.MULTILINE)
_HEAD = 4096


@dataclass(frozen=True)
class Instructions:
    """`of_part`: by part; `end` is what comes after the program: taking everything down.

    A part's name says of which sets its modules are: positions with commas between. `ends` are the
    ends that remain without a set, by its position; empty where nothing is taken down (`os._exit`)
    and on Python 3.12, which makes no copies at its end.
    """

    of_part: Mapping[str, int]
    end: int
    ends: Mapping[str, int]

    def saved(self, position: int) -> int:
        """All that goes with one set: the work of its modules, and their part of the end."""
        name = str(position)
        work = sum(count for part, count in self.of_part.items() if name in part.split(","))
        if name in self.ends:
            return work + self.end - self.ends[name]
        return round(work * (1 + self.end / sum(self.of_part.values())))


def attribute(
    runner: Runner,
    benchmark: Benchmark,
    invocation: Invocation,
    sets: Sequence[Collection[str]],
) -> Instructions:
    """Run once; raises `NotCountedError`, also for an interpreter without symbols."""
    with scratch(invocation) as folder:
        command = _command(find_tool("valgrind"), folder)
        steps = take_steps(runner, benchmark, invocation, parts_of(sets), command)
        copies = {name: _total(folder / f"out.{pid}") for name, pid in steps.copies.items()}
        return share_out(steps.parts, _read(folder, steps.process), copies)


def parts_of(sets: Sequence[Collection[str]]) -> dict[str, str]:
    """Each module's part: the positions of the sets that have it."""
    found = defaultdict(list)
    for position, names in enumerate(sets):
        for name in names:
            found[name].append(str(position))
    return {name: ",".join(positions) for name, positions in sorted(found.items())}


def share_out(steps: Sequence[str], counts: Sequence[int], ends: Mapping[str, int]) -> Instructions:
    """Give each count to the part that had begun before it.

    `counts` has one more at the beginning, then that of making the copies, and the end. Raises
    `NotCountedError` when they don't fit.
    """
    if len(counts) != len(steps) + 3:
        raise NotCountedError(
            f"callgrind saw {len(counts) - 1} looks at the clock, the recorder made "
            f"{len(steps) + 2}: is the interpreter without symbols?"
        )
    found: dict[str, int] = defaultdict(int)
    for part, count in zip(("", *steps), counts, strict=False):
        found[part] += count
    return Instructions(dict(found), counts[-1], ends)


def _command(valgrind: str, folder: Path) -> tuple[str, ...]:
    return (
        valgrind,
        "--tool=callgrind",
        f"--dump-before={_CALL}",
        f"--callgrind-out-file={folder}/out.%p",
        f"--log-file={folder}/log",
        "--vgdb=no",
    )


def _read(folder: Path, process: int) -> list[int]:
    """The counts of all dumps of a process, in order: numbered ones, then the one at the end."""
    files = sorted(folder.glob(f"out.{process}.*"), key=lambda file: int(file.suffix[1:]))
    return [_total(file) for file in (*files, folder / f"out.{process}") if file.exists()]


def _total(file: Path) -> int:
    with file.open(encoding="utf-8", errors="replace") as stream:
        summary = _SUMMARY.search(stream.read(_HEAD))
    return int(summary[1]) if summary else 0
