"""codeflash finding out which tests call which function.

pytest's own collection runs in a child process and is not codeflash's work; here its answer is
given, and one call of ``process_test_files`` does the rest on the pinned corpus: read the imports
of five test files, drop those that have nothing to do with the two functions wanted, and let jedi
resolve every name in the other, which imports nothing but the corpus (jedi would read pytest's own
sources too, of whatever version there is).

codeflash's cache of discovered tests is switched off for reading and lies in memory for writing, so
each call starts without it and no disk is involved; parso's and jedi's caches are warm after the
check. Progress bar and log are silent.
"""

from __future__ import annotations

import ast
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyperf
import rich
from codeflash.cli_cmds.console import console
from codeflash.discovery import discover_unit_tests
from codeflash.discovery.functions_to_optimize import FunctionToOptimize
from codeflash.models.models import TestsInFile, TestType

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.corpus import PACKAGE, ROOT, TESTS

MODULE = PACKAGE / "quotes.py"
WANTED = ("insurance", "price_boxes")
EXPECTED = {
    "parcel.quotes.insurance": {"test_insurance"},
    "parcel.quotes.price_boxes": {"test_no_boxes_cost_nothing"},
}


def collect(path: Path) -> list[TestsInFile]:
    """Return the tests of a file, as pytest's collection would."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        children = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = node.name if isinstance(node, ast.ClassDef) else None
        names = [child.name for child in children if isinstance(child, ast.FunctionDef)]
        found += [
            TestsInFile(path, owner, name, TestType.EXISTING_UNIT_TEST)
            for name in names
            if name.startswith("test_")
        ]
    return found


def check(answer: tuple[dict[str, Any], int, int]) -> None:
    """Refuse to time a discovery that misses a test or invents one."""
    calls = {
        name: {call.tests_in_file.test_function for call in found}
        for name, found in answer[0].items()
        if name in EXPECTED
    }
    if calls != EXPECTED:
        msg = f"discovered {calls}, expected {EXPECTED}"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    logging.disable(logging.INFO)
    console.quiet = True
    rich.reconfigure(quiet=True, force_terminal=False)  # the progress bar's console is Rich's own
    if not hasattr(discover_unit_tests, "codeflash_cache_db"):
        raise RuntimeError("codeflash keeps its cache of tests somewhere else")
    discover_unit_tests.codeflash_cache_db = ":memory:"
    tests = {path: collect(path) for path in sorted(TESTS.glob("test_*.py"))}
    config = SimpleNamespace(
        tests_root=TESTS, project_root_path=ROOT, test_framework="pytest", use_cache=False
    )
    wanted = [FunctionToOptimize(name, MODULE, []) for name in WANTED]
    check(discover_unit_tests.process_test_files(tests, config, wanted))
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash: which tests of the corpus call two functions"
    runner.bench_func(
        "codeflash_test_discovery",
        discover_unit_tests.process_test_files,
        tests,
        config,
        wanted,
    )


if __name__ == "__main__":
    main()
