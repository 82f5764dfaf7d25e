"""Work at the top level of modules, timed statement by statement."""

from __future__ import annotations

from pathlib import Path

from support.import_packages import RUNNER, write_package

from bench.explain.rank.recording import take_top_level
from bench.explain.rank.top_level import top_level_work

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
    assert (by_line[14].kind, by_line[14].removed, by_line[14].file) == (
        "call",
        True,
        "own/main.py",
    )


_LARGE = """\
'''What it is.'''
from __future__ import annotations

try:
    import nothing_of_this_name
except ImportError:
    names = {
%s
    }
else:
    raise AssertionError
assert __doc__ == "What it is."


def annotated(one: not_there) -> None: ...


total = sum(range(2_000_000))
"""


def test_a_statement_of_many_lines_costs_what_it_does(tmp_path: Path) -> None:
    """Looking at each of its lines would take a hundred times as long as making it."""
    lines = "\n".join(f"    'name{number}': {number}," for number in range(3_000))
    files = {"own/__init__.py": "", "own/main.py": _LARGE % lines}
    site = tmp_path / "site-packages"
    package = write_package(site, files, "import own.main")
    costs = take_top_level(RUNNER, package.benchmark, package.invocation, [site / "own"], runs=3)
    found = {one.line: one.cost_s for one in top_level_work(costs, package.sources(), (), 0.0)}
    names, annotated, total = (
        _LARGE.partition(before)[0].count("\n") + 1 + 2_999 * (before != "    names")
        for before in ("    names", "def annotated", "total =")
    )
    assert annotated in found
    assert 0 < found[names] < found[total]
