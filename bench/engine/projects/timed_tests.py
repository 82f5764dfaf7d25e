"""A project's own benchmarks, as far as its files tell: tests for pytest, and an asv suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.engine.suites.asv_benchmarks import SETTINGS
from bench.engine.suites.pytest_tests import Fixtures, find_tests

_SIGN = b"benchmark"
_MOST_BYTES = 1_000_000
_SKIPPED = frozenset({"build", "dist", "node_modules", "site-packages", "venv", "vendor"})


@dataclass(frozen=True)
class TimedTests:
    """A file or a folder below the project's folder, and how many cases it has."""

    path: str
    count: int


def find_timed_tests(folder: Path) -> tuple[TimedTests, ...]:
    """Files of tests with the `benchmark` fixture or mark; a folder where all its tests have."""
    found: dict[Path, dict[Path, int]] = {}
    for file in _tests(folder):
        found.setdefault(file.parent, {})[file] = _count(file)
    places = []
    for parent, files in sorted(found.items()):
        if parent != folder and all(files.values()):
            files = {parent: sum(files.values())}  # noqa: PLW2901
        places += [TimedTests(str(one.relative_to(folder)), n) for one, n in files.items() if n]
    return tuple(places)


def find_asv_suite(folder: Path) -> str:
    """The folder of an asv suite, from the project's on: `.` or one below it; "" for none."""
    found = (one.parent for one in (folder / SETTINGS, *sorted(folder.glob(f"*/{SETTINGS}"))))
    suite = next((one for one in found if (one / SETTINGS).is_file()), None)
    return "" if suite is None else str(suite.relative_to(folder))


def _tests(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".")
            and one not in _SKIPPED
            and not (Path(parent, one) / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if name.endswith(".py") and (
                name.startswith(("test_", "bench_")) or name.endswith("_test.py")
            ):
                yield Path(parent, name)


def _count(file: Path) -> int:
    try:
        content = file.read_bytes()
    except OSError:
        return 0
    if _SIGN not in content or len(content) > _MOST_BYTES:
        return 0
    above = Fixtures()
    conftest = file.with_name("conftest.py")
    if conftest.is_file():
        above = above.with_file(conftest.read_text(encoding="utf-8", errors="replace"))
    tests = find_tests(content.decode(errors="replace"), above)
    return sum(len(one.nodes) for one in tests)
