"""codeflash reading a profile and ranking functions by what optimising them could bring.

The tracer leaves an SQLite file with a row for each profiled function. One call loads it
(``ProfileStats``, ``FunctionRanker``) and ranks 400 functions, of which 100 matter. The file is
generated, lies in a temporary folder, and is in the system's page cache when it is read; within
the process nothing is cached between calls. Log messages below a warning are built, not shown.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
from pathlib import Path
from typing import NamedTuple

import pyperf
from codeflash.benchmarking.function_ranker import FunctionRanker
from codeflash.discovery.functions_to_optimize import FunctionToOptimize

FILES = 10
FUNCTIONS = 40
HOT_EVERY = 4
OTHERS = 60
"""Functions of test runner and libraries, which nobody wants to optimise."""

COLUMNS = """filename TEXT, line_number INTEGER, function TEXT, class_name TEXT,
    call_count_nonrecursive INTEGER, num_callers INTEGER, total_time_ns INTEGER,
    cumulative_time_ns INTEGER, callers BLOB"""


class Profiled(NamedTuple):
    """A function of the generated project, and its figures."""

    path: Path
    name: str
    line: int
    calls: int
    own_ns: int
    total_ns: int

    @property
    def addressable_ns(self) -> float:
        """Own time, and the mean time of what one call calls."""
        return self.own_ns + (self.total_ns - self.own_ns) / self.calls


def build_functions(root: Path) -> list[Profiled]:
    """Return functions whose times differ, in an order that has nothing to do with them."""
    found = []
    for number in range(FILES * FUNCTIONS):
        mixed = number * 151 % (FILES * FUNCTIONS)
        hot = mixed % HOT_EVERY == 0
        own = 5_000_000 + mixed * 40_000 if hot else 100 + mixed
        path = root / f"module_{number % FILES:02d}.py"
        calls = 1 + mixed % 50
        found.append(Profiled(path, f"work_{number:03d}", number, calls, own, own * 2))
    return found


def write_profile(path: Path, functions: list[Profiled]) -> None:
    """Write the file as the tracer does."""
    callers = [
        {"key": [f.path.as_posix(), f.line, f.name], "value": [1, 1, f.own_ns, f.total_ns]}
        for f in functions[:3]
    ]
    text = json.dumps(callers)
    rows = [
        (f.path.as_posix(), f.line, f.name, None, f.calls, len(callers), f.own_ns, f.total_ns, text)
        for f in functions
    ]
    rows += [
        (f"/lib/_pytest/part_{n}.py", n, f"pytest_hook_{n}", None, 9, 3, 10**6, 10**7, text)
        for n in range(OTHERS)
    ]
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE pstats ({COLUMNS})")
    database.executemany("INSERT INTO pstats VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    database.commit()
    database.close()


def rank(path: Path, functions: list[FunctionToOptimize]) -> list[FunctionToOptimize]:
    """Do what is timed: load the profile, and rank."""
    return FunctionRanker(path).rank_functions(functions)


def check(ranked: list[FunctionToOptimize], functions: list[Profiled]) -> None:
    """Refuse to time a ranking that is not the one by addressable time."""
    hot = [function for function in functions if function.own_ns > 10**6]
    hot.sort(key=lambda function: function.addressable_ns, reverse=True)
    names = [function.function_name for function in ranked]
    if names != [function.name for function in hot]:
        msg = f"ranked {len(names)} functions, first {names[:3]}; expected {len(hot)}, {hot[:3]}"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        functions = build_functions(Path(folder))
        profile = Path(folder) / "profile.trace"
        write_profile(profile, functions)
        wanted = [FunctionToOptimize(f.name, f.path, []) for f in functions]
        check(rank(profile, wanted), functions)
        runner = pyperf.Runner()
        runner.metadata["description"] = f"codeflash: load a profile, rank {len(wanted)} functions"
        runner.bench_func("codeflash_function_ranker", rank, profile, wanted)


if __name__ == "__main__":
    main()
