"""The processes a self-check measures, and how much work is injected into them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.engine.environments.clean import DEFAULTS
from bench.engine.measure.client import Invocation
from bench.engine.measure.invocations import Subject
from bench.engine.measure.rounds import Sides
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.folders import give_like
from bench.validate.selfcheck.record import BurnCalibration

BARE = "bare interpreter"
IMPORTS = "import-heavy"
BURN = "CPU-bound"

_BURN_CODE = """\
import sys
def burn(n):
    x = 1
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 2147483647
burn(int(sys.argv[1]))
"""
_IMPORT_CODE = "import json, email, http.client, decimal"
_THREADS_CODE = """\
import hashlib, threading
def work():
    data = bytes(1 << 20)
    for _ in range(60):
        hashlib.sha256(data)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
_CHILD_CODE = """\
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]], check=True)
"""
_MODULES_CODE = """\
import marshal, sys
text = "".join(
    f"class C{k}:\\n    'About {k}.'\\n    field = {k}\\n    def m(self, one, two={k}):\\n"
    f"        return [one + two for _ in range({k})]\\n"
    f"def f{k}(argument, *more, key='{k}'):\\n    return (argument, more, key)\\n"
    for k in range(40)
)
data, kept = marshal.dumps(compile(text, "made", "exec")), []
for n in range(int(sys.argv[1])):
    space = {"__name__": f"made_{n}"}
    exec(marshal.loads(data), space)
    kept.append(space)
"""
_OBJECTS_CODE = """\
import sys
kept = []
for n in range(int(sys.argv[1])):
    one = {str(k): [k, (k, n)] for k in range(60)}
    if n % 8 == 0: kept.append(one)
    if len(kept) > 200: kept.clear()
"""
_CACHES_CODE = """\
import sys
data = bytearray(16 << 20)
mask, x = len(data) - 1, 1
for _ in range(int(sys.argv[1])):
    x = (x * 1103515245 + 12345) & 2147483647
    data[(x >> 7) & mask] = data[(x >> 4) & mask] & 1 ^ 1
"""
_SLEEP_CODE = "import time; time.sleep(0.05)"


@dataclass(frozen=True)
class Work:
    """Code whose CPU time grows with a number of units, its first argument.

    `first_guess`: units that can be told from none.
    """

    name: str
    words: tuple[str, str]
    more: tuple[str, ...] = ()
    first_guess: int = 100_000

    def arguments(self, units: int) -> tuple[str, ...]:
        """Those of a process with so many units; as long for any number, since length is work."""
        return (*self.words, f"{units:012d}", *self.more)


LOOP = Work(BURN, ("-c", _BURN_CODE))
WORKS = (
    LOOP,
    Work("modules executed", ("-c", _MODULES_CODE), first_guess=100),
    Work("objects allocated", ("-c", _OBJECTS_CODE), first_guess=1000),
    Work("memory beyond the caches", ("-c", _CACHES_CODE)),
    Work("a child process", ("-c", _CHILD_CODE), (_BURN_CODE,)),
)


@dataclass(frozen=True)
class KnownCase:
    """A command on both sides: what comes after the interpreter, and the true ratio head/base."""

    name: str
    base: tuple[str, ...]
    head: tuple[str, ...]
    truth: float = 1.0


@dataclass(frozen=True)
class ExpectedDesign:
    """A command with the design and metric the probe should choose for it."""

    case: KnownCase
    expected: tuple[Design, Metric]


def interpreter() -> Path:
    """The Python that self-checks run: the one the harness's own environment was made from."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def unchanged(name: str, words: tuple[str, ...]) -> KnownCase:
    """Head against itself."""
    return KnownCase(name, words, words)


def aa_cases(calibration: BurnCalibration) -> tuple[KnownCase, ...]:
    """The three commands whose error rate is measured."""
    return (
        unchanged(BARE, ("-c", "pass")),
        unchanged(IMPORTS, ("-c", _IMPORT_CODE)),
        unchanged(BURN, LOOP.arguments(calibration.loops)),
    )


def burn_case(calibration: BurnCalibration, ratio: float, work: Work = LOOP) -> KnownCase:
    """A command with `ratio` times the CPU time of the whole process injected."""
    loops = loops_for(calibration, ratio)
    base, head = work.arguments(calibration.loops), work.arguments(loops)
    return KnownCase(work.name, base, head, true_ratio(calibration, loops))


def probe_cases(calibration: BurnCalibration) -> tuple[ExpectedDesign, ...]:
    """Commands of every kind, with the design that fits each."""
    duet, pairs = (Design.DUET, Metric.CPU), (Design.PAIRS, Metric.WALL)
    child = ("-c", _CHILD_CODE, f"{calibration.loops:012d}", _BURN_CODE)
    return (
        *(ExpectedDesign(case, duet) for case in aa_cases(calibration)),
        ExpectedDesign(unchanged("two hashing threads", ("-c", _THREADS_CODE)), pairs),
        ExpectedDesign(unchanged("CPU-bound child process", child), duet),
        ExpectedDesign(unchanged("sleeping 50 ms", ("-c", _SLEEP_CODE)), pairs),
    )


def loops_for(calibration: BurnCalibration, ratio: float) -> int:
    """Loops of a process that takes `ratio` times the CPU time of the base, start included."""
    whole = calibration.start_loops + calibration.loops
    return round(ratio * whole - calibration.start_loops)


def true_ratio(calibration: BurnCalibration, loops: int, start_loops: float | None = None) -> float:
    """CPU time of a process with `loops` loops over the base's, if a start costs `start_loops`."""
    start = calibration.start_loops if start_loops is None else start_loops
    return (start + loops) / (start + calibration.loops)


def uncertainty(calibration: BurnCalibration, ratio: float) -> float:
    """How far the injected ratio may be off, since what a start costs is an estimate itself."""
    loops = loops_for(calibration, ratio)
    limits = (calibration.low, calibration.high)
    return max(abs(true_ratio(calibration, loops, limit) - ratio) for limit in limits)


def start_in_loops(few: int, many: int, ratio: float) -> float:
    """What a start costs, in loops, if a process of `many` loops takes `ratio` times one of `few`.

    0 where it can't be seen; infinite for a ratio of 1 or less: the loops then cost nothing.
    """
    return max((many - ratio * few) / (ratio - 1), 0.0) if ratio > 1 else float("inf")


def base_loops(start_s: float, start_loops: float, process_s: float) -> int:
    """Loops for a process of `process_s`; where a start takes most of that, as long as a start."""
    loop_s = start_s / start_loops
    return max(round((process_s - start_s) / loop_s), round(start_loops))


@dataclass(frozen=True)
class KnownCommands:
    """From a case to the two processes of its rounds, in throwaway folders of equal length."""

    executable: Path
    scratch: Path

    def sides(self, case: KnownCase) -> Sides:
        """Both processes of a case."""
        benchmark = benchmark_of(case)
        return Sides(
            benchmark, self.invocation(case.base, "base"), self.invocation(case.head, "head")
        )

    def invocation(self, words: tuple[str, ...], side: str) -> Invocation:
        """One process, in a clean environment."""
        home = self.scratch / side
        home.mkdir(parents=True, exist_ok=True)
        give_like(home, self.scratch)
        env = {
            **DEFAULTS,
            "PATH": f"{self.executable.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
        }
        return Invocation(
            argv=(str(self.executable), *words),
            env=env,
            cwd=home,
            stderr=home / "stderr",
            access=Access(python_folders(self.executable), (home,)),
        )

    def subject(self, words: tuple[str, ...], side: str) -> Subject:
        """What `probe` takes."""
        return _OneCommand(self.invocation(words, side))


class _OneCommand(Subject):
    """A subject of one command, without an environment of its own: `probe` needs none."""

    process: Invocation

    def __init__(self, process: Invocation) -> None:
        object.__setattr__(self, "process", process)  # it is frozen

    @property
    def own_names(self) -> list[tuple[str, str]]:
        """None: both sides have one interpreter."""
        return []

    def invocation(
        self,
        benchmark: Benchmark,  # noqa: ARG002 - whatever the benchmark
        options: tuple[str, ...] = (),  # noqa: ARG002
        *,
        cpu_clock: bool = False,
    ) -> Invocation:
        """The command."""
        assert not cpu_clock
        return self.process


def benchmark_of(case: KnownCase) -> Benchmark:
    """The declaration of a case; its name decides on the order of its rounds."""
    name = case.name.lower().replace(" ", "-")
    return Benchmark(name=name, command=("python", *case.base))
