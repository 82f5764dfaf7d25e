"""What a program that runs a suite is told, and where the programs are."""

from __future__ import annotations

import json
from pathlib import Path

_HERE = Path(__file__).parent
PYTEST = _HERE / "run_pytest.py"
ABSENT = 77  # the status of a program whose revision does not have the benchmark


def suite_programs() -> bytes:
    """The sources of all programs."""
    return b"".join(_HERE.joinpath(name).read_bytes() for name in ("suite_worker.py", PYTEST.name))


def tell_pytest(
    name: str, wanted: str, root: Path, modules: tuple[str, ...], *, cpu_clock: bool
) -> str:
    """The first argument of `run_pytest.py`: which tests, where, and the clock.

    `wanted` is `PATH`, `PATH::TEST` or `PATH::CLASS::TEST`, patterns allowed; `modules` are to be
    imported from the environment.
    """
    path, _, tests = wanted.partition("::")
    return json.dumps(
        {
            "name": name,
            "root": str(root),
            "path": path,
            "tests": tests,
            "modules": modules,
            "clock": "cpu" if cpu_clock else "wall",
        }
    )
