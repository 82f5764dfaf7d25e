"""System calls by kind, counted by strace over all processes of a benchmark."""

from __future__ import annotations

from bench.core.counts import Counter, Tally
from bench.core.process import run_tool
from bench.core.target import Benchmark
from bench.core.told import read_text
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import NotCountedError, Runner, find_tool, scratch

_OPENING = ("open", "openat", "openat2", "creat")
_STARTING = ("execve", "execveat")


def find_strace() -> str:
    """The path of a strace that may trace; raises `NotCountedError` with reason and remedy."""
    strace = find_tool("strace")
    tried = run_tool(
        [strace, "-f", "-c", "-o", "/dev/null", "/bin/true"], timeout_s=10, guarded=False
    )
    if not tried.ok:
        raise NotCountedError(
            f"strace may not trace here ({tried.last_lines(1)}); in a container: "
            "--cap-add SYS_PTRACE"
        )
    return strace


def count_system_calls(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, strace: str
) -> Tally:
    """Run once under strace; raises `NotCountedError`."""
    with scratch(invocation) as folder:
        summary = folder / "summary"
        runner.run(benchmark, invocation, under=(strace, "-f", "-c", "-o", str(summary)))
        return tally(read_text(summary))


def tally(summary: str) -> Tally:
    """Figures from the table of `strace -c`; raises `NotCountedError` when there is none."""
    calls, failed = parse_summary(summary)
    if not calls:
        raise NotCountedError("strace wrote no table")

    def succeeded(names: tuple[str, ...]) -> int:
        return sum(calls.get(name, 0) - failed.get(name, 0) for name in names)

    figures = {
        Counter.SYSTEM_CALLS: sum(calls.values()),
        Counter.FAILED_CALLS: sum(failed.values()),
        Counter.FILES_OPENED: succeeded(_OPENING),
        Counter.PROGRAMS: max(succeeded(_STARTING) - 1, 0),  # the benchmark itself aside
    }
    return Tally(figures, dict(sorted(calls.items())))


def parse_summary(summary: str) -> tuple[dict[str, int], dict[str, int]]:
    """Calls and failed calls by kind; the column of errors is blank where there are none."""
    calls: dict[str, int] = {}
    failed: dict[str, int] = {}
    for line in summary.splitlines():
        cells = line.split()
        if len(cells) not in {5, 6} or not cells[3].isdigit() or cells[-1] == "total":
            continue
        calls[cells[-1]] = int(cells[3])
        if len(cells) == 6:
            failed[cells[-1]] = int(cells[4])
    return calls, failed
