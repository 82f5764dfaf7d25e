"""codeflash writing an optimised function back into its module with libcst.

A candidate comes from a model as a module with a changed function, a changed method, a new helper
and a new constant. One call adds the constant to a module of the pinned corpus and replaces and
adds the functions. Text in, text out: no file is written. Adding the imports that a candidate needs
costs ten times as much; ``bm_codeflash_context`` contains that step. Between calls codeflash keeps
nothing but tables of libcst's visitor methods, which are warm after the check.
"""

from __future__ import annotations

import ast
import logging
import sys
from pathlib import Path
from typing import Any

import pyperf
from codeflash.languages.python.static_analysis.code_extractor import (
    add_global_assignments,
    find_preexisting_objects,
)
from codeflash.languages.python.static_analysis.code_replacer import replace_functions_in_file

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.corpus import PACKAGE

MODULE = PACKAGE / "graph.py"
NAMES = ["walk_back", "RoadMap.reachable"]
CANDIDATE = '''
from __future__ import annotations

ROUTE_LIMIT = 10_000


def steps(came_from: dict[str, str], end: str) -> Iterator[str]:
    """Yield depots from the end to the start."""
    for _ in range(ROUTE_LIMIT):
        yield end
        if end not in came_from:
            return
        end = came_from[end]


def walk_back(came_from: dict[str, str], end: str) -> list[str]:
    """Follow the steps from the end to where they began."""
    return [*steps(came_from, end)][::-1]


class RoadMap:
    def reachable(self, start: str) -> set[str]:
        """Return every depot that can be reached at all."""
        seen = {start}
        waiting = [start]
        while waiting:
            new = self._near[waiting.pop()].keys() - seen
            seen |= new
            waiting.extend(new)
        return seen
'''


def replace(source: str, existing: set[Any]) -> str:
    """Do what is timed: apply the candidate to the module's text."""
    with_constants = add_global_assignments(CANDIDATE, source)
    return replace_functions_in_file(with_constants, NAMES, CANDIDATE, existing)


def functions(code: str) -> dict[str, str]:
    """Return all functions and methods, written in one normal form."""
    found = {}
    for node in ast.parse(code).body:
        children = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for child in children:
            if isinstance(child, ast.FunctionDef):
                found[prefix + child.name] = ast.unparse(child)
    return found


def check(source: str, result: str) -> None:
    """Refuse to time a replacement that changes too much or too little."""
    expected = functions(source) | functions(CANDIDATE)
    if functions(result) != expected:
        msg = f"functions differ: {sorted(functions(result))}, expected {sorted(expected)}"
        raise RuntimeError(msg)
    for line in ("ROUTE_LIMIT = 10_000", "import heapq", "Edge = "):
        if result.count(line) != 1:
            msg = f"{line!r} appears {result.count(line)} times"
            raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    logging.disable(logging.INFO)
    source = MODULE.read_text(encoding="utf-8")
    existing = find_preexisting_objects(source)
    check(source, replace(source, existing))
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash: apply a candidate to a module of the corpus"
    runner.bench_func("codeflash_code_replacement", replace, source, existing)


if __name__ == "__main__":
    main()
