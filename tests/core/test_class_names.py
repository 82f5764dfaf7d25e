"""A class name stands for one thing in the code base."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
# Programs of their own, which run in the subject's interpreter.
PROGRAMS = (BENCH / "suites", BENCH / "explain" / "agents")


def test_class_names_are_unique() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(BENCH.rglob("*.py")):
        if not any(file.is_relative_to(one) for one in PROGRAMS):
            for name in re.findall(r"^class (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE):
                found[name].append(str(file.relative_to(BENCH)))
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
