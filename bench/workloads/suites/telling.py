"""What a program that runs a suite is told, and where the programs are."""

from __future__ import annotations

import json
from pathlib import Path

from bench.core.target import Benchmark

_HERE = Path(__file__).parent
_SHARED = ("suite_worker.py", "function_clock.py")
_PYTEST, _ASV = "run_pytest.py", "run_asv.py"
ABSENT = 77  # the status of a program whose revision does not have the benchmark


def suite_programs(benchmark: Benchmark) -> bytes:
    """The sources of what runs a suite."""
    shared = b"".join((_HERE / name).read_bytes() for name in _SHARED)
    return shared + _program(benchmark).read_bytes()


def tell_suite(
    benchmark: Benchmark, root: Path, path: str, modules: tuple[str, ...], *, cpu_clock: bool
) -> tuple[str, str]:
    """The program that runs a benchmark of a suite, and its first argument.

    `path` is where the suite lies below `root`; `modules` are to be imported from the environment.
    """
    told = {
        "name": benchmark.name,
        "root": str(root),
        "path": path,
        "tests": benchmark.suite.partition("::")[2],
        "function": benchmark.function,
        "modules": modules,
        "clock": "cpu" if cpu_clock else "wall",
    }
    return str(_program(benchmark)), json.dumps(told)


def _program(benchmark: Benchmark) -> Path:
    return _HERE / (_PYTEST if benchmark.pytest else _ASV)
