"""What tools write, read: outputs as they were captured (strace 6.1, valgrind 3.19, perf 6.1)."""

from __future__ import annotations

import pytest

from bench.core.counts import Counter
from bench.explain.counters.allocations import parse_usage
from bench.explain.counters.instructions import parse_cachegrind, parse_perf
from bench.explain.counters.observe import classify
from bench.explain.counters.running import NotCountedError
from bench.explain.counters.system_calls import parse_summary, tally

STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 32.84    0.001695           3       437        72 newfstatat
  9.71    0.000501           3       132        33 openat
  0.00    0.000000           0         1           open
  0.00    0.000000           0         5         3 execve
  0.00    0.000000           0         3           rt_sigaction
------ ----------- ----------- --------- --------- ----------------
100.00    0.005163           4       578       108 total
"""
NO_CALLS = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
------ ----------- ----------- --------- --------- ----------------
100.00    0.000000           0         0           total
"""
CACHEGRIND = """\
==16428== Cachegrind, a cache and branch-prediction profiler
==16428== Copyright (C) 2002-2017, and GNU GPL'd, by Nicholas Nethercote et al.
==16428== Using Valgrind-3.19.0 and LibVEX; rerun with -h for copyright info
==16428== Command: /env/bin/codeflash --help
==16428== Parent PID: 16420
==16428== 
--16428-- warning: L3 cache found, using its data for the LL simulation.
--16428-- warning: specified LL cache: line_size 64  assoc 1  total_size 335,544,320
==16428== 
==16428== I   refs:      177,745,844
"""  # noqa: W291
WITH_SIMULATION = "==7== I   refs:      1,603,511,071\n==7== I1  misses:         2,345,678\n"
ENDED_BY_EXEC = "\n".join(CACHEGRIND.splitlines()[:6])
# The counted form is that of perf's manual: the machine it was written on has no counter.
PERF = "# started on Mon Nov 23 07:13:43 2026\n\n177745844,,instructions:u,46821504,100.00,,\n"
NOT_SUPPORTED = "# started on Mon Nov 23\n\n<not supported>,,instructions:u,0,100.00,,"


def test_strace_tells_calls_and_errors_by_kind() -> None:
    calls, failed = parse_summary(STRACE)
    assert calls == {"newfstatat": 437, "openat": 132, "open": 1, "execve": 5, "rt_sigaction": 3}
    assert failed == {"newfstatat": 72, "openat": 33, "execve": 3}


def test_opened_files_and_started_programs_are_the_calls_that_succeeded() -> None:
    figures = tally(STRACE).figures
    assert figures[Counter.SYSTEM_CALLS] == 578
    assert figures[Counter.FAILED_CALLS] == 108
    assert figures[Counter.FILES_OPENED] == 132 - 33 + 1
    assert figures[Counter.PROGRAMS] == 5 - 3 - 1  # the benchmark itself is no child


@pytest.mark.parametrize("text", ["", NO_CALLS, "strace: ptrace: Operation not permitted\n"])
def test_no_table_is_not_zero_calls(text: str) -> None:
    with pytest.raises(NotCountedError, match="no table"):
        tally(text)


@pytest.mark.parametrize(
    ("log", "instructions"),
    [
        (CACHEGRIND, 177_745_844),
        (WITH_SIMULATION, 1_603_511_071),
        (ENDED_BY_EXEC, 0),
        ("", 0),
    ],
)
def test_cachegrind(log: str, instructions: int) -> None:
    assert parse_cachegrind(log) == instructions


def test_perf() -> None:
    assert parse_perf(PERF) == 177_745_844


@pytest.mark.parametrize("report", [NOT_SUPPORTED, "<not counted>,,instructions:u,0,,,", ""])
def test_perf_without_a_counter(report: str) -> None:
    with pytest.raises(NotCountedError):
        parse_perf(report)


@pytest.mark.parametrize(
    ("name", "file", "is_standard", "expected"),
    [
        ("sample.cli", "/e/lib/python3.13/site-packages/sample/cli.py", False, "own"),
        ("json.decoder", "/usr/lib/python3.13/json/decoder.py", True, "standard_library"),
        ("marshal", "built-in", True, "standard_library"),
        ("attr", "/e/lib/python3.13/site-packages/attr/__init__.py", False, "third_party"),
        ("typing", "/e/lib/python3.13/site-packages/typing.py", True, "third_party"),
        ("made_up", "", False, "third_party"),
        ("samples", "", False, "third_party"),
    ],
)
def test_whose_module(name: str, file: str, is_standard: bool, expected: str) -> None:  # noqa: FBT001
    found = classify(name, file, frozenset({"sample"}), is_standard=is_standard)
    assert found == f"modules_{expected}"


def test_what_memcheck_says_of_each_process_is_added_up() -> None:
    log = (
        "==4323==     in use at exit: 1,123,456 bytes in 8,334 blocks\n"
        "==4323==   total heap usage: 112,812 allocs, 104,478 frees, 18,583,085 bytes allocated\n"
    )
    assert parse_usage(log) == (112_812, 18_583_085)
    assert parse_usage("==1== killed") == (0, 0)
