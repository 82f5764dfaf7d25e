"""A measured process that wants too much of the machine ends, and it is said of what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bare import sandboxed
from support.launching import python, shell

from bench.core.sample import Design, Side
from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.sandbox.limits import Limits

MIB = 2**20
TINY = Limits(memory_bytes=256 * MIB, file_bytes=4 * MIB, processes=300)


@pytest.fixture
def taker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundTaker]:
    for place in ("sandbox.bubblewrap", "measure.rounds"):
        monkeypatch.setattr(f"bench.engine.{place}.usual_limits", lambda: TINY)
    monkeypatch.setattr("bench.engine.measure.rounds.OUTPUT_BYTES", 2 * MIB)
    with Launcher(sandboxed(tmp_path)) as launcher:
        yield RoundTaker(launcher, (), seed=3)


MEMORY = "a process may use at most 0.2 GiB of memory"
PROCESSES = "at most 300 processes and threads may run at once"
FILE = "a file may hold at most 0.00390625 GiB"
FORKS = """
import os, time
while True:
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
"""
THREADS = """
import threading, time
while True: threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
"""
GREEDY = {
    "allocates": ("bytearray(400 * 2**20)", MEMORY),
    "maps": ("import mmap; mmap.mmap(-1, 400 * 2**20, flags=mmap.MAP_PRIVATE)", MEMORY),
    "forks": (FORKS, PROCESSES),
    "starts threads": (THREADS, PROCESSES),
    "writes a file": ("open('large', 'wb').write(bytes(6 * 2**20))", FILE),
    "prints for ever": ("while True: print('x' * 2**20)", FILE),
    "prints much": ("print('x' * 3 * 2**20)", "wrote more than 2 MiB to its standard output"),
    "complains much": (
        "import sys; print('x' * 3 * 2**20, file=sys.stderr)",
        "wrote more than 2 MiB to its standard error",
    ),
}


def reason(taker: RoundTaker, folder: Path, head: Invocation) -> str:
    sides = Sides(Benchmark(name="greedy", command=("x",)), shell(folder, ":"), head)
    with pytest.raises(RoundFailedError) as raised:
        taker.take(sides, Design.DUET, 0, pin=False)
    assert raised.value.sides == (Side.HEAD,)
    # The next one has all it wants, and nothing of the greedy one is left beside it.
    modest = python(folder, "bytearray(40 * 2**20)")
    taker.take(Sides(sides.benchmark, modest, modest), Design.DUET, 1, pin=False)
    return str(raised.value)


@pytest.mark.parametrize("what", GREEDY)
def test_limit_is_said(taker: RoundTaker, tmp_path: Path, what: str) -> None:
    code, words = GREEDY[what]
    assert words in reason(taker, tmp_path, python(tmp_path, code))


@pytest.mark.parametrize(
    "line",
    ["exec head -c 6000000 /dev/zero >large", "head -c 6000000 /dev/zero >large || exit"],
)
def test_program_that_the_limit_of_files_kills(
    taker: RoundTaker, tmp_path: Path, line: str
) -> None:
    """Python is told that its file is too large; others get a signal."""
    assert FILE in reason(taker, tmp_path, shell(tmp_path, line))


def test_limits_are_those_of_this_machine() -> None:
    words = TINY.words()
    assert words[0] == "prlimit"
    assert {f"--data={256 * MIB}", f"--fsize={4 * MIB}", "--core=0"} <= set(words)
