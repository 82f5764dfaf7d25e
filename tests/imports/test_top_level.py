"""Work at the top level of modules, timed line by line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.import_packages import RUNNER, write_package

from bench.imports.recording import take_top_level
from bench.imports.top_level import top_level_work

MAIN = """\
import heavy
import re

PATTERN = re.compile(
    "|".join(f"a{n}(b|c+)" for n in range(300))
)


def never():
    return [n for n in range(10**9)]


if PATTERN:
    total = sum(range(2_000_000))
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")
def test_statements_are_charged_with_their_own_work_and_not_with_imports(tmp_path: Path) -> None:
    files = {
        "own/__init__.py": "",
        "own/main.py": MAIN,
        "heavy.py": "sum(range(20_000_000))\n",
    }
    site = tmp_path / "site-packages"
    package = write_package(site, files, "import own.main")
    costs = take_top_level(RUNNER, package.benchmark, package.invocation, [site / "own"], runs=1)
    found = top_level_work(costs, package.sources(), {"own.main"}, 0.0005)
    by_line = {one.line: one for one in found}
    assert set(by_line) == {4, 14}
    assert by_line[4].kind == "regular expression"
    assert (by_line[14].kind, by_line[14].goes, by_line[14].file) == ("call", True, "own/main.py")
